"""Verbs about stored target maps and pictures of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feedrate.cli.options import FILE, Model, plugins_option
from feedrate.config import TargetSettings
from feedrate.progress import Progress
from feedrate.records import write_json
from feedrate.registry import Plugins, resolve

if TYPE_CHECKING:
    from feedrate.sample import Polygon, Sample
    from feedrate.targets import TargetParams

Command = Callable[..., Any]


def _target_options(command: Command) -> Command:
    """The flags that say how maps are made."""
    for option in (
        plugins_option,
        click.option("--transform", required=True),
        click.option("--targets", type=Model(TargetSettings), required=True),
    ):
        command = option(command)
    return command


@click.command()
@click.option("--codec", required=True)
@click.option("--shard", type=int, required=True)
@click.option("--shards", type=int, required=True)
@click.option("--code", required=True, help="Hash of the code that makes the maps.")
@_target_options
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
    from feedrate.index import read_index
    from feedrate.maps import build_shard, shard_of

    samples = shard_of(read_index(accepted), shard, shards)
    build_shard(
        samples,
        _polygons_of(transform, targets.image_size, plugins),
        directory,
        resolve("codecs", codec, plugins),
        (targets.image_size, targets.image_size),
        _params(targets),
        code,
        Progress(f"build {codec} maps, shard {shard}", "maps", len(samples)),
    )


@click.command()
@click.option("--dataset", required=True)
@click.option("--codec", required=True)
@click.option("--code", required=True, help="Hash of the code that should have made the maps.")
@_target_options
@click.argument("accepted", type=FILE)
@click.argument("output", type=FILE)
@click.argument("shards", type=FILE, nargs=-1, required=True)
def verify_maps(
    dataset: str,
    codec: str,
    code: str,
    targets: TargetSettings,
    transform: str,
    plugins: Plugins,
    accepted: Path,
    output: Path,
    shards: Sequence[Path],
) -> None:
    """Make every stored map anew with the reference and compare."""
    from feedrate.index import read_index
    from feedrate.maps import verify_maps as verify

    samples = read_index(accepted)
    verdict = verify(
        samples,
        _polygons_of(transform, targets.image_size, plugins),
        shards,
        resolve("codecs", codec, plugins),
        (targets.image_size, targets.image_size),
        _params(targets),
        code,
        Progress(f"verify {codec} maps", "maps", len(samples)),
    )
    write_json(output, {"dataset": dataset, **verdict})


@click.command()
@_target_options
@click.argument("accepted", type=FILE)
@click.argument("output", type=FILE)
def preview_targets(
    targets: TargetSettings, transform: str, plugins: Plugins, accepted: Path, output: Path
) -> None:
    """Draw one image with its polygons and its target maps."""
    from feedrate.index import read_index
    from feedrate.preview import choose_sample, draw_preview

    sample = choose_sample(read_index(accepted))
    image = resolve("decoders", "pillow")(sample.image_path.read_bytes())
    fit = resolve("transforms", transform, plugins)(targets.image_size)
    draw_preview(output, sample, image, fit, _params(targets))


def _polygons_of(
    transform: str, image_size: int, plugins: Plugins
) -> Callable[[Sample], tuple[Sequence[Polygon], Sequence[bool]]]:
    from feedrate.pipeline import frame_polygons

    fit = resolve("transforms", transform, plugins)(image_size)
    return lambda sample: frame_polygons(sample, fit)


def _params(targets: TargetSettings) -> TargetParams:
    from feedrate.targets import TargetParams

    return TargetParams(**targets.model_dump(exclude={"image_size"}))
