"""Verbs that turn records into tables, verdicts and figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedrate.cli.options import FILE, Json, study_options
from feedrate.files import atomic_path, write_text
from feedrate.records import write_json

if TYPE_CHECKING:
    import pandas as pd


@click.command()
@click.option("--primary", type=Json(), default="{}", help="Experiment: cells declared primary.")
@click.argument("output", type=FILE)
@click.argument("records", type=FILE, nargs=-1, required=True)
def collect_trials(primary: dict[str, list[str]], output: Path, records: Sequence[Path]) -> None:
    """Flatten records into one table: a row a trial."""
    from feedrate.tables import collect

    _write_csv(output, collect(records, primary))


@click.command()
@click.option("--confidence", type=float, required=True)
@click.option("--margin", type=float, required=True)
@click.option("--seed", type=int, required=True)
@click.argument("trials", type=FILE)
@click.argument("output", type=FILE)
def summarise_experiment(
    confidence: float, margin: float, seed: int, trials: Path, output: Path
) -> None:
    """Turn the pairs of an experiment into ratios, intervals and verdicts."""
    from feedrate.stats import summarise
    from feedrate.tables import read_trials

    _write_csv(output, summarise(read_trials(trials), confidence, margin, seed))


@click.command()
@study_options
@click.argument("claims", type=FILE)
@click.argument("output", type=FILE)
@click.argument("tables", type=FILE)
def judge_claims(
    results: Path,
    datasets: list[str],
    experiments: list[str],
    claims: Path,
    output: Path,
    tables: Path,
) -> None:
    """Hold every claim of the ledger against the data, and do the write-up's tables again."""
    from feedrate.claims import evidence_of, judge
    from feedrate.published import read_published, redo
    from feedrate.report.study import read_measurements, read_probes

    study = read_measurements(results, datasets, experiments)
    probes = read_probes(results, datasets)
    found = evidence_of(study.summaries, study.stages, study.maps, study.trials, probes)
    _write_csv(output, judge(claims, found))
    write_json(tables, redo(read_published(claims), found))


@click.command()
@study_options
@click.option("--figure", required=True)
@click.argument("output", type=FILE)
def plot_figure(
    results: Path, datasets: list[str], experiments: list[str], figure: str, output: Path
) -> None:
    """Draw one figure of one dataset, from the experiments it shows."""
    from feedrate.figures import draw
    from feedrate.report.study import read_measurements

    (dataset,) = datasets
    study = read_measurements(results, datasets, experiments, profiled=figure == "stages")
    write_text(output, draw(figure, study.of(dataset)))


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    with atomic_path(path) as temporary:
        table.to_csv(temporary, index=False)
