"""The control chart: every cell's reference trials, a free record of how steady the machine was."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


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


def control_series(trials: pd.DataFrame) -> pd.DataFrame:
    """The reference trials of one dataset over time.

    Returns:
        Columns ``experiment cell pair reference started_at minutes epoch_s deviation``;
        ``deviation`` is relative to the median of the trials with the same reference levels.
    """
    chosen = trials[(trials["side"] == "reference") & ~trials["discarded"].astype(bool)]
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
