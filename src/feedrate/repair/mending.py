"""Mend: cut off the tiny loops of an outline that crosses itself."""

from __future__ import annotations

import shapely

from feedrate.repair.outlines import (
    Outcome,
    Size,
    begin_near,
    enclosed_area,
    is_outline,
    is_simple,
)
from feedrate.sample import Polygon
from feedrate.validation.polygons import MIN_AREA_PX

MIN_SHARE = 0.99
"""Of the enclosed area: what a crossing may cut off is less than a hundredth."""


def mend(polygon: Polygon, size: Size | None) -> Outcome | None:
    """Replace an outline of five points or more that crosses itself by its largest loop.

    Only where that loop holds `MIN_SHARE` of the area of all loops and has no hole: a crossing of
    neighbouring points, or a spike. Otherwise which loop is the text is for people to say. Points
    that stay keep their coordinates; the outline begins at, or next to, its first point.
    """
    if len(polygon) < 5 or not is_outline(polygon) or is_simple(polygon):
        return None
    if enclosed_area(polygon) < MIN_AREA_PX:
        return None
    loops = _loops(polygon)
    largest = max(loops, key=lambda loop: float(loop.area))
    share = float(largest.area) / sum(float(loop.area) for loop in loops)
    if share < MIN_SHARE or shapely.get_num_interior_rings(largest):
        reason = f"the largest of {len(loops)} loops holds {share:.1%} of its area: not one text?"
        return Outcome("self_crossing", reason)
    mended = begin_near(shapely.get_coordinates(largest.exterior)[:-1], polygon)
    reason = f"it crossed or touched itself; {share:.3%} of its area is kept"
    return Outcome("self_crossing", reason, (mended,))


def _loops(polygon: Polygon) -> list[shapely.Polygon]:
    """Cut an outline where it crosses itself; of what is left of a spike, a line, there is none."""
    cut = shapely.make_valid(shapely.Polygon(polygon))
    areas = (part for item in shapely.get_parts(cut) for part in shapely.get_parts(item))
    return [part for part in areas if isinstance(part, shapely.Polygon)]
