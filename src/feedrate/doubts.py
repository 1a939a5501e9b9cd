"""Results that criticise themselves: what should make a reader doubt a measured cell."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

FEW_PAIRS = 8
WIDE = 0.10
"""Half-width of the ratios' middle 80 % above which a cell is called noisy."""


def doubts_about(group: pd.DataFrame, margin: float) -> list[str]:
    """List the doubts about one cell, in plain words; empty where there are none.

    Args:
        group: Trials of one cell.
        margin: The practical margin: a drift beyond it could make or hide a verdict.
    """
    counted = group[~group["discarded"].astype(bool)].sort_values("started_at")
    return [
        *_gate(group),
        *_machines(group),
        *_pairs(counted),
        *_drift(counted, margin),
        *_spread(counted),
    ]


def _gate(group: pd.DataFrame) -> Iterator[str]:
    first = group.iloc[0]
    if not first["gate_valid"]:
        yield f"exercise gate: {first['gate_failures'] or 'failed without a reason'}"


def _machines(group: pd.DataFrame) -> Iterator[str]:
    machines = sorted(set(group["machine_id"]))
    if len(machines) > 1:
        yield f"measured on {len(machines)} machines ({', '.join(machines)})"


def _pairs(counted: pd.DataFrame) -> Iterator[str]:
    pairs = counted["pair"].nunique()
    if pairs < FEW_PAIRS:
        yield f"few pairs ({pairs}; {FEW_PAIRS} or more are better)"


def _drift(counted: pd.DataFrame, margin: float) -> Iterator[str]:
    """The reference is the machine's control: it should not change while a cell is measured."""
    values = counted.loc[counted["side"] == "reference", "epoch_s"].to_numpy(float)
    if values.size < 4:
        return
    halves = np.array_split(values, 2)
    change = float(np.median(halves[1]) / np.median(halves[0]) - 1)
    if abs(change) > margin:
        yield f"reference drifted {change:+.0%} from the first to the second half of the pairs"


def _spread(counted: pd.DataFrame) -> Iterator[str]:
    wide = counted.pivot_table(index="pair", columns="side", values="epoch_s")
    if wide.shape[1] < 2:
        return
    logs = np.log((wide["reference"] / wide["cell"]).to_numpy(float))
    low, high = np.quantile(logs, [0.1, 0.9])
    if (high - low) / 2 > WIDE:
        yield f"noisy: single pairs spread by {(np.exp((high - low) / 2) - 1):.0%} either way"
