"""Drop: what is no outline, and what stands there twice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from feedrate.repair.outlines import Outcome, Size, enclosed_area, is_outline
from feedrate.sample import Polygon, TextInstance
from feedrate.validation.polygons import MIN_AREA_PX, Ring, ring_of


def drop_useless(polygon: Polygon, size: Size | None) -> Outcome | None:
    """Drop what has fewer than three points, a coordinate that is not finite, or no area.

    No area means less than one square pixel inside, loops added up: an eight whose loops cancel
    in a sum is a text all the same. The target maps mask such a polygon out; without it its pixels
    count as background, and there is less than one of them.
    """
    if len(polygon) < 3:
        return Outcome("fewer_than_3_points", f"{len(polygon)} points enclose nothing", ())
    if not np.isfinite(polygon).all():
        return Outcome("not_finite", "a coordinate that is not finite has no place", ())
    if not is_outline(polygon):
        reason = f"{np.abs(polygon).max():g} px away: a mistake, and what was meant is not known"
        return Outcome("out_of_frame", reason)
    area = enclosed_area(polygon)
    if area < MIN_AREA_PX:
        return Outcome("zero_area", f"it encloses {area:g} square pixels", ())
    return None


def find_twins(items: Sequence[tuple[int, TextInstance]]) -> dict[int, Outcome]:
    """Find instances with the outline of an earlier one, wherever it begins, either way round.

    Args:
        items: The number that an instance has in the annotation, and the instance.

    Returns:
        Positions among `items`, and what to do: a twin with another ignore tag is left alone, for
        nobody can tell which of the two is right.
    """
    first, twins = dict[Ring, int](), dict[int, Outcome]()
    for position, (_, item) in enumerate(items):
        original = first.setdefault(ring_of(item.polygon), position)
        if original != position:
            twins[position] = _judge(item, *items[original])
    return twins


def _judge(item: TextInstance, number: int, original: TextInstance) -> Outcome:
    if item.ignore != original.ignore:
        reason = f"the outline of instance {number}, but one of the two is ignored"
        return Outcome("duplicate_polygon", reason)
    text = "" if item.text == original.text else f"; its text was {item.text!r}"
    return Outcome("duplicate_polygon", f"the outline of instance {number}{text}", ())
