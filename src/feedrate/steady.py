"""Is a looped run steady, from when on, and at which rate? 'No steady state' is an answer.

Batches are taken in rounds of as many as there are workers, because in-order delivery hands them
over in bursts. The same images come again every pass, so what a round holds is estimated from its
place in the pass and divided out, together with the levels between change points. These are found
by optimal partitioning of the log time an image with a penalty (Jackson et al. 2005; Killick et
al. 2012), around residuals winsorised as Huber's M-estimator does, so that one late batch is no
change. Segments are named as in Barrett et al. 2017, 'Virtual machine warmup blows hot and cold'.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

MIN_ROUNDS = 12
MIN_CYCLES = 1.5
"""Fewer rounds, or fewer returns of the same content, show no steady state and none lacking."""
LATEST = 1 / 3
"""At most this share of the run may be warm-up; what is not steady by then has no steady state."""
ALIKE = 0.05
"""Levels that differ by less are the same level."""
SHORTEST = 2
"""Rounds of a segment, at least."""
PENALTY = 4.0
"""Squared standard errors that a change must explain, per log of the rounds; in simulations about
one flat run in twenty is then called something else, one in seven if rounds correlate by 0.3."""
_OUTLIER = 3.0
_ALTERNATIONS = 20


class Segment(NamedTuple):
    """Batches ``first`` to ``last`` (both included) ran at one rate, content divided out."""

    first: int
    last: int
    images_per_s: float


@dataclass(frozen=True)
class Steadiness:
    """What the test says of one run.

    Attributes:
        verdict: ``flat``, ``warms up``, ``slows down``, ``no steady state`` or ``too short``.
        from_batch: The first batch of the steady segment, -1 without one.
        images_per_s: Of the steady segment, over whole passes where one fits; NaN without one.
        share: Of the rounds looked at that the steady segment holds.
        segments: All of them, in order; empty where the run is too short.
    """

    verdict: str
    from_batch: int
    images_per_s: float
    share: float
    segments: tuple[Segment, ...]


class Rounds(NamedTuple):
    """A run in rounds: ``(n,)`` seconds and images each, and the place in the cycle of content."""

    duration_s: Values
    images: Values
    place: Places
    width: int


def judge_run(
    arrived_s: npt.ArrayLike, images: npt.ArrayLike, workers: int, period: int
) -> Steadiness:
    """Test one looped run.

    Args:
        arrived_s: ``(batches,)`` when each batch arrived, seconds on any clock, in order.
        images: ``(batches,)`` images in each.
        workers: Loader processes; 0 where the main one loads.
        period: Batches after which the same images come again.

    Raises:
        ValueError: The period or the number of batches is not positive, or times run backwards.
    """
    rounds = _rounds(np.asarray(arrived_s, float), np.asarray(images, float), workers, period)
    cycle = period // math.gcd(period, rounds.width)
    if len(rounds.place) < max(MIN_ROUNDS, MIN_CYCLES * cycle):
        return Steadiness("too short", -1, math.nan, 0.0, ())
    edges, levels = partition(np.log(rounds.duration_s / rounds.images), rounds.place)
    segments = _segments(rounds, edges, levels)
    verdict, first = classify(edges, levels)
    if verdict == "no steady state":
        return Steadiness(verdict, -1, math.nan, 0.0, segments)
    share = 1 - first / edges[-1]
    rate = _rate(rounds, first, cycle)
    return Steadiness(verdict, _batch(first, rounds.width), rate, share, segments)


def classify(edges: list[int], levels: Values) -> tuple[str, int]:
    """Name a run after its segments, and say in which round its steady segment starts.

    The steady segment is the last one, with those before it that are alike. It must start within
    the first `LATEST` of the run.
    """
    apart = np.abs(levels - levels[-1]) > math.log1p(ALIKE)
    if not apart.any():
        return "flat", 0
    first = edges[int(np.flatnonzero(apart)[-1]) + 1]
    if first > LATEST * edges[-1]:
        return "no steady state", -1
    slower_before = bool((levels[apart] > levels[-1]).all())
    return ("warms up" if slower_before else "slows down"), first


def partition(y: Values, place: Places) -> tuple[list[int], Values]:
    """Find the change points of a series whose content depends on the place in a cycle.

    Content and levels are fitted together, in turns with the change points. The turns start once
    from no change and once from the best single one, for they may end in a local optimum.

    Args:
        y: ``(n,)`` log time an image.
        place: ``(n,)`` 0-based place in the cycle.

    Returns:
        ``edges``: where segments start and the last one ends (``0, ..., n``), and their levels.
    """
    noise = _noise(y, place)
    penalty = PENALTY * math.log(y.size) * noise**2
    single = min(
        ([0, at, y.size] for at in range(SHORTEST, y.size - SHORTEST + 1)),
        key=lambda edges: _cost(y, place, edges, noise, penalty),
    )
    starts = [[0, y.size], single, _descend(y, place, [0, y.size], noise, penalty)]
    starts.append(_descend(y, place, single, noise, penalty))
    best = min(starts, key=lambda edges: _cost(y, place, edges, noise, penalty))
    return best, _fit(y, place, best, noise)[1]


def _rounds(arrived_s: Values, images: Values, workers: int, period: int) -> Rounds:
    """Cut a run into rounds: without the first, which fills the loader, and the last, its drain."""
    if period < 1 or arrived_s.size < 1:
        raise ValueError(f"{arrived_s.size} batches, period {period}: both must be positive")
    width = max(workers, 1)
    count = arrived_s.size // width
    ends = arrived_s[width - 1 : count * width : width]
    duration_s = np.diff(ends)
    if (duration_s <= 0).any():
        raise ValueError("batches arrived at the same time or out of order: times must increase")
    delivered = images[: count * width].reshape(count, width).sum(axis=1)[1:]
    place = (np.arange(1, count) * width % period) // math.gcd(period, width)
    kept = slice(None, -1 if workers else None)
    return Rounds(duration_s[kept], delivered[kept], place[kept].astype(np.int64), width)


def _noise(y: Values, place: Places) -> float:
    """Robust standard deviation of a round, from equal places one cycle apart.

    Differencing them again removes levels, so that a change point adds nothing but an outlier.
    """
    cycle = int(place.max()) + 1
    change = np.diff(y[cycle:] - y[:-cycle])
    return max(1.4826 * float(np.median(np.abs(change))) / 2, 1e-9)


def _fit(y: Values, place: Places, edges: list[int], noise: float) -> tuple[Values, Values]:
    """Content of every place, mean 0, and levels of segments: winsorised least squares."""
    segment = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
    design = np.hstack([np.eye(place.max() + 1)[place], np.eye(len(edges) - 1)[segment]])
    solve = np.linalg.pinv(design)
    values = y
    for _ in range(_ALTERNATIONS):
        fitted = design @ (solve @ values)
        values, before = fitted + np.clip(y - fitted, -_OUTLIER * noise, _OUTLIER * noise), values
        if np.allclose(values, before, atol=0.01 * noise):
            break
    found = solve @ values
    content, levels = np.split(found, [place.max() + 1])
    return content - content.mean(), levels + content.mean()


def _cost(y: Values, place: Places, edges: list[int], noise: float, penalty: float) -> float:
    content, levels = _fit(y, place, edges, noise)
    residual = y - content[place] - np.repeat(levels, np.diff(edges))
    clipped = np.clip(residual, -_OUTLIER * noise, _OUTLIER * noise)
    return float(clipped @ clipped) + penalty * (len(edges) - 2)


def _descend(y: Values, place: Places, edges: list[int], noise: float, penalty: float) -> list[int]:
    for _ in range(_ALTERNATIONS):
        content, levels = _fit(y, place, edges, noise)
        fitted = np.repeat(levels, np.diff(edges))
        level = fitted + np.clip(y - content[place] - fitted, -_OUTLIER * noise, _OUTLIER * noise)
        found = _cheapest(level, penalty)
        if found == edges:
            break
        edges = found
    return edges


def _cheapest(values: Values, penalty: float) -> list[int]:
    """Optimal partitioning: the piecewise constant fit of least squares plus penalty a change."""
    sums, squares = (np.concatenate([[0.0], np.cumsum(v)]) for v in (values, values**2))
    best, cut = np.full(values.size + 1, math.inf), np.zeros(values.size + 1, int)
    best[0] = -penalty
    for end in range(SHORTEST, values.size + 1):
        starts = np.arange(0, end - SHORTEST + 1)
        inside = squares[end] - squares[starts] - (sums[end] - sums[starts]) ** 2 / (end - starts)
        total = best[starts] + inside + penalty
        cut[end] = starts[np.argmin(total)]
        best[end] = total.min()
    return [*_walked_back(cut), values.size]


def _walked_back(cut: npt.NDArray[np.int64]) -> list[int]:
    edges, at = [], len(cut) - 1
    while at > 0:
        at = int(cut[at])
        edges.append(at)
    return edges[::-1]


def _segments(rounds: Rounds, edges: list[int], levels: Values) -> tuple[Segment, ...]:
    whole = rounds.images.sum() / rounds.duration_s.sum()
    typical = float(np.average(levels, weights=np.diff(edges)))
    return tuple(
        Segment(
            _batch(first, rounds.width),
            _batch(end, rounds.width) - 1,
            float(whole * math.exp(typical - level)),
        )
        for first, end, level in zip(edges[:-1], edges[1:], levels, strict=True)
    )


def _batch(round_number: int, width: int) -> int:
    """The first batch of a round; the round that fills the loader is not counted."""
    return (round_number + 1) * width


def _rate(rounds: Rounds, first: int, cycle: int) -> float:
    """Images a second of the steady rounds: over whole cycles of content if one fits."""
    steady = rounds.images.size - first
    kept = slice(-(steady // cycle * cycle or steady), None)
    return float(rounds.images[kept].sum() / rounds.duration_s[kept].sum())
