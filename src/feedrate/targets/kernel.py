"""The target maps, fast: offsets by pyclipper, fills by OpenCV, the threshold border by numba.

Agrees with `reference`: the shrink map and both masks bit for bit, the threshold map within 1e-6.
One compiled call an image walks the rows of every region; each edge touches only the columns
within D of it, squared distances meet in one row buffer, and each pixel takes one square root.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from feedrate.sample import Polygon
from feedrate.targets.params import DEFAULT_PARAMS, Mask, TargetParams, Targets
from feedrate.targets.regions import Region, fill_regions, find_regions

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


def build_targets(
    polygons: Sequence[Polygon],
    ignore: Sequence[bool],
    size: tuple[int, int],
    params: TargetParams = DEFAULT_PARAMS,
    out: Targets | None = None,
) -> Targets:
    """Make the four maps of one image.

    Args:
        polygons: Each ``(N, 2)`` float64 pixels in the frame of the maps; left as they are.
        ignore: One flag a polygon.
        size: ``(height, width)`` of the maps.
        params: How the maps are made.
        out: Buffers to write into: fresh ones cost page faults, more than small maps' arithmetic.

    Returns:
        `out`, or fresh ``(height, width)`` maps: uint8, uint8, float32, uint8.

    Raises:
        ValueError: A polygon is not ``(N, 2)``, the flags are not as many as the polygons, or a
            buffer has another shape, another dtype, or is not C-contiguous.
    """
    targets = empty_targets(size) if out is None else out
    shrink_map = _checked(targets.shrink_map, "shrink_map", size, np.uint8)
    shrink_mask = _checked(targets.shrink_mask, "shrink_mask", size, np.uint8)
    threshold_map = _checked(targets.threshold_map, "threshold_map", size, np.float32)
    threshold_mask = _checked(targets.threshold_mask, "threshold_mask", size, np.uint8)
    regions, masked = find_regions(polygons, ignore, size, params)
    fill_regions(regions, masked, shrink_map, shrink_mask, threshold_mask)
    threshold_map.fill(params.thresh_min)
    if regions:
        span = params.thresh_max - params.thresh_min
        segment = params.distance == "segment"
        _draw_borders(threshold_map, *_flatten(regions, size), params.thresh_max, span, segment)
    return targets


def empty_targets(size: tuple[int, int]) -> Targets:
    """Allocate buffers for `build_targets`, contents undefined."""
    masks: list[Mask] = [np.empty(size, dtype=np.uint8) for _ in range(3)]
    return Targets(masks[0], masks[1], np.empty(size, dtype=np.float32), masks[2])


def warm() -> None:
    """Compile the kernel, or load it from numba's cache on disk: call before workers fork."""
    square = np.array([[8.0, 8.0], [24.0, 8.0], [24.0, 24.0], [8.0, 24.0]])
    build_targets([square], [False], (32, 32))


def _checked(buffer: Any, name: str, size: tuple[int, int], dtype: type) -> Any:
    if buffer is None or buffer.shape != size or buffer.dtype != dtype:
        seen = "None" if buffer is None else f"{buffer.dtype} {buffer.shape}"
        raise ValueError(f"out.{name} is {seen}, must be {np.dtype(dtype)} {size}")
    if not buffer.flags.c_contiguous:
        raise ValueError(f"out.{name} is not C-contiguous")
    return buffer


def _flatten(
    regions: Sequence[Region], size: tuple[int, int]
) -> tuple[Floats, Indices, Floats, Indices]:
    """Lay regions out for the compiled loop.

    Returns:
        All vertices ``(M, 2)``; where each region's begin ``(R + 1,)``; offsets D ``(R,)``; and
        windows ``(R, 4)``: left, top, right, bottom of the dilated outline, inside the frame.
    """
    height, width = size
    points = np.concatenate([region.polygon for region in regions])
    starts = np.cumsum([0, *(len(region.polygon) for region in regions)])
    distances = np.array([region.distance for region in regions])
    dilated = np.concatenate([region.dilated for region in regions])
    begins = np.cumsum([0, *(len(region.dilated) for region in regions[:-1])])
    windows = np.empty((len(regions), 4), dtype=np.int64)
    windows[:, :2] = np.maximum(np.minimum.reduceat(dilated, begins), 0)
    windows[:, 2:] = np.minimum(np.maximum.reduceat(dilated, begins), (width - 1, height - 1))
    return points, starts.astype(np.int64), distances, windows


