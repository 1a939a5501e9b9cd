"""From the tables of a study to its model's predictions and their score."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from feedrate import phrases
from feedrate.model.fitting import Names, fit_model
from feedrate.model.measured import Measured, read_cells, stage_weights
from feedrate.model.prediction import Model
from feedrate.model.scoring import SCHEMA, score
from feedrate.tables import counted


def model_study(
    dataset: str,
    trials: pd.DataFrame,
    stages: Mapping[str, Any],
    calibration: Names,
    samples: Path | None,
) -> dict[str, Any]:
    """Fit and score the model of one dataset on one machine.

    Args:
        dataset: Its name.
        trials: From `tables.collect`.
        stages: Content of ``results/stages/{dataset}.json``, clocked on the same machine.
        calibration: Names of the cells that the model may see. Those that are not available or not
            valid here are left out, and named in the result.
        samples: Clock rows of every image of one of them (``*.samples.parquet``); None for images
            that are taken to be alike.

    Returns:
        Content of ``results/model/{dataset}.json``.

    Raises:
        ValueError: The stages were clocked on another machine.
    """
    model, cells, used = fit_to(trials, stages, calibration, samples)
    found = score(model, cells, used)
    return {
        "schema": SCHEMA,
        "dataset": dataset,
        "machine_id": str(trials["machine_id"].iloc[0]),
        "calibration": sorted("/".join(name) for name in used),
        "calibration_lacking": sorted("/".join(name) for name in set(calibration) - used),
        "finding": say_score(found),
        **found,
    }


def fit_to(
    trials: pd.DataFrame, stages: Mapping[str, Any], calibration: Names, samples: Path | None
) -> tuple[Model, list[Measured], set[tuple[str, str]]]:
    """Fit the model of one dataset on one machine; see `model_study`.

    Returns:
        The model, every cell that was measured, and the names of those that it has seen.

    Raises:
        ValueError: The stages were clocked on another machine.
    """
    if not stages:
        raise ValueError(
            "the stages were not profiled on the machine that measured the cells; make "
            "results/stages/ there"
        )
    cells = read_cells(trials)
    known = {(each.experiment, each.cell) for each in cells}
    used = {name for name in calibration if name in known}
    weights = stage_weights(pd.read_parquet(samples)) if samples else {}
    images = int(counted(trials)["work_images"].iloc[0])
    return fit_model(stages, cells, used, weights, images), cells, used


def say_score(found: dict[str, Any]) -> str:
    """Say in a sentence how good the predictions are."""
    if found["too_few"]:
        return f"The model was not scored: {found['too_few']}."
    own = found["scores"]["model"]
    met = sum(goal["met"] for goal in found["goals"])
    return (
        f"The model predicts {found['cells']['unseen']} cells it has not seen with a median error "
        f"of {phrases.percent(own['median_abs_error'])}; "
        f"{met} of its {len(found['goals'])} goals are met."
    )
