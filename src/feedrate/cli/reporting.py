"""Verbs that make what people read: notebooks, the page, and the manifest of all of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from feedrate.cli.options import FILE, Json, study_options
from feedrate.files import sha256_of, write_text
from feedrate.manifest import NAME, describe_study, faults_of, read_manifest
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
@click.argument("results", type=FILE)
@click.option(
    "--output", type=FILE, default="report.html", show_default=True, help="The page to write."
)
def report(results: Path, output: Path) -> None:
    """Build the page of a finished study again, from RESULTS alone, wherever it lies.

    Nothing is measured, and nothing in RESULTS is changed. Which datasets and experiments belong to
    the study stands in its manifest.
    """
    from feedrate.report import build_extras, build_page, read_intakes, read_study

    manifest = read_manifest(results)
    config, files = manifest["config"], manifest["files"]
    goals, scale = (
        results / name if name in files else None
        for name in ("speed/goals.json", "scale/sweep.json")
    )
    study = read_study(results, config["datasets"], config["experiments"], goals, scale)
    questions = {name: each["question"] for name, each in config["experiments"].items()}
    intakes = read_intakes(results, config["datasets"])
    page = build_page(study, intakes, config["title"], questions, build_extras(study))
    write_text(output, page)
    click.echo(f"{output}: built from {results}")


@click.command()
@click.option("--results", type=FILE, default="results", show_default=True)
@click.option("--config", type=Json(), required=True, help="The study as it was configured.")
@click.argument("output", type=FILE)
@click.argument("paths", type=FILE, nargs=-1, required=True)
def write_manifest(
    results: Path, config: dict[str, Any], output: Path, paths: Sequence[Path]
) -> None:
    """List every artefact of a study with its hash, its inputs, and what made it."""
    write_json(output, describe_study(results, paths, config))


@click.command()
@click.argument("results", type=FILE)
def verify(results: Path) -> None:
    """Name every file of RESULTS that is altered, missing or foreign; fail if there is one.

    The hash of the manifest itself is printed: keep it elsewhere, for whoever alters a file can
    alter the manifest too.
    """
    manifest = read_manifest(results)
    faults = faults_of(manifest, results)
    if faults:
        raise ValueError("\n".join(f"{results}: {fault}" for fault in faults))
    unknown = sum(origin is None for origin in manifest["artefacts"].values())
    click.echo(f"{results}: {len(manifest['files'])} files, every one as the manifest has it")
    click.echo(f"of {unknown} artefacts it is not known how they were made")
    click.echo(f"sha256 of the manifest: {sha256_of(results / NAME)}")


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
