"""The arithmetic of an interval: the Hodges-Lehmann centre of paired differences.

Source: Hollander, Wolfe & Chicken, Nonparametric Statistical Methods, 3rd ed., section 3.2 and 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

MIN_PAIRS = 6
"""Below six pairs no 95 % signed-rank interval is finite."""


@dataclass(frozen=True)
class Interval:
    """A centre with its confidence bounds, in the unit of the data."""

    centre: float
    low: float
    high: float
    confidence: float
    """The exact confidence reached, at least the one asked for."""


def signed_rank_interval(differences: npt.ArrayLike, confidence: float = 0.95) -> Interval:
    """Centre and interval of a symmetric distribution from paired differences.

    The centre is the median of the Walsh averages; the bounds are the Walsh averages that the
    exact null distribution of the signed-rank statistic picks.

    Args:
        differences: ``(n,)``, usually log-ratios, one a pair.
        confidence: The least confidence wanted.

    Raises:
        ValueError: Too few differences for this confidence, or one that is not finite.
    """
    values = np.asarray(differences, dtype=np.float64)
    if values.size < MIN_PAIRS:
        raise ValueError(f"{values.size} pairs given, at least {MIN_PAIRS} are needed")
    if not np.isfinite(values).all():
        raise ValueError("a paired difference is not a finite number")
    first, second = np.triu_indices(values.size)
    walsh = np.sort((values[first] + values[second]) / 2)
    skipped, reached = _ranks_outside(values.size, confidence)
    return Interval(
        centre=float(np.median(walsh)),
        low=float(walsh[skipped]),
        high=float(walsh[-1 - skipped]),
        confidence=reached,
    )


@cache
def _ranks_outside(count: int, confidence: float) -> tuple[int, float]:
    """How many Walsh averages to leave out at either end, and the confidence that leaves."""
    # likely[s]: share of the subsets of the ranks 1..n with sum s. Halved rank by rank, which is
    # exact, for 2**n is no float for large n.
    likely = np.zeros(count * (count + 1) // 2 + 1)
    likely[0] = 1
    for rank in range(1, count + 1):
        likely[rank:] += likely[:-rank].copy()
        likely /= 2
    tails = np.cumsum(likely)
    allowed = np.flatnonzero(tails <= (1 - confidence) / 2)
    if not allowed.size:
        raise ValueError(f"{count} pairs cannot give {confidence:.1%} confidence; add pairs")
    # P(T <= c) <= alpha / 2 makes the (c + 1)-th smallest Walsh average, index c, the bound.
    return int(allowed[-1]), float(1 - 2 * tails[allowed[-1]])
