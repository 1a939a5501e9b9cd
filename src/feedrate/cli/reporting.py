"""Verbs that make what people read: notebooks, the page, and the manifest of all of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from feedrate.cli.options import FILE, Json, study_options
from feedrate.files import write_text
from feedrate.manifest import altered_files, describe_files
from feedrate.records import write_json


@click.command()
@click.argument("notebook", type=FILE)
@click.argument("output", type=FILE)
def render_notebook(notebook: Path, output: Path) -> None:
    """Render an executed notebook as one page that works offline."""
    from feedrate.notebook import render_html

    write_text(output, render_html(notebook))


@click.command()
@study_options
@click.option("--title", required=True, help="Heading of the page.")
@click.option("--questions", type=Json(), required=True, help="Experiment: its question.")
@click.option("--preview/--no-preview", default=True, help="Show a picture of the data, or not.")
@click.option("--goals", type=FILE, help="The judged goals for speed, where the study has some.")
@click.option("--scale", type=FILE, help="The sweep of sizes, where the study asks for one.")
@click.argument("output", type=FILE)
def build_report(
    results: Path,
    datasets: list[str],
    experiments: list[str],
    title: str,
    questions: dict[str, str],
    preview: bool,
    goals: Path | None,
    scale: Path | None,
    output: Path,
) -> None:
    """Build the page: the answer first, then figures, then tables."""
    from feedrate.report import build_extras, build_page, read_intakes, read_study

    study = read_study(results, datasets, experiments, goals, scale)
    intakes = read_intakes(results, datasets, preview)
    write_text(output, build_page(study, intakes, title, questions, build_extras(study)))


@click.command()
@click.argument("output", type=FILE)
@click.argument("paths", type=FILE, nargs=-1, required=True)
def write_manifest(output: Path, paths: Sequence[Path]) -> None:
    """List every artefact of a study with its size and hash."""
    write_json(output, {"schema": 1, **describe_files(paths)})


@click.command()
@click.argument("manifest", type=FILE)
def check_manifest(manifest: Path) -> None:
    """Say which artefacts are no longer what the manifest lists."""
    faults = altered_files(json.loads(manifest.read_text(encoding="utf-8")), Path())
    if faults:
        raise ValueError("\n".join(f"{manifest}: {fault}" for fault in faults))
    click.echo(f"{manifest}: every artefact is as listed")


@click.command()
@study_options
@click.argument("directory", type=FILE)
def keep_record(
    results: Path, datasets: list[str], experiments: list[str], directory: Path
) -> None:
    """Copy what people read of a finished study into a folder that can be committed."""
    from feedrate.report import read_study
    from feedrate.report.archive import keep_record as keep

    folders = [results / "trials" / name / item for name in datasets for item in experiments]
    records = sorted(path for folder in folders for path in folder.glob("*.json"))
    keep(read_study(results, datasets, experiments), results, records, directory)
