"""What steps of a repair ask of an outline, and what they answer."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely

from feedrate.geometry import signed_area
from feedrate.sample import Polygon
from feedrate.validation.polygons import FAR_PX

Size = tuple[int, int]
"""The frame's ``(width, height)`` in pixels."""


class Outcome(NamedTuple):
    """What a step found.

    Attributes:
        check: The check that finds the fault.
        reason: What was done and why, or why nothing could be done.
        parts: The outlines to put in its place, none to drop it; None to leave it alone.
    """

    check: str
    reason: str
    parts: tuple[Polygon, ...] | None = None


def is_outline(polygon: Polygon) -> bool:
    """Tell whether there are three points or more, all less than `FAR_PX` away."""
    return len(polygon) >= 3 and bool((np.abs(polygon) < FAR_PX).all())  # no NaN is less


def is_simple(polygon: Polygon) -> bool:
    """Tell whether an outline neither crosses nor touches itself; points may be repeated."""
    return _is_ring(polygon) and bool(shapely.LinearRing(polygon).is_simple)


def enclosed_area(polygon: Polygon) -> float:
    """Square pixels inside of an outline; where it crosses itself its loops add up."""
    if not _is_ring(polygon):
        return 0.0
    if is_simple(polygon):
        return abs(signed_area(polygon))
    return float(shapely.make_valid(shapely.Polygon(polygon)).area)


def begin_near(ring: Polygon, like: Polygon) -> Polygon:
    """Let a ring run in the direction of `like` and begin where that begins, or nearest to it.

    Args:
        ring: ``(N, 2)``, simple, the first point not repeated at the end.
        like: ``(M, 2)``, the outline it was made of.
    """
    if (signed_area(ring) < 0) != (signed_area(like) < 0):
        ring = ring[::-1]
    nearest = int(np.square(ring - like[0]).sum(axis=1).argmin())
    return np.roll(ring, -nearest, axis=0)


def _is_ring(polygon: Polygon) -> bool:
    # GEOS refuses to make a ring of two points and their repetition.
    return is_outline(polygon) and len({*map(tuple, polygon.tolist())}) >= 3
