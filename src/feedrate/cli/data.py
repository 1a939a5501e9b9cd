"""Verbs about datasets: generate, read, validate, accept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from feedrate.cli.options import FILE, Json, Names, limits_of, limits_options, plugins_option
from feedrate.dataconfig import TargetSettings, ValidationSettings
from feedrate.progress import Progress
from feedrate.records import write_json
from feedrate.registry import AUTO, Plugins, resolve


@click.command()
@click.option("--generator", required=True, help="Which generator, by its name in the registry.")
@click.option("--count", type=int, required=True, help="How many images.")
@click.option("--seed", type=int, required=True, help="Seed of everything drawn by lot.")
@click.argument("annotations", type=FILE)
def generate_dataset(generator: str, count: int, seed: int, annotations: Path) -> None:
    """Make a dataset of images and annotations from a seed."""
    progress = Progress(f"generate {generator}", "images", count)
    resolve("generators", generator)(annotations.parent, count, seed, progress)


@click.command()
@click.option("--name", required=True, help="The dataset's name, for messages.")
@click.option(
    "--format",
    "format_name",
    default=AUTO,
    show_default=True,
    help="Format of the annotations; auto finds it out.",
)
@click.option("--folder", type=FILE, help="Where images and annotations lie; they are looked for.")
@click.option("--images", type=FILE, help="Folder of the images.")
@click.option("--annotations", type=FILE, help="File or folder of the annotations.")
@plugins_option
@click.argument("samples_path", type=FILE)
@click.argument("findings_path", type=FILE)
@click.argument("source_path", type=FILE)
def prepare_dataset(
    name: str,
    format_name: str,
    folder: Path | None,
    images: Path | None,
    annotations: Path | None,
    plugins: Plugins,
    samples_path: Path,
    findings_path: Path,
    source_path: Path,
) -> None:
    """Read a dataset in its format into one index, and note every line that could not be read."""
    from feedrate.intake import read_dataset
    from feedrate.sightings import find_dataset

    source = find_dataset(format_name, folder, images, annotations, plugins)
    click.echo(f"feedrate: {name}: {source.describe()}", err=True)
    progress = Progress(f"read {name}", "annotations", 0)
    if not read_dataset(source, samples_path, findings_path, plugins, progress):
        raise ValueError(
            f"datasets.{name}: no image with an annotation in {source.images},"
            f" {source.annotations}; what was found is in {findings_path}"
        )
    write_json(source_path, source.to_json())


@click.command()
@click.option("--name", required=True, help="Name of the dataset in the study.")
@click.option("--checks", type=Json(), default="{}", help="Severities that differ from the table.")
@click.option("--maps", type=FILE, help="Folder of target maps made elsewhere.")
@click.option("--apart", type=Names(), default="", help="Facts of datasets to be apart from.")
@limits_options
@click.argument("samples_path", type=FILE)
@click.argument("findings_path", type=FILE)
@click.argument("output", type=FILE)
@click.argument("facts_path", type=FILE)
def validate_dataset(
    name: str,
    checks: dict[str, Any],
    maps: Path | None,
    apart: list[str],
    targets: TargetSettings,
    validation: ValidationSettings,
    samples_path: Path,
    findings_path: Path,
    output: Path,
    facts_path: Path,
) -> None:
    """Look for everything wrong with a dataset; the table is written whatever is found."""
    from feedrate.index import count_samples
    from feedrate.validation import validate_dataset as validate

    progress = Progress(f"validate {name}", "images", count_samples(samples_path))
    validate(
        samples_path,
        findings_path,
        output,
        facts_path,
        limits_of(validation, targets),
        overrides=checks,
        apart_from={Path(path).stem: Path(path) for path in apart},
        maps=maps,
        progress=progress,
    )


@click.command()
@click.option("--name", required=True, help="Name of the dataset in the study.")
@click.option(
    "--on-error",
    type=click.Choice(["stop", "exclude"]),
    required=True,
    help="What becomes of faulty images: stop or exclude.",
)
@click.argument("samples_path", type=FILE)
@click.argument("findings_path", type=FILE)
@click.argument("accepted_path", type=FILE)
@click.argument("verdict_path", type=FILE)
def accept_dataset(
    name: str,
    on_error: str,
    samples_path: Path,
    findings_path: Path,
    accepted_path: Path,
    verdict_path: Path,
) -> None:
    """Let a dataset pass, without its faulty images where the config says so, or stop the study."""
    from feedrate.validation import accept_dataset as accept

    verdict = accept(name, samples_path, findings_path, on_error, accepted_path)
    write_json(verdict_path, verdict)
