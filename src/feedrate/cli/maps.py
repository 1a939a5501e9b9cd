"""Verbs about stored target maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedrate.cli.options import FILE, target_options, target_params
from feedrate.dataconfig import TargetSettings
from feedrate.progress import Progress
from feedrate.records import write_json
from feedrate.registry import Plugins, resolve
from feedrate.transforms import build_transform

if TYPE_CHECKING:
    from feedrate.sample import Polygon, Sample


@click.command()
@click.option("--codec", required=True, help="Format of the stored maps.")
@click.option("--shard", type=int, required=True, help="Which shard, counted from 0.")
@click.option("--shards", type=int, required=True, help="How many shards in all.")
@click.option("--code", required=True, help="Hash of the code that makes the maps.")
@target_options
@click.argument("accepted", type=FILE)
@click.argument("directory", type=FILE)
def build_maps(
    codec: str,
    shard: int,
    shards: int,
    code: str,
    targets: TargetSettings,
    transform: str,
    plugins: Plugins,
    accepted: Path,
    directory: Path,
) -> None:
    """Make the stored maps of one shard of a dataset."""
    from feedrate.index import Index
    from feedrate.maps import build_shard, shard_of

    samples = shard_of(Index(accepted), shard, shards)
    build_shard(
        samples,
        _polygons_of(transform, targets.image_size, plugins),
        directory,
        resolve("codecs", codec, plugins),
        (targets.image_size, targets.image_size),
        target_params(targets),
        code,
        Progress(f"build {codec} maps, shard {shard}", "maps", len(samples)),
    )


@click.command()
@click.option("--dataset", required=True, help="Name of the dataset in the study.")
@click.option("--codec", required=True, help="Format of the stored maps.")
@click.option("--code", required=True, help="Hash of the code that should have made the maps.")
@click.option("--recompute", default="all", help="How many maps to make anew: all, or a number.")
@target_options
@click.argument("accepted", type=FILE)
@click.argument("output", type=FILE)
@click.argument("shards", type=FILE, nargs=-1, required=True)
def verify_maps(
    dataset: str,
    codec: str,
    code: str,
    recompute: str,
    targets: TargetSettings,
    transform: str,
    plugins: Plugins,
    accepted: Path,
    output: Path,
    shards: Sequence[Path],
) -> None:
    """Make stored maps anew with the reference and compare."""
    from feedrate.index import Index
    from feedrate.verification import verify_maps as verify

    samples = Index(accepted)
    verdict = verify(
        samples,
        _polygons_of(transform, targets.image_size, plugins),
        shards,
        resolve("codecs", codec, plugins),
        (targets.image_size, targets.image_size),
        target_params(targets),
        code,
        Progress(f"verify {codec} maps", "maps", len(samples)),
        recompute="all" if recompute == "all" else int(recompute),
    )
    write_json(output, {"dataset": dataset, **verdict})


def _polygons_of(
    transform: str, image_size: int, plugins: Plugins
) -> Callable[[Sample], tuple[Sequence[Polygon], Sequence[bool]]]:
    from feedrate.pipeline import frame_polygons
    from feedrate.transforms import require_repeatable

    fit = build_transform(transform, image_size, plugins)
    require_repeatable(fit, transform)
    return lambda sample: frame_polygons(sample, fit)
