"""The verb that makes a report's numbers again from the raw records."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from feedrate.calibration import calibration_of
from feedrate.cli.options import FILE, Names
from feedrate.configfile import read_config
from feedrate.matrix import expand


@click.command()
@click.option("--configfile", type=FILE, default="config/config.yaml", show_default=True)
@click.option("--results", type=FILE, default="results", show_default=True)
@click.option("--claims", type=FILE, default="config/claims.yaml", show_default=True)
@click.option("--preview/--no-preview", default=True, help="Whether the page shows the data.")
@click.option("--notebooks", type=Names(), help="Run these again, too; all if not given, '' none.")
def check_report(
    configfile: Path, results: Path, claims: Path, preview: bool, notebooks: list[str] | None
) -> None:
    """Make every number of a report again from the raw records; fail on the first that differs."""
    from feedrate.report.notebooks import rerun_notebooks
    from feedrate.report.recomputing import Expected, recompute

    config = read_config(configfile)
    measured = expand(config)
    calibration_of(config, measured)
    study = Expected(
        title=config.title,
        cells={
            name: [each.name for each in measured if each.experiment == name]
            for name in config.experiments
        },
        questions={name: each.question for name, each in config.experiments.items()},
        base=config.base,
        primary={name: each.primary for name, each in config.experiments.items()},
        datasets=list(config.datasets),
        calibration=config.model.calibration,
        confidence=config.judging.confidence,
        margin=config.judging.margin,
        seed=config.seed,
        claims=claims,
        preview=preview,
    )
    faults = list(recompute(results, study))
    with tempfile.TemporaryDirectory(prefix="feedrate-notebooks-") as folder:
        again = rerun_notebooks(results, Path(folder), study.datasets, study.cells, notebooks)
        faults += again
    if faults:
        raise ValueError("\n".join(faults))
    cells = sum(len(names) for names in study.cells.values()) * len(study.datasets)
    click.echo(f"{results}: tables, model, ledger, page and notebooks are what {cells} cells give")
