"""Verbs about datasets: generate, read, validate, accept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from feedrate.cli.options import FILE, Json, plugins_option
from feedrate.progress import Progress
from feedrate.records import write_json
from feedrate.registry import Plugins, resolve
from feedrate.sample import Finding, Sample


@click.command()
@click.option("--generator", required=True)
@click.option("--count", type=int, required=True)
@click.option("--seed", type=int, required=True)
@click.argument("annotations", type=FILE)
def generate_dataset(generator: str, count: int, seed: int, annotations: Path) -> None:
    """Make a dataset of images and annotations from a seed."""
    progress = Progress(f"generate {generator}", "images", count)
    resolve("generators", generator)(annotations.parent, count, seed, progress)


@click.command()
@click.option("--name", required=True, help="The dataset's name, for messages.")
@click.option("--format", "format_name", required=True)
@click.option("--images", type=FILE, required=True)
@click.option("--annotations", type=FILE, required=True)
@plugins_option
@click.argument("samples_path", type=FILE)
@click.argument("findings_path", type=FILE)
def prepare_dataset(
    name: str,
    format_name: str,
    images: Path,
    annotations: Path,
    plugins: Plugins,
    samples_path: Path,
    findings_path: Path,
) -> None:
    """Read a dataset in its format into one index, and note every line that could not be read."""
    from feedrate.index import write_index
    from feedrate.validation import write_findings

    read = list(resolve("formats", format_name, plugins)(images, annotations))
    samples = [item for item in read if isinstance(item, Sample)]
    if not samples:
        raise ValueError(f"datasets.{name}: no image with an annotation in {images}, {annotations}")
    write_findings(findings_path, [item for item in read if isinstance(item, Finding)])
    write_index(samples_path, samples)


@click.command()
@click.option("--name", required=True)
@click.option("--checks", type=Json(), default="{}", help="Severities that differ from the table.")
@click.argument("samples_path", type=FILE)
@click.argument("findings_path", type=FILE)
@click.argument("output", type=FILE)
def validate_dataset(
    name: str, checks: dict[str, Any], samples_path: Path, findings_path: Path, output: Path
) -> None:
    """Look for everything wrong with a dataset; the table is written whatever is found."""
    from feedrate.index import read_index
    from feedrate.validation import read_findings, validate_samples, write_findings

    samples = read_index(samples_path)
    progress = Progress(f"validate {name}", "images", len(samples))
    write_findings(
        output, validate_samples(samples, read_findings(findings_path), checks, progress)
    )


@click.command()
@click.option("--name", required=True)
@click.option("--on-error", type=click.Choice(["stop", "exclude"]), required=True)
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
    from feedrate.index import read_index, write_index
    from feedrate.validation import accept_samples, read_findings

    samples = read_index(samples_path)
    accepted, excluded = accept_samples(
        name, samples, read_findings(findings_path), on_error, findings_path
    )
    write_index(accepted_path, accepted)
    write_json(
        verdict_path,
        {
            "schema": 1,
            "dataset": name,
            "samples": len(samples),
            "accepted": len(accepted),
            "excluded": excluded,
            "instances": sum(len(sample.instances) for sample in accepted),
            "megapixels_mean": sum(s.width * s.height for s in accepted) / len(accepted) / 1e6,
        },
    )
