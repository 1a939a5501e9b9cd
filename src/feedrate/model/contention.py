"""What becomes of a stage beside others: a scalability law, fitted over numbers of workers.

Gunther's universal scalability law (2007) says of N that work side by side that they do
``N / (1 + a (N - 1) + b N (N - 1))`` times the work of one: ``a`` is what they wait for each other,
``b`` what they cost each other. Each of them takes ``1 + a (N - 1) + b N (N - 1)`` times as long.
More of them than there are cores take turns: the law holds up to the cores, from there on time is
shared out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import nnls


@dataclass(frozen=True)
class Contention:
    """The fitted law.

    Attributes:
        alone: Stages inside a loader's only process, over the same stages clocked by themselves.
        waiting: ``a``, at least 0.
        coherence: ``b``, at least 0.
        cores: That can be used; more processes than these take turns.
        points: Pairs of workers and slowdown that it was fitted to.
    """

    alone: float
    waiting: float
    coherence: float
    cores: float = math.inf
    points: tuple[tuple[float, float], ...] = ()

    def slowdown(self, busy: float) -> float:
        """How many times as long a stage takes where `busy` processes work side by side."""
        more = max(min(busy, self.cores) - 1.0, 0.0)
        beside = self.alone + self.waiting * more + self.coherence * more * (more + 1.0)
        return beside * max(busy / self.cores, 1.0)


NOTHING = Contention(1.0, 0.0, 0.0)
"""Processes that do not notice each other."""


def fit(points: Sequence[tuple[float, float]], cores: float = math.inf) -> Contention:
    """Fit the law by least squares on relative errors, its parameters at least 0.

    Args:
        points: How many worked side by side, and how many times as long a stage then took.
        cores: That can be used.

    Returns:
        The law; with no points `NOTHING` on so many cores, with one number of workers a constant.

    Raises:
        ValueError: A slowdown is not above 0.
    """
    if not points:
        return replace(NOTHING, cores=cores)
    busy, slowdown = np.array(points, np.float64).T.copy()
    if not (slowdown > 0).all():
        raise ValueError(f"slowdowns must be above 0, got {slowdown.tolist()}")
    more = np.maximum(np.minimum(busy, cores) - 1.0, 0.0)
    slowdown /= np.maximum(busy / cores, 1.0)
    columns = np.stack([np.ones_like(more), more, more * (more + 1.0)], axis=1)
    found, _ = nnls(columns / slowdown[:, None], np.ones_like(slowdown))
    alone, waiting, coherence = (float(each) for each in found)
    return Contention(alone, waiting, coherence, cores, tuple(map(_pair, points)))


def _pair(point: tuple[float, float]) -> tuple[float, float]:
    return float(point[0]), float(point[1])
