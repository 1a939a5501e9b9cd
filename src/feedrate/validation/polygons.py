"""Checks on the polygons of a sample; no file is opened."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely

from feedrate.geometry import signed_area
from feedrate.sample import Polygon, Sample

Trouble = tuple[str, str]
"""Name of a check, and the message."""

MIN_AREA_PX = 1.0
"""Square pixels; the target builder masks out what has less."""
TOLERANCE_PX = 1.0
"""Boxes drawn to the image's edge end at ``x = width``, one past the last pixel."""


def check_polygon(polygon: Polygon, size: tuple[int, int]) -> Iterator[Trouble]:
    """Yield what is wrong with one polygon.

    Args:
        polygon: ``(N, 2)`` float64 pixels.
        size: The image's ``(width, height)``, zeros while unknown.
    """
    if len(polygon) < 3:
        yield "fewer_than_3_points", f"{len(polygon)} points; an outline needs at least 3"
        return
    if not np.isfinite(polygon).all():
        yield "not_finite", f"{_show(polygon)}: every coordinate must be a finite number"
        return
    yield from _check_area(polygon)
    yield from _check_frame(polygon, size)


def check_polygons(sample: Sample) -> Iterator[tuple[str, str, str]]:
    """Yield check, message and location for every polygon of a sample."""
    for number, item in enumerate(sample.instances, start=1):
        for check, message in check_polygon(item.polygon, (sample.width, sample.height)):
            yield check, message, f"{sample.annotation}: instance {number}"


def _check_area(polygon: Polygon) -> Iterator[Trouble]:
    area = abs(signed_area(polygon))
    if area < MIN_AREA_PX:
        yield "zero_area", f"{_show(polygon)}: {area:g} square pixels; it is masked out of the maps"
    # A flat outline touches itself all along: that is no area, not a crossing.
    if not shapely.LinearRing(polygon).is_simple and _spread(polygon) > 0:
        yield "self_crossing", f"{_show(polygon)}: the outline crosses or touches itself"


def _spread(polygon: Polygon) -> float:
    return float(shapely.MultiPoint(polygon).convex_hull.area)


def _check_frame(polygon: Polygon, size: tuple[int, int]) -> Iterator[Trouble]:
    if not all(size):
        return
    last = np.array(size) - 1.0
    beyond = float(np.maximum(-polygon, polygon - last).max())
    if beyond > TOLERANCE_PX:
        width, height = size
        message = f"{_show(polygon)}: {beyond:g} px outside of {width} x {height}; it is clipped"
        yield "out_of_frame", message


def _show(polygon: Polygon) -> str:
    points = " ".join(f"{x:g},{y:g}" for x, y in polygon[:8].tolist())
    return points if len(polygon) <= 8 else f"{points} and {len(polygon) - 8} more"
