"""The verb that measures a cell."""

from __future__ import annotations

from pathlib import Path

import click

from feedrate.cli.options import FILE, Model
from feedrate.matrix import MeasuredCell
from feedrate.progress import Progress
from feedrate.records import write_record


@click.command()
@click.option("--dataset", required=True, help="Name of the dataset in the study.")
@click.option(
    "--cell",
    "measured",
    type=Model(MeasuredCell),
    required=True,
    help="The cell, its reference and its work, as JSON.",
)
@click.option("--maps", type=FILE, help="Folder of the stored maps; default: results/maps/DATASET.")
@click.option("--stores", type=FILE, help="Folder of the built stores; results/stores/DATASET.")
@click.argument("accepted", type=FILE)
@click.argument("output", type=FILE)
def measure_cell(
    dataset: str,
    measured: MeasuredCell,
    maps: Path | None,
    stores: Path | None,
    accepted: Path,
    output: Path,
) -> None:
    """Measure one cell against its reference, pair after pair."""
    from feedrate.pairs import measure

    progress = Progress(f"measure {measured.experiment}/{measured.name}", "trials", 0)
    record, batches, samples = measure(
        measured,
        dataset,
        accepted,
        maps or Path("results/maps") / dataset,
        progress,
        stores_root=stores or Path("results/stores") / dataset,
    )
    write_record(output, record, batches, samples)
    for failure in record["gate"]["failures"]:
        click.echo(f"feedrate: {output}: invalid: {failure}", err=True)
