"""The verb that builds a store of images."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feedrate.cli.options import FILE, Json, plugins_option
from feedrate.machine import fingerprint
from feedrate.progress import Progress
from feedrate.records import write_json
from feedrate.registry import BUILT_STORES, Plugins, resolve, target_of
from feedrate.transforms import build_transform

if TYPE_CHECKING:
    from feedrate.sample import Prepared, Sample
    from feedrate.stores.layout import PrepareSample, Recipe


@click.command()
@click.option("--dataset", required=True, help="Name of the dataset in the study.")
@click.option(
    "--store",
    type=click.Choice(BUILT_STORES),
    required=True,
    help="Which store, by its name in the registry.",
)
@click.option(
    "--recipe",
    type=Json(),
    default="{}",
    help="Decoder, transform and image_size, where it needs any.",
)
@click.option("--code", required=True, help="Hash of the code that writes the store.")
@plugins_option
@click.argument("accepted", type=FILE)
@click.argument("directory", type=FILE)
@click.argument("manifest", type=FILE)
def build_store(
    dataset: str,
    store: str,
    recipe: Mapping[str, Any],
    code: str,
    plugins: Plugins,
    accepted: Path,
    directory: Path,
    manifest: Path,
) -> None:
    """Build a store of a dataset's images, and say what that cost."""
    from feedrate.index import read_index
    from feedrate.stores.building import build_store as build
    from feedrate.stores.layout import Recipe

    samples, made_with = read_index(accepted), Recipe(**recipe)
    module = import_module(target_of("images", store).partition(":")[0])
    written = build(
        store,
        module.write_store,
        samples,
        preparer_of(made_with, plugins),
        directory,
        made_with,
        code,
        getattr(module, "unavailable", lambda: None)(),
        Progress(f"build store {store}", "images", len(samples)),
    )
    write_json(manifest, {"dataset": dataset, **written, "machine": fingerprint()})


def preparer_of(recipe: Recipe, plugins: Plugins) -> PrepareSample:
    """Return what decodes a file and brings it to size as a trial with these levels does.

    Raises:
        ValueError: The transform is random, or does not say: a store keeps one outcome only.
    """
    if not recipe.decoder:
        return _prepare_nothing
    from feedrate.pipeline import decode_sample, fit_sample
    from feedrate.transforms import require_repeatable

    decode = resolve("decoders", recipe.decoder, plugins)
    transform = build_transform(recipe.transform, recipe.image_size, plugins)
    require_repeatable(transform, recipe.transform, "images")

    def prepare(sample: Sample, data: bytes) -> Prepared:
        return fit_sample(sample, transform, decode_sample(sample, decode, data, recipe.image_size))

    return prepare


def _prepare_nothing(sample: Sample, data: bytes) -> Prepared:
    raise ValueError(f"{sample.key}: a store that keeps files as they are prepares none")