@numba.njit(nogil=True, cache=True)
def _draw_borders(  # pragma: no cover (compiled)
    canvas: npt.NDArray[np.float32],
    points: Floats,
    starts: Indices,
    distances: Floats,
    windows: Indices,
    ceiling: float,
    span: float,
    segment: bool,
) -> None:
    """Raise the canvas to ``ceiling - span * min(d / D, 1)`` around every region's edges."""
    row = np.empty(canvas.shape[1])  # squared distance to the nearest edge so far
    for region in range(len(distances)):
        reach = distances[region]
        left, top, right, bottom = windows[region]
        for y in range(top, bottom + 1):
            row[left : right + 1] = reach * reach
            first, last = right + 1, left - 1
            for edge in range(starts[region], starts[region + 1]):
                after = edge + 1 if edge + 1 < starts[region + 1] else starts[region]
                low, high = _columns_near(points[edge], points[after], y, reach, left, right)
                if low <= high:
                    _lower_row(row, points[edge], points[after], y, low, high, segment)
                    first, last = min(first, low), max(last, high)
            slope = span / reach
            for x in range(first, last + 1):
                value = np.float32(ceiling - slope * np.sqrt(row[x]))
                canvas[y, x] = max(canvas[y, x], value)


@numba.njit(nogil=True, cache=True)
def _columns_near(  # pragma: no cover (compiled)
    start: Floats, end: Floats, y: int, reach: float, left: int, right: int
) -> tuple[int, int]:
    """Columns of row y that may lie within reach of an edge; first > last where there are none.

    A pixel's nearest point on the edge lies within reach in x and in y: so cut the edge to the
    rows within reach, and widen what is left by the reach. Thales' rule never falls below the
    true distance, so the same columns hold for it.
    """
    begin, finish = 0.0, 1.0
    rise = end[1] - start[1]
    if rise == 0:
        if abs(y - start[1]) > reach:
            return 0, -1
    else:
        one, other = (y - reach - start[1]) / rise, (y + reach - start[1]) / rise
        begin, finish = max(0.0, min(one, other)), min(1.0, max(one, other))
        if begin > finish:
            return 0, -1
    one = start[0] + begin * (end[0] - start[0])
    other = start[0] + finish * (end[0] - start[0])
    low, high = np.ceil(min(one, other) - reach), np.floor(max(one, other) + reach)
    return max(left, int(low)), min(right, int(high))


@numba.njit(nogil=True, cache=True)
def _lower_row(  # pragma: no cover (compiled)
    row: Floats, start: Floats, end: Floats, y: int, low: int, high: int, segment: bool
) -> None:
    """Lower a row of squared distances to those of one edge.

    The same float64 operations in the same order as `reference`, no fast-math: Thales' rule
    jumps on its circle, and both sides must agree on which pixels lie on it.
    """
    ax, ay, bx, by = start[0], start[1], end[0], end[1]
    run, rise = bx - ax, by - ay
    square = run * run + rise * rise
    if square == 0:  # a doubled point: the edges that it ends know its distance
        return
    inverse = 1 / square
    uy, vy = y - ay, y - by
    for x in range(low, high + 1):
        ux, vx = x - ax, x - bx
        nearer = min(ux * ux + uy * uy, vx * vx + vy * vy)
        cross = ux * rise - uy * run
        if segment:
            beside = (ux * run + uy * rise >= 0) & (vx * run + vy * rise <= 0)
        else:
            beside = ux * vx + uy * vy <= 0
        squared = cross * cross * inverse if beside else nearer
        row[x] = min(row[x], squared)
