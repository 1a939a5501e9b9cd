"""All texts of one image, drawn by one compiled call on flat arrays.

What `regions` and `reference` specify, for the presets that clip to the frame first (``feedrate``,
``db``), with the same operations in the same order wherever a last bit can decide a pixel. Convex
outlines are drawn here; any other is left pending, for Clipper and OpenCV themselves.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np
import numpy.typing as npt

from feedrate.targets import borders, fills, insets, jit, offsets
from feedrate.targets.borders import draw_border
from feedrate.targets.fills import CROSSINGS, fill_outline
from feedrate.targets.insets import shrink
from feedrate.targets.jit import compiled
from feedrate.targets.offsets import (
    close_path,
    dilate,
    find_normals,
    is_convex,
    steps_per_turn,
)
from feedrate.targets.params import Mask, Outcome

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

MIN_AREA_PX = 1.0

DRAWN, IGNORE_TAG, TOO_FEW_POINTS, NOT_FINITE = (int(each) for each in list(Outcome)[:4])
OUT_OF_FRAME, TOO_SMALL, NO_AREA, SHRUNK_AWAY = (int(each) for each in list(Outcome)[4:8])


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
def judge(polygon: Floats, count: int, min_side: float) -> int:
    """Say whether a text is too small to be drawn, or has no area."""
    low_x, low_y, high_x, high_y = math.inf, math.inf, -math.inf, -math.inf
    for i in range(count):
        low_x, high_x = min(low_x, polygon[i, 0]), max(high_x, polygon[i, 0])
        low_y, high_y = min(low_y, polygon[i, 1]), max(high_y, polygon[i, 1])
    if min(high_x - low_x, high_y - low_y) < min_side:
        return TOO_SMALL
    return NO_AREA if abs(signed_area(polygon, count)) < MIN_AREA_PX else DRAWN


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


def _link(stamp: int) -> Callable[..., None]:
    """Compile `draw_page`, with everything it calls, under a stamp of the sources.

    numba keeps compiled code on disk, and asks only whether the file of the function itself has
    changed, not those of what it calls. But a value that it closes over is part of its key.
    """

    @numba.njit(nogil=True, cache=True, error_model="numpy")
    def draw_page(
        points: Floats,
        starts: Indices,
        ignore: npt.NDArray[np.bool_],
        taken: Floats,
        distances: Floats,
        outcomes: Mask,
        pending: npt.NDArray[np.bool_],
        maps: tuple[Mask, Mask, npt.NDArray[np.float32], Mask],
        kept_area: float,
        min_side: float,
        least: float,
        span: float,
        segment: bool,
    ) -> None:
        """Write the maps of one image, whatever they held before.

        Args:
            points: ``(M, 2)``, the vertices of all polygons.
            starts: ``(polygons + 1,)``, where each polygon's vertices begin.
            ignore: ``(polygons,)`` tags.
            taken: ``(M, 2)``, written: the vertices as the maps see them (`take_polygon`).
            distances: ``(polygons,)``, written: D of each text that is large enough, else 0.
            outcomes: ``(polygons,)``, written: an `Outcome` each.
            pending: ``(polygons,)``, written: whether it is yet to be drawn, or masked out.
            maps: Shrink map, shrink mask, threshold map, threshold mask; C-contiguous.
            kept_area: ``1 - r^2``.
            min_side: Of a bounding box, in pixels.
            least: The threshold map far from any outline.
            span: From there to the threshold map on an outline.
            segment: The true distance in place of the published one.
        """
        _ = stamp
        shrink_map, shrink_mask, threshold_map, threshold_mask = maps
        shrink_map[:] = 0
        shrink_mask[:] = 1
        threshold_map[:] = least
        threshold_mask[:] = 0
        height, width = size = shrink_map.shape
        longest = 3
        for i in range(len(outcomes)):
            longest = max(longest, starts[i + 1] - starts[i])
        room = 4 * longest + int(steps_per_turn(float(max(size)))) + 16
        normals = np.empty((longest, 2))
        path, edges = np.empty((longest, 2), np.int64), np.empty((longest, 5))
        inner, outer = np.empty((longest, 2), np.int64), np.empty((room, 2), np.int64)
        crossings, counts = np.empty((height, CROSSINGS), np.int64), np.empty(height, np.int64)
        lows, highs = np.empty(height, np.int64), np.empty(height, np.int64)
        for i in range(len(outcomes)):
            count = starts[i + 1] - starts[i]
            polygon = taken[starts[i] : starts[i + 1]]
            finite, outside = take_polygon(points, starts[i], count, size, polygon)
            distances[i], pending[i] = 0.0, False
            if count == 0 or not finite:
                outcomes[i] = NOT_FINITE if count > 2 else TOO_FEW_POINTS
                continue
            if count < 3:
                outcome = TOO_FEW_POINTS
            elif ignore[i]:
                outcome = IGNORE_TAG
            else:
                outcome = OUT_OF_FRAME if outside else judge(polygon, count, min_side)
            if outcome == DRAWN:
                distance = offset_distance(polygon, count, kept_area)
                distances[i] = distance
                kept = close_path(polygon, count, path)
                shrunk, dilated = 0, 0
                if kept > 2 and is_convex(path, kept):
                    find_normals(path, kept, normals)
                    shrunk = shrink(path, kept, normals, distance, edges, inner)
                    dilated = dilate(path, kept, normals, distance, outer)
                done = (
                    shrunk > 0
                    and dilated > 0
                    and fill_outline(shrink_map, inner, shrunk, 1, crossings, counts)
                    and fill_outline(threshold_mask, outer, dilated, 1, crossings, counts)
                )
                if done:
                    left, top, right, bottom = bounds(outer, dilated)
                    draw_border(
                        threshold_map,
                        polygon,
                        count,
                        distance,
                        (left, top),
                        (max(left, 0), max(top, 0), min(right, width - 1), min(bottom, height - 1)),
                        least,
                        span,
                        segment,
                        lows,
                        highs,
                    )
            else:
                for k in range(count):
                    path[k, 0], path[k, 1] = int(polygon[k, 0]), int(polygon[k, 1])
                done = fill_outline(shrink_mask, path, count, 0, crossings, counts)
            outcomes[i], pending[i] = outcome, not done

    return draw_page


def _stamp_of(*modules: object) -> int:
    """Return a checksum over the sources of modules."""
    sources = (Path(str(getattr(module, "__file__", ""))).read_bytes() for module in modules)
    return zlib.crc32(b"".join(sources))


draw_page = _link(_stamp_of(borders, fills, insets, jit, offsets))
