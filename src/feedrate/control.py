"""The control chart: every cell's reference trials, a free record of how steady the machine was."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats as scipy_stats

from feedrate.cell import REFERENCE
from feedrate.tables import counted

_MIDDLE_90_SD = 1.645
"""Half of the middle 90 % of a normal distribution, in standard deviations."""


@dataclass(frozen=True)
class Steadiness:
    """How far the reference strayed during a study.

    Attributes:
        trials: Reference trials that count.
        spread: Half of the middle 90 % of the deviations, as a share of the median.
        drift: Median of the last third over that of the first third, minus one.
        minutes: From the first to the last of them.
    """

    trials: int
    spread: float
    drift: float
    minutes: float


@dataclass(frozen=True)
class Resolution:
    """The smallest effect that a study could see: half of an interval, relative to its centre.

    Attributes:
        pairs: Of a cell, the median over all cells.
        typical: Median half-width over all cells; NaN without any interval.
        repeated: Half-width of the reference measured against itself; NaN without an A/A cell.
        expected: What the control chart's spread alone would let expect of so many pairs. Pairs
            cancel slow drift, so it is on the high side; NaN below two pairs.
    """

    pairs: int
    typical: float
    repeated: float
    expected: float


def control_series(trials: pd.DataFrame) -> pd.DataFrame:
    """The reference trials of one dataset on one machine over time.

    Returns:
        Columns ``experiment cell pair reference started_at minutes epoch_s deviation``;
        ``deviation`` is relative to the median of the trials with the same reference levels.
    """
    epochs = counted(trials)
    chosen = epochs[epochs["side"] == "reference"]
    levels = [name for name in chosen.columns if name.startswith("level_")]
    reference = chosen[levels].astype(str).agg("+".join, axis=1)
    median = chosen.groupby(reference)["epoch_s"].transform("median")
    return (
        chosen[["experiment", "cell", "pair", "started_at", "epoch_s"]]
        .assign(
            reference=reference,
            minutes=(chosen["started_at"] - chosen["started_at"].min()) / 60,
            deviation=chosen["epoch_s"] / median - 1,
        )
        .sort_values("started_at", ignore_index=True)
    )


def steadiness(series: pd.DataFrame) -> Steadiness:
    """Sum up a control series in four numbers."""
    third = max(len(series) // 3, 1)
    low, high = series["deviation"].quantile([0.05, 0.95])
    first, last = series["deviation"].head(third), series["deviation"].tail(third)
    return Steadiness(
        trials=len(series),
        spread=float(high - low) / 2,
        drift=float((1 + last.median()) / (1 + first.median()) - 1),
        minutes=float(series["minutes"].max()),
    )


def resolution(summaries: pd.DataFrame, seen: Steadiness) -> Resolution:
    """Say which effects were too small to be seen, from the intervals and from the control chart.

    Args:
        summaries: From `stats.summarise`, one dataset on one machine.
        seen: Its control series, summed up.
    """
    epochs = summaries[(summaries["estimand"] == "epoch_s") & np.isfinite(summaries["low"])]
    halfwidth = np.sqrt(epochs["high"] / epochs["low"]) - 1
    pairs = int(epochs["pairs"].median()) if len(epochs) else 0
    return Resolution(
        pairs=pairs,
        typical=float(halfwidth.median()),
        repeated=float(halfwidth[epochs["cell"] == REFERENCE].median()),
        expected=_expected(seen.spread / _MIDDLE_90_SD, pairs),
    )


def _expected(trial_sd: float, pairs: int) -> float:
    """Half of a 95 % interval of the mean of log-ratios, were both sides of a pair independent."""
    if pairs < 2:
        return math.nan
    quantile = float(scipy_stats.t.ppf(0.975, pairs - 1))
    return math.expm1(quantile * math.sqrt(2 / pairs) * trial_sd)
