"""Cells as they were measured: what the model is fitted to, and what it is held against."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from feedrate.cell import Cell
from feedrate.estimands import paired
from feedrate.intervals import MIN_PAIRS, signed_rank_interval
from feedrate.model.costs import Levels
from feedrate.model.prediction import QUANTILE_90, Weights
from feedrate.shares import IN_WORKERS
from feedrate.tables import counted


@dataclass(frozen=True, eq=False)
class Measured:
    """One cell as it was measured: both sides of its pairs.

    Attributes:
        experiment: Its experiment.
        cell: Its name.
        levels: Of the cell.
        reference: Levels of its reference.
        stages_ms: Inside the cell's loader, milliseconds an image of each stage (medians).
        reference_ms: Inside the reference's.
        epoch_s: Median of the cell.
        reference_epoch_s: Median of the reference.
        stall_fraction: Median of the cell.
        ratio: Reference over cell, centre of the pairs.
        error: Standard error of its logarithm.
    """

    experiment: str
    cell: str
    levels: Levels
    reference: Levels
    stages_ms: Mapping[str, float]
    reference_ms: Mapping[str, float]
    epoch_s: float
    reference_epoch_s: float
    stall_fraction: float
    ratio: float
    error: float

    @property
    def name(self) -> str:
        """Experiment and cell."""
        return f"{self.experiment}/{self.cell}"


def read_cells(trials: pd.DataFrame) -> list[Measured]:
    """Read every valid cell with enough pairs.

    Args:
        trials: From `tables.collect`, one dataset on one machine.
    """
    chosen = trials[trials["available"].astype(bool) & trials["gate_valid"].astype(bool)]
    groups = chosen.groupby(["experiment", "cell"], sort=False)
    return [found for _, group in groups if (found := _read_cell(group))]


def stage_weights(samples: pd.DataFrame) -> dict[str, Weights]:
    """What each image of an epoch takes of every stage, as a multiple of their mean, in its order.

    Args:
        samples: Rows of the sampled clock (``*.samples.parquet``) of cells with the same reference.

    Returns:
        By stage ``(images,)``; nothing of a stage that took no time.
    """
    epochs = samples[(samples["side"] == "reference") & (samples["kind"] == "epoch")]
    place = epochs.groupby("pair").cumcount()
    medians = epochs[[f"{stage}_ns" for stage in IN_WORKERS[:5]]].groupby(place).median()
    shares = medians / medians.mean()
    return {
        stage: shares[f"{stage}_ns"].to_numpy(np.float64)
        for stage in IN_WORKERS[:5]
        if medians[f"{stage}_ns"].any()
    }


def _read_cell(group: pd.DataFrame) -> Measured | None:
    epochs = counted(group)
    reference, cell = paired(group, "epoch_s")
    if len(cell) < MIN_PAIRS or not np.isfinite([reference, cell]).all():
        return None
    found = signed_rank_interval(np.log(reference / cell), 0.9)
    own, other = (epochs[epochs["side"] == side] for side in ("cell", "reference"))
    return Measured(
        experiment=str(group["experiment"].iloc[0]),
        cell=str(group["cell"].iloc[0]),
        levels=_levels(own),
        reference=_levels(other),
        stages_ms=_stages_ms(own),
        reference_ms=_stages_ms(other),
        epoch_s=float(np.median(cell)),
        reference_epoch_s=float(np.median(reference)),
        stall_fraction=float(own["stall_fraction"].median()),
        ratio=math.exp(found.centre),
        error=(found.high - found.low) / 2 / QUANTILE_90,
    )


def _levels(trials: pd.DataFrame) -> dict[str, Any]:
    """The levels of one side, numbers as numbers: a table may hold them as decimals."""
    first, found = trials.iloc[0], Cell().model_dump()
    for factor, default in found.items():
        if f"level_{factor}" in first:
            found[factor] = type(default)(first[f"level_{factor}"])
    return found


def _stages_ms(trials: pd.DataFrame) -> dict[str, float]:
    return {
        stage: float((1e3 * trials[f"stages_{stage}_s"] / trials["images"]).median())
        for stage in IN_WORKERS
    }
