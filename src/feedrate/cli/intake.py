"""Verbs that show what came in: the gallery of the worst findings, and the page of a dataset."""

from __future__ import annotations

from pathlib import Path

import click

from feedrate.cli.options import FILE, Model
from feedrate.dataconfig import TargetSettings


@click.command()
@click.argument("samples", type=FILE)
@click.argument("findings", type=FILE)
@click.argument("directory", type=FILE)
def draw_gallery(samples: Path, findings: Path, directory: Path) -> None:
    """Draw the worst findings, each on the picture where it was found."""
    from feedrate.gallery import draw_gallery as draw

    draw(directory, samples, findings)


@click.command()
@click.option("--name", required=True, help="The dataset's name.")
@click.option("--source", type=FILE, required=True, help="Where it came from.")
@click.option(
    "--facts", type=FILE, required=True, help="Table of every image, from validate-dataset."
)
@click.option(
    "--findings", type=FILE, required=True, help="Table of findings, from validate-dataset."
)
@click.option("--gallery", type=FILE, required=True, help="Folder of the drawn findings.")
@click.option("--verdict", type=FILE, help="What was accepted, where that is settled.")
@click.option("--likeness", type=FILE, help="The generated dataset beside a real one.")
@click.option("--targets", type=Model(TargetSettings), help="What the validation counted with.")
@click.argument("output", type=FILE)
def render_validation(
    name: str,
    source: Path,
    facts: Path,
    findings: Path,
    gallery: Path,
    verdict: Path | None,
    likeness: Path | None,
    targets: TargetSettings | None,
    output: Path,
) -> None:
    """Build the page of one dataset: is it fit, what was found, and what the data are like."""
    write_page(name, source, facts, findings, gallery, verdict, likeness, output, targets)


def write_page(
    name: str,
    source: Path,
    facts: Path,
    findings: Path,
    gallery: Path,
    verdict: Path | None,
    likeness: Path | None,
    output: Path,
    targets: TargetSettings | None = None,
) -> None:
    """Write the page of one dataset, with what each check means."""
    from feedrate.files import write_text
    from feedrate.report.dataset import build_dataset_page
    from feedrate.report.inspection import read_inspection
    from feedrate.validation import CHECKS

    meanings = {name: check.description for name, check in CHECKS.items()}
    inspection = read_inspection(name, source, facts, findings, gallery, verdict, likeness)
    write_text(output, build_dataset_page(inspection, meanings, targets))
