"""The verb that clocks the stages of a pipeline one by one."""

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
def profile_stages(
    dataset: str,
    base: Cell,
    conditions: Conditions,
    maps: Path | None,
    accepted: Path,
    output: Path,
) -> None:
    """Time every stage of the base cell alone, the alternatives, and a detector's forward pass."""
    from feedrate.profile.study import profile

    progress = Progress(f"profile stages of {dataset}", "processes", 0)
    root = maps or Path("results/maps") / dataset
    written = profile(base, conditions, dataset, accepted, root, progress)
    write_json(output, written)
    for name, reason in written["not_profiled"].items():
        click.echo(f"feedrate: {output}: {name} was not profiled: {reason}", err=True)
