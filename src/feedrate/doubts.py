"""Results that criticise themselves: what should make a reader doubt a measured cell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from feedrate.intervals import MIN_PAIRS
from feedrate.tables import counted

WIDE = 0.10
"""Half-width of the ratios' middle 80 % above which a cell is called noisy."""


def doubts_about(group: pd.DataFrame, margin: float) -> list[str]:
    """List the doubts about one cell, in plain words; empty where there are none.

    Args:
        group: Trials of one cell.
        margin: The practical margin: a drift beyond it could make or hide a verdict.
    """
    first = group.iloc[0]
    if not first["available"]:
        return [first["unavailable_reason"] or "not available, without a reason"]
    epochs = counted(group).sort_values("started_at")
    return [
        *_gate(first),
        *_pairs(epochs),
        *_width(first),
        *_drift(epochs, margin),
        *_spread(epochs),
    ]


def _gate(first: pd.Series[Any]) -> Iterator[str]:
    if not first["gate_valid"]:
        yield f"exercise gate: {first['gate_failures'] or 'failed without a reason'}"


def _pairs(epochs: pd.DataFrame) -> Iterator[str]:
    pairs = epochs["pair"].nunique()
    if pairs < MIN_PAIRS:
        yield f"few pairs ({pairs}; {MIN_PAIRS} are the least for a 95 % interval)"


def _width(first: pd.Series[Any]) -> Iterator[str]:
    """The most pairs were not enough for the half-width that the study aims at."""
    reached, target = first["stopping_halfwidth"], first["stopping_target_halfwidth"]
    if target and reached >= target:
        yield f"interval {reached:.1%} either way, wider than the {target:.1%} aimed at"


def _drift(epochs: pd.DataFrame, margin: float) -> Iterator[str]:
    """The reference is the machine's control: it should not change while a cell is measured."""
    values = epochs.loc[epochs["side"] == "reference", "epoch_s"].to_numpy(float)
    if values.size < 4:
        return
    halves = np.array_split(values, 2)
    change = float(np.median(halves[1]) / np.median(halves[0]) - 1)
    if abs(change) > margin:
        yield f"reference drifted {change:+.0%} from the first to the second half of the pairs"


def _spread(epochs: pd.DataFrame) -> Iterator[str]:
    wide = epochs.pivot_table(index="pair", columns="side", values="epoch_s")
    if wide.shape[1] < 2:
        return
    logs = np.log((wide["reference"] / wide["cell"]).to_numpy(float))
    low, high = np.quantile(logs, [0.1, 0.9])
    if (high - low) / 2 > WIDE:
        yield f"noisy: single pairs spread by {(np.exp((high - low) / 2) - 1):.0%} either way"
