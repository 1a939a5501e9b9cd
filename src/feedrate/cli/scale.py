"""The verb that finds out how costs grow."""

from __future__ import annotations

from pathlib import Path

import click

from feedrate.cell import Cell
from feedrate.cli.options import FILE, Model
from feedrate.matrix import Conditions
from feedrate.progress import Progress
from feedrate.records import write_json


@click.command()
@click.option("--base", type=Model(Cell), required=True, help="The base pipeline's cell, as JSON.")
@click.option(
    "--conditions",
    type=Model(Conditions),
    required=True,
    help="Work, limits and plug-ins of the study, as JSON.",
)
@click.argument("output", type=FILE)
def sweep_scale(base: Cell, conditions: Conditions, output: Path) -> None:
    """Time pages of more words and pixels, and caches of more images, all made for it."""
    from feedrate.scale.sweep import sweep_scale as sweep

    written = sweep(base, conditions, Progress("sweep scale", "steps", 0))
    write_json(output, written)
    for row in written["caches"]:
        if "skipped" in row:
            click.echo(f"feedrate: {output}: {row['images']}: {row['skipped']}", err=True)
