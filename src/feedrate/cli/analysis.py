"""Verbs that turn records into tables, verdicts and figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from feedrate.cli.options import FILE, Json
from feedrate.files import atomic_path, write_text
from feedrate.results import Results


@click.command()
@click.option("--primary", type=Json(), default="{}", help="Experiment: cells declared primary.")
@click.argument("output", type=FILE)
@click.argument("records", type=FILE, nargs=-1, required=True)
def collect_trials(primary: dict[str, list[str]], output: Path, records: Sequence[Path]) -> None:
    """Flatten records into one table: a row a trial."""
    from feedrate.tables import collect

    _write_csv(output, collect(records, primary))


@click.command()
@click.option("--experiment", required=True)
@click.option("--confidence", type=float, required=True)
@click.option("--margin", type=float, required=True)
@click.option("--seed", type=int, required=True)
@click.argument("trials", type=FILE)
@click.argument("output", type=FILE)
def summarise_experiment(
    experiment: str, confidence: float, margin: float, seed: int, trials: Path, output: Path
) -> None:
    """Turn the pairs of an experiment into ratios, intervals and verdicts."""
    from feedrate.stats import summarise
    from feedrate.tables import read_trials

    table = read_trials(trials)
    _write_csv(
        output, summarise(table[table["experiment"] == experiment], confidence, margin, seed)
    )
