"""The verb that replays the published way of timing."""

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
