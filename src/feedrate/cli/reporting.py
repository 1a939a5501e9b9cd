"""Verbs that make what people read: notebooks, the page, and the manifest of all of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from feedrate.cell import Cell
from feedrate.cli.options import FILE, Json, Model, study_options
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
@click.option("--title", required=True)
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
@study_options
@click.option("--goals", type=FILE, help="The judged goals for speed, where the study has some.")
@click.option("--scale", type=FILE, help="The sweep of sizes, where the study asks for one.")
@click.argument("folder", type=FILE)
def draw_sections(
    results: Path,
    datasets: list[str],
    experiments: list[str],
    goals: Path | None,
    scale: Path | None,
    folder: Path,
) -> None:
    """Draw the figures of the report's further sections: a file each, as many as there are."""
    from feedrate.report import draw_extras, read_study

    (dataset,) = datasets
    study = read_study(results, datasets, experiments, goals, scale)
    folder.mkdir(parents=True, exist_ok=True)
    for name, svg in draw_extras(study, dataset).items():
        write_text(folder / f"{name}.svg", svg)


@click.command()
@study_options
@click.option("--title", required=True)
@click.option("--base", type=Model(Cell), required=True)
@click.argument("output", type=FILE)
def build_guide(
    results: Path, datasets: list[str], experiments: list[str], title: str, base: Cell, output: Path
) -> None:
    """Build the guide: every lever of the pipeline, what it gained and what it costs."""
    from feedrate.report import read_study
    from feedrate.report.guide import build_guide as build
    from feedrate.report.lever_cells import read_disk

    study = read_study(results, datasets, experiments)
    disk = {name: read_disk(results, study.trials, name) for name in datasets}
    write_text(output, build(study, base, disk, title))


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
