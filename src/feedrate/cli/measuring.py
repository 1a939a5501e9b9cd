"""Verbs that start a clock: measure a cell, profile the stages."""

from __future__ import annotations

from pathlib import Path

import click

from feedrate.cell import Cell
from feedrate.cli.options import FILE, Model
from feedrate.matrix import Conditions, MeasuredCell
from feedrate.progress import Progress
from feedrate.records import write_json, write_record


@click.command()
@click.option("--dataset", required=True)
@click.option("--cell", "measured", type=Model(MeasuredCell), required=True)
@click.option("--maps", type=FILE, help="Folder of the stored maps; default: results/maps/DATASET.")
@click.argument("accepted", type=FILE)
@click.argument("output", type=FILE)
def measure_cell(
    dataset: str, measured: MeasuredCell, maps: Path | None, accepted: Path, output: Path
) -> None:
    """Measure one cell against its reference, pair after pair."""
    from feedrate.pairs import measure

    progress = Progress(f"measure {measured.experiment}/{measured.name}", "trials", 0)
    record, batches, samples = measure(
        measured, dataset, accepted, _maps_root(maps, dataset), progress
    )
    write_record(output, record, batches, samples)
    for failure in record["gate"]["failures"]:
        click.echo(f"feedrate: {output}: invalid: {failure}", err=True)


@click.command()
@click.option("--dataset", required=True)
@click.option("--base", type=Model(Cell), required=True)
@click.option("--conditions", type=Model(Conditions), required=True)
@click.option("--maps", type=FILE, help="Folder of the stored maps; default: results/maps/DATASET.")
@click.argument("accepted", type=FILE)
@click.argument("output", type=FILE)
def profile_stages(
    dataset: str,
    base: Cell,
    conditions: Conditions,
    maps: Path | None,
    accepted: Path,
    output: Path,
) -> None:
    """Time every stage of the base cell alone, the alternatives, and a detector's forward pass."""
    from feedrate.profile import profile

    progress = Progress(f"profile stages of {dataset}", "levels", 0)
    root = _maps_root(maps, dataset)
    write_json(output, profile(base, conditions, dataset, accepted, root, progress))


def _maps_root(maps: Path | None, dataset: str) -> Path:
    return maps or Path("results/maps") / dataset
