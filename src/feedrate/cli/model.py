"""The verb that fits the performance model and scores it."""

from __future__ import annotations

from pathlib import Path

import click

from feedrate.cli.options import FILE, Json, study_options
from feedrate.records import write_json


@click.command()
@study_options
@click.option("--calibration", type=Json(), default="{}", help="Experiment: the cells it may see.")
@click.option("--samples", type=FILE, help="Clock rows of every image, of one of these cells.")
@click.argument("output", type=FILE)
def fit_model(
    results: Path,
    datasets: list[str],
    experiments: list[str],
    calibration: dict[str, list[str]],
    samples: Path | None,
    output: Path,
) -> None:
    """Fit the model to the profile and the declared cells; predict all others of one dataset."""
    from feedrate.model.study import model_study
    from feedrate.report.study import read_measurements

    (dataset,) = datasets
    material = read_measurements(results, datasets, experiments).of(dataset)
    names = {(experiment, cell) for experiment, cells in calibration.items() for cell in cells}
    found = model_study(dataset, material.trials, material.stages, names, samples)
    write_json(output, found)
    click.echo(found["finding"])
