"""The verb that replays the published way of timing."""

from __future__ import annotations

from pathlib import Path

import click

from feedrate.cell import Cell
from feedrate.cli.options import FILE, Model
from feedrate.matrix import Conditions
from feedrate.progress import Progress
from feedrate.records import write_json


@click.command()
@click.option("--dataset", required=True)
@click.option("--base", type=Model(Cell), required=True)
@click.option("--conditions", type=Model(Conditions), required=True)
@click.option("--maps", type=FILE, help="Folder of the stored maps; default: results/maps/DATASET.")
@click.argument("accepted", type=FILE)
@click.argument("output", type=FILE)
def run_seed_harness(
    dataset: str,
    base: Cell,
    conditions: Conditions,
    maps: Path | None,
    accepted: Path,
    output: Path,
) -> None:
    """Time the RAM cache as the write-up did, to show what that measures; it decides no claim."""
    from feedrate import harness

    progress = Progress(f"replay the published timing on {dataset}", "processes", 0)
    root = maps or Path("results/maps") / dataset
    write_json(
        output, harness.run_seed_harness(base, conditions, dataset, accepted, root, progress)
    )
