"""What is estimated, in which unit, from which trials; and the pairs it is estimated from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from feedrate.tables import counted
from feedrate.turns import EPOCH, STEADY

Values = npt.NDArray[np.float64]
NO_FIGURES = ("invalid", "not available")
"""Verdicts of cells whose figures do not count, or do not exist."""
NO_VERDICT = (*NO_FIGURES, "too few pairs", "not measured", "no steady state", "too short")


@dataclass(frozen=True)
class Estimand:
    """One quantity, its unit, and what a ratio of it means.

    Attributes:
        sign: +1 where the ratio is reference / cell, -1 where cell / reference, 0 without ratio.
        better: The verdict where the ratio is above the margin; ``worse`` where below.
        kind: Of the trials it comes from.
    """

    unit: str
    sign: int = 1
    better: str = "faster"
    worse: str = "slower"
    kind: str = EPOCH


ESTIMANDS: dict[str, Estimand] = {
    "epoch_s": Estimand("s"),
    "epoch_with_startup_s": Estimand("s"),
    "startup_s": Estimand("s"),
    "first_batch_s": Estimand("s"),
    "boundary_s": Estimand("s"),
    "images_per_s": Estimand("images/s", sign=-1),
    "steady_images_per_s": Estimand("images/s", sign=-1, kind=STEADY),
    "cpu_s_per_image": Estimand("s/image", better="less", worse="more"),
    "stall_fraction": Estimand("share", sign=0),
    "pss_bytes": Estimand("bytes", better="less", worse="more"),
    "minor_faults_per_image": Estimand("faults/image", sign=0),
    "switches_per_image": Estimand("switches/image", sign=0),
    "read_bytes_per_image": Estimand("bytes/image", sign=0),
    "steal_s": Estimand("s", sign=0),
}


def paired(group: pd.DataFrame, value: str, kind: str = EPOCH) -> tuple[Values, Values]:
    """The reference's and the cell's values, pair by pair, of the trials that count.

    Args:
        group: Trials of one cell.
        value: A column.
        kind: Of the trials; the pairs of each kind are numbered apart.

    Returns:
        Two ``(pairs,)`` float64 arrays in the same order of pairs.

    Raises:
        ValueError: A pair lacks a side.
    """
    chosen = counted(group[["kind", "discarded", "pair", "side", value]], kind)
    reference, cell = (
        chosen[chosen["side"] == side].set_index("pair")[value].sort_index()
        for side in ("reference", "cell")
    )
    alone = reference.index.symmetric_difference(cell.index)
    if len(alone):
        name = "/".join(str(group[key].iloc[0]) for key in ("dataset", "experiment", "cell"))
        raise ValueError(f"{name}: pair {alone[0]} lacks a side")
    return reference.to_numpy(float), cell.to_numpy(float)


def log_ratios(reference: Values, cell: Values, sign: int) -> Values | None:
    """The paired log-ratios, above 0 where the cell is better; `sign` is the estimand's.

    None where the estimand has no ratio or a value is missing or not positive.
    """
    usable = np.isfinite(reference) & np.isfinite(cell) & (reference > 0) & (cell > 0)
    if sign == 0 or not usable.all():
        return None
    return sign * np.log(reference / cell)
