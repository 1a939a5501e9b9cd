"""Reorder: the same points in the order in which they enclose the text clockwise on screen."""

from __future__ import annotations

import numpy as np

from feedrate.geometry import signed_area
from feedrate.repair.outlines import Outcome, Size, enclosed_area, is_outline, is_simple
from feedrate.sample import Polygon
from feedrate.validation.polygons import MIN_AREA_PX

ORDERS = ((0, 1, 3, 2), (0, 2, 1, 3))
"""Four points lie on three different closed paths: the one given, and these."""


def untangle(polygon: Polygon, size: Size | None) -> Outcome | None:
    """Order the points of a quad that crosses or touches itself: clockwise from the top-left one.

    Where two sides cross, the corners lie on their convex hull, and where they touch, three points
    lie on a line: either way exactly one other order crosses nothing.
    """
    if len(polygon) != 4 or not is_outline(polygon) or is_simple(polygon):
        return None
    if enclosed_area(polygon) < MIN_AREA_PX:
        return None
    simple = [polygon[list(order)] for order in ORDERS if is_simple(polygon[list(order)])]
    if len(simple) != 1:
        reason = "its points lie so close to a line that rounding would choose their order"
        return Outcome("self_crossing", reason)
    ordered = _begin_top_left(_clockwise(simple[0]))
    return Outcome("self_crossing", "the only order of its points that crosses nothing", (ordered,))


def run_clockwise(polygon: Polygon, size: Size | None) -> Outcome | None:
    """Let an outline that runs counter-clockwise on screen run clockwise, from the same point."""
    if not is_simple(polygon) or signed_area(polygon) >= 0:
        return None
    reason = "it ran counter-clockwise on screen"
    return Outcome("vertex_order", reason, (_clockwise(polygon),))


def _clockwise(polygon: Polygon) -> Polygon:
    if signed_area(polygon) >= 0:
        return polygon
    if np.array_equal(polygon[0], polygon[-1]):  # closed by a repeated point: it stays closed
        return polygon[::-1]
    return np.roll(polygon[::-1], 1, axis=0)


def _begin_top_left(polygon: Polygon) -> Polygon:
    """Begin at the point with the smallest x + y, of several at the highest."""
    x, y = polygon.T
    return np.roll(polygon, -int(np.lexsort((y, x + y))[0]), axis=0)
