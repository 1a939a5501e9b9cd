"""All outlines of a sample measured at once: one pass of numpy over their points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from feedrate.sample import Polygon

FLAT = 1e-9
"""Share of an outline's squared span below which a turn is rounding: three points in a row."""


@dataclass(frozen=True, eq=False)
class Outlines:
    """The measurable polygons of a sample (three points or more, all finite), and their measures.

    Attributes:
        polygons: Each ``(N, 2)`` float64 pixels.
        numbers: ``(P,)``, their places in the annotation, from 1.
        areas: ``(P,)`` square pixels, positive where clockwise on screen.
        low: ``(P, 2)``, left and top.
        high: ``(P, 2)``, right and bottom.
        least_turns: ``(P,)``, cross product of successive edges, the smallest of an outline;
            above 0 it only turns clockwise. Rounding is taken for 0.
        most_turns: ``(P,)``, the largest.
    """

    polygons: list[Polygon]
    numbers: npt.NDArray[np.int64]
    areas: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    least_turns: npt.NDArray[np.float64]
    most_turns: npt.NDArray[np.float64]

    @property
    def quads(self) -> npt.NDArray[np.bool_]:
        """``(P,)``, which have four points."""
        return np.fromiter((len(polygon) == 4 for polygon in self.polygons), np.bool_)

    @property
    def bent(self) -> npt.NDArray[np.bool_]:
        """``(P,)``, which turn both ways: not convex, unless they cross themselves."""
        return (self.least_turns < 0) & (self.most_turns > 0)

    @property
    def sides(self) -> npt.NDArray[np.float64]:
        """``(P,)``, the shorter side of each bounding box in pixels."""
        shorter: npt.NDArray[np.float64] = (self.high - self.low).min(axis=1)
        return shorter


def measure(polygons: Sequence[Polygon]) -> Outlines:
    """Measure those polygons that have a place and could have an area."""
    sound = [(n, p) for n, p in enumerate(polygons, 1) if len(p) > 2 and np.isfinite(p).all()]
    numbers = np.array([number for number, _ in sound], np.int64)
    kept = [polygon for _, polygon in sound]
    if not kept:
        none, nowhere = np.empty(0), np.empty((0, 2))
        return Outlines(kept, numbers, none, nowhere, nowhere, none, none)
    points, starts, after = _join(kept)
    edges = points[after] - points
    low, high = np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)
    turns = _cross(edges, edges[after])
    counts = [len(polygon) for polygon in kept]
    turns[np.abs(turns) <= FLAT * np.repeat(np.square(high - low).sum(axis=1), counts)] = 0
    return Outlines(
        polygons=kept,
        numbers=numbers,
        areas=_areas(points, starts, after, counts),
        low=low,
        high=high,
        least_turns=np.minimum.reduceat(turns, starts),
        most_turns=np.maximum.reduceat(turns, starts),
    )


def _join(
    polygons: Sequence[Polygon],
) -> tuple[Polygon, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Lay outlines end to end: their points, where each begins, and each point's successor."""
    ends = np.cumsum([len(polygon) for polygon in polygons])
    starts = np.concatenate([[0], ends[:-1]])
    after = np.arange(1, ends[-1] + 1)
    after[ends - 1] = starts
    return np.concatenate(polygons), starts, after


def _areas(
    points: Polygon,
    starts: npt.NDArray[np.int64],
    after: npt.NDArray[np.int64],
    counts: Sequence[int],
) -> npt.NDArray[np.float64]:
    # From each outline's first point: far from the origin large products would cancel.
    moved = points - np.repeat(points[starts], counts, axis=0)
    areas: npt.NDArray[np.float64] = np.add.reduceat(_cross(moved, moved[after]), starts) / 2
    return areas


def _cross(a: Polygon, b: Polygon) -> npt.NDArray[np.float64]:
    product: npt.NDArray[np.float64] = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return product
