"""What the maps see of a polygon, and what they ask of it, compiled.

The operations of `geometry` and `outlines`, in their order: a last bit can decide a pixel.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from feedrate.targets.jit import compiled
from feedrate.targets.params import Outcome
from feedrate.targets.presets import PRESETS

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

MIN_AREA_PX = PRESETS["db"].min_area_px

DRAWN, IGNORE_TAG, TOO_FEW_POINTS, NOT_FINITE, OUT_OF_FRAME, TOO_SMALL, NO_AREA = (
    int(outcome) for outcome in list(Outcome)[:7]
)


@compiled
def take_polygon(
    points: Floats, first: int, count: int, size: tuple[int, int], polygon: Floats
) -> tuple[bool, bool]:
    """Write one polygon as the maps see it: clipped to the frame, clockwise on screen.

    Returns:
        Whether all its coordinates are finite (if not, nothing is written), and whether its
        bounding box lies outside of the frame.
    """
    right, bottom = size[1] - 1.0, size[0] - 1.0
    low_x, low_y, high_x, high_y = math.inf, math.inf, -math.inf, -math.inf
    for i in range(first, first + count):
        x, y = points[i, 0], points[i, 1]
        if not (math.isfinite(x) and math.isfinite(y)):
            return False, False
        low_x, high_x, low_y, high_y = min(low_x, x), max(high_x, x), min(low_y, y), max(high_y, y)
        polygon[i - first, 0] = min(max(x, 0.0), right)
        polygon[i - first, 1] = min(max(y, 0.0), bottom)
    if signed_area(polygon, count) < 0:
        for i in range(count // 2):
            j = count - 1 - i
            x, y = polygon[i, 0], polygon[i, 1]
            polygon[i, 0], polygon[i, 1] = polygon[j, 0], polygon[j, 1]
            polygon[j, 0], polygon[j, 1] = x, y
    return True, high_x < 0 or low_x > right or high_y < 0 or low_y > bottom


@compiled
def signed_area(polygon: Floats, count: int) -> float:
    """Return the area in square pixels, positive where the outline runs clockwise on screen."""
    twice = 0.0
    for i in range(count):
        j = i + 1 if i + 1 < count else 0
        twice += (polygon[i, 0] - polygon[j, 0]) * (polygon[j, 1] + polygon[i, 1])
    return twice / 2


@compiled
def judge(
    polygon: Floats, count: int, finite: bool, outside: bool, ignored: bool, min_side: float
) -> int:
    """Say what shall become of a polygon: an `Outcome`."""
    if count < 3:
        return TOO_FEW_POINTS
    if not finite:
        return NOT_FINITE
    if ignored:
        return IGNORE_TAG
    if outside:
        return OUT_OF_FRAME
    low_x, low_y, high_x, high_y = math.inf, math.inf, -math.inf, -math.inf
    for i in range(count):
        low_x, high_x = min(low_x, polygon[i, 0]), max(high_x, polygon[i, 0])
        low_y, high_y = min(low_y, polygon[i, 1]), max(high_y, polygon[i, 1])
    too_small = min(high_x - low_x, high_y - low_y) < min_side
    no_area = abs(signed_area(polygon, count)) < MIN_AREA_PX
    return TOO_SMALL if too_small else (NO_AREA if no_area else DRAWN)


@compiled
def offset_distance(polygon: Floats, count: int, kept_area: float) -> float:
    """Compute D in pixels, in GEOS's order of operations (see `outlines`)."""
    twice, length = 0.0, 0.0
    for i in range(count):
        j = i + 1 if i + 1 < count else 0
        before = polygon[i - 1, 1] if i else polygon[count - 1, 1]
        twice += (polygon[i, 0] - polygon[0, 0]) * (before - polygon[j, 1])
        run, rise = polygon[j, 0] - polygon[i, 0], polygon[j, 1] - polygon[i, 1]
        length += math.sqrt(run * run + rise * rise)
    return abs(twice) / 2 * kept_area / length


@compiled
def bounds(outline: Indices, count: int) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of an outline, inclusive."""
    left = right = outline[0, 0]
    top = bottom = outline[0, 1]
    for i in range(1, count):
        left, right = min(left, outline[i, 0]), max(right, outline[i, 0])
        top, bottom = min(top, outline[i, 1]), max(bottom, outline[i, 1])
    return left, top, right, bottom
