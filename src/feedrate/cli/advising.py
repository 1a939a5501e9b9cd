"""The verb that looks at somebody's own loader."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from feedrate.cli.options import FILE
from feedrate.records import write_json


@click.command()
@click.option(
    "--loader",
    required=True,
    metavar="MODULE:FUNCTION",
    help="A function without arguments that returns an iterable of batches.",
)
@click.option(
    "--consume-ms",
    type=click.FloatRange(0),
    default=0.0,
    show_default=True,
    help="What a training step takes; 0 asks for batches as fast as they come.",
)
@click.option("--seed", type=int, default=7, show_default=True, help="Of the order inside pairs.")
@click.option("--output", type=FILE, help="Also write what was found as JSON.")
def advise(loader: str, consume_ms: float, seed: int, output: Path | None) -> None:
    """Say where the time of your own loader goes, and which of its settings gain; in minutes.

    Of a DataLoader of torch the dataset, its transform and its collate function are timed, and
    workers, prefetching, the allocator and lighter batches are tried, in pairs with the loader as
    it is; what gains is confirmed on fresh pairs. Of any other iterable the waiting is told.
    """
    from feedrate.foreign.source import find_builder
    from feedrate.foreign.tryout import try_out
    from feedrate.report.tryout import say_tryout

    find_builder(loader)  # a wrong name is told at once, not by a trial

    def tell(what: str, number: int, total: int) -> None:
        click.echo(f"feedrate: {number + 1} of {total}: {what}", err=True)

    found = try_out(loader, consume_ms, seed, tell)
    if output:
        write_json(output, dataclasses.asdict(found))
    click.echo(say_tryout(found))
