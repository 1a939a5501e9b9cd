"""The arithmetic of the goals: ratios with their intervals, planted truths, exact shares.

Ratios are *times as long*: cell over reference, so that a planted slowdown is above 1. Intervals of
ratios are signed-rank (`feedrate.intervals`); intervals of counts are exact (Clopper & Pearson
1934).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats as scipy_stats

from feedrate import phrases
from feedrate.intervals import signed_rank_interval

Record = Mapping[str, Any]
Values = npt.NDArray[np.float64]

MARGIN = 0.05
"""Of the verdicts: a study's default practical margin."""


def estimate(comparison: Record, estimand: str = "epoch_s") -> dict[str, Any]:
    """The ratio of an estimand, *times as long*, with its interval.

    Raises:
        ValueError: There are too few pairs for an interval.
    """
    return interval_of(log_ratios(comparison, estimand))


def interval_of(logs: npt.ArrayLike) -> dict[str, Any]:
    """The ratio behind ``(n,)`` log-ratios, with its interval and whether that excludes 1."""
    found = signed_rank_interval(logs)
    low, high = math.exp(found.low), math.exp(found.high)
    return {
        "ratio": math.exp(found.centre), "low": low, "high": high, "pairs": int(np.size(logs)),
        "excludes": not low <= 1 <= high, "halfwidth": math.expm1((found.high - found.low) / 2),
    }  # fmt: skip


def log_ratios(comparison: Record, estimand: str = "epoch_s") -> Values:
    """The log-ratios of a comparison's pairs, cell over reference: ``(pairs,)``.

    ``steady_s_per_image`` is of the looped pairs, everything else of the epochs. A pair in which
    either side has no such time is left out.
    """
    looped = estimand == "steady_s_per_image"
    trials = [each for each in comparison["trials"] if (each["kind"] == "steady") == looped]
    sides: dict[str, dict[int, float]] = {"cell": {}, "reference": {}}
    for trial in trials:
        value = steady_s_per_image(trial, comparison["images"]) if looped else trial[estimand]
        sides[trial["side"]][trial["pair"]] = value
    both = sorted(set(sides["cell"]) & set(sides["reference"]))
    cell, reference = (
        np.array([sides[side][pair] for pair in both]) for side in ("cell", "reference")
    )
    usable = (cell > 0) & (reference > 0)
    ratios: Values = np.log(cell[usable] / reference[usable])
    return ratios


def steady_s_per_image(trial: Record, images: int) -> float:
    """Seconds an image over the whole passes after the first, of one looped run."""
    arrived, size = trial["arrived_s"], trial["images"] / trial["batches"]
    a_pass = round(images / size)
    passes = len(arrived) // a_pass
    first, last = arrived[a_pass - 1], arrived[passes * a_pass - 1]
    return float((last - first) / ((passes - 1) * images))


def epochs(comparison: Record) -> Iterable[Record]:
    """The trials of one epoch each."""
    return (trial for trial in comparison["trials"] if trial["kind"] == "epoch")


def true_log_ratio(comparison: Record) -> float:
    """The effect that was really planted: what the spins made of the epochs they were in.

    Of each pair ``log(epoch / (epoch - spun))``; the mean over the pairs is the repeat's truth.
    """
    planted = [
        math.log(trial["epoch_s"] / (trial["epoch_s"] - trial["spun_s"]))
        for trial in epochs(comparison)
        if trial["side"] == "cell"
    ]
    return float(np.mean(planted))


def verdict(low: float, high: float, margin: float = MARGIN) -> str:
    """Judge with a practical margin: *shorter*, *longer*, *equivalent* or *open*."""
    upper, lower = 1 + margin, 1 / (1 + margin)
    if low > upper:
        return "longer"
    if high < lower:
        return "shorter"
    return "equivalent" if lower <= low and high <= upper else "open"


def share_of(count: int, of: int) -> dict[str, Any]:
    """A share with its exact binomial interval (Clopper & Pearson 1934)."""
    if not of:
        return {"count": 0, "of": 0, "share": 0.0, "low": 0.0, "high": 1.0}
    exact = scipy_stats.binomtest(int(count), int(of)).proportion_ci(0.95, "exact")
    return {
        "count": int(count), "of": int(of), "share": count / of,
        "low": float(exact.low), "high": float(exact.high),
    }  # fmt: skip


def goal(name: str, goal: str, measured: str, met: bool, detail: str) -> dict[str, Any]:
    """One row of the table of goals."""
    return {"name": name, "goal": goal, "measured": measured, "met": bool(met), "detail": detail}


def say_share(share: Record) -> str:
    """``2 of 44, 4.5 % (0.6 % to 15 %)``."""
    return (
        f"{share['count']} of {share['of']}, {phrases.percent(share['share'])}"
        f" ({phrases.percent(share['low'])} to {phrases.percent(share['high'])})"
    )


def say_change(ratio: float) -> str:
    """``+0.4 %``: a ratio as a change, two digits behind the point below one per cent."""
    return f"{100 * (ratio - 1):+.2f} %"
