"""All texts of one image, drawn by one compiled call on flat arrays.

What `regions` and `reference` specify, for the presets that clip to the frame first (``feedrate``,
``db``), with the same operations in the same order wherever a last bit can decide a pixel. Convex
outlines are drawn here; any other is left pending, for Clipper and OpenCV themselves.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from feedrate.targets import borders, fills, insets, jit, measures, offsets, reaches
from feedrate.targets.borders import draw_border
from feedrate.targets.fills import CROSSINGS, fill_outline
from feedrate.targets.insets import shrink
from feedrate.targets.jit import entered
from feedrate.targets.measures import DRAWN, bounds, judge, offset_distance, take_polygon
from feedrate.targets.offsets import (
    close_path,
    dilate,
    find_normals,
    is_convex,
    steps_per_turn,
)
from feedrate.targets.params import Mask

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


def _link(stamp: int) -> tuple[Callable[..., None], Callable[..., None]]:
    """Compile `draw_page` and `raise_border`, with all they call, under a stamp of the sources.

    numba keeps compiled code on disk, and asks only whether the file of the function itself has
    changed, not those of what it calls. But a value that it closes over is part of its key; so
    what it calls is not kept by itself, and these two are kept under the stamp.
    """

    @entered
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
            outcome = judge(polygon, count, finite, outside, ignore[i], min_side)
            done = count == 0 or not finite  # it has no place in the frame
            distances[i] = 0.0
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
            elif not done:
                for k in range(count):
                    path[k, 0], path[k, 1] = int(polygon[k, 0]), int(polygon[k, 1])
                done = fill_outline(shrink_mask, path, count, 0, crossings, counts)
            outcomes[i], pending[i] = outcome, not done

    @entered
    def raise_border(*arguments: Any) -> None:
        """Call `borders.draw_border`."""
        _ = stamp
        draw_border(*arguments)

    return draw_page, raise_border


def _stamp_of(*modules: object) -> int:
    """Return a checksum over the sources of modules."""
    sources = (Path(str(getattr(module, "__file__", ""))).read_bytes() for module in modules)
    return zlib.crc32(b"".join(sources))


draw_page, raise_border = _link(_stamp_of(borders, fills, insets, jit, measures, offsets, reaches))
