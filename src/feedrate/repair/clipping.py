"""Clip: what of an outline lies in the image."""

from __future__ import annotations

import numpy as np
import shapely

from feedrate.geometry import clip_to_frame
from feedrate.repair.outlines import Outcome, Size, begin_near, enclosed_area, is_simple
from feedrate.sample import Polygon
from feedrate.validation.polygons import MIN_AREA_PX, TOLERANCE_PX


def clip(polygon: Polygon, size: Size | None) -> Outcome | None:
    """Cut an outline that leaves the image by more than `TOLERANCE_PX` along the image's edge.

    It is intersected with ``[0, width - 1] x [0, height - 1]``. To move each point into the frame
    by itself would bend the edges that lead there, and with them the outline of the text inside.
    Several parts become an instance each, from left to right, for each is text that can be seen;
    parts of less than one square pixel are none.
    """
    if size is None or not is_simple(polygon):
        return None
    beyond = pixels_beyond(polygon, size)
    if beyond <= TOLERANCE_PX:
        return None
    parts = _visible_parts(polygon, size)
    reason = f"{beyond:g} px outside of {size[0]} x {size[1]}; {_tell(parts)}"
    return Outcome("out_of_frame", reason, parts)


def pixels_beyond(polygon: Polygon, size: Size) -> float:
    """Return how far the farthest point lies outside; below zero where all are inside."""
    return float(np.maximum(-polygon, polygon - (np.array(size) - 1.0)).max())


def _visible_parts(polygon: Polygon, size: Size) -> tuple[Polygon, ...]:
    width, height = size
    frame = shapely.box(0, 0, width - 1, height - 1)
    found = shapely.get_parts(shapely.intersection(shapely.Polygon(polygon), frame))
    areas = sorted((p for p in found if p.area > 0), key=lambda p: p.bounds)
    rings = (shapely.get_coordinates(area.exterior)[:-1] for area in areas)
    # Where an edge is cut, rounding may leave the point a last digit outside.
    parts = (begin_near(clip_to_frame(ring, (height, width)), polygon) for ring in rings)
    return tuple(part for part in parts if enclosed_area(part) >= MIN_AREA_PX)


def _tell(parts: tuple[Polygon, ...]) -> str:
    if not parts:
        return "nothing of it is in the image"
    return "cut at its edge" if len(parts) == 1 else f"{len(parts)} parts of it are in the image"
