"""The verb that reads the memory of loader processes."""

from __future__ import annotations

from pathlib import Path

import click

from feedrate.cell import Cell
from feedrate.cli.options import probe_options
from feedrate.matrix import Conditions
from feedrate.progress import Progress
from feedrate.records import write_json


@click.command()
@probe_options
def measure_memory(
    dataset: str,
    base: Cell,
    conditions: Conditions,
    maps: Path | None,
    accepted: Path,
    output: Path,
) -> None:
    """Read how much of a cache each loader process holds of its own."""
    from feedrate.memory import study

    progress = Progress(f"measure memory of {dataset}", "readings", 0)
    root = maps or Path("results/maps") / dataset
    write_json(output, study.measure_memory(base, conditions, dataset, accepted, root, progress))
