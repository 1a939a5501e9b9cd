"""The verb that says how fast target maps are made on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from feedrate.cli.options import FILE
from feedrate.progress import Progress
from feedrate.records import write_json


@click.command()
@click.argument("output", type=FILE)
def bench_targets(output: Path) -> None:
    """Time the kernel beside the reference, and the codecs; print the table."""
    from feedrate.speed.bench import bench_targets as bench
    from feedrate.speed.table import table_text

    result = bench(Progress("bench target maps", "cases", 0))
    write_json(output, result)
    click.echo(table_text(result), nl=False)
