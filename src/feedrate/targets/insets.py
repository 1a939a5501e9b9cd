"""A convex outline moves inwards: where Clipper's moved edges cross, compiled.

Every edge moves by itself, its ends rounded to whole pixels; neighbours then cross. Clipper sweeps
over the rows of all points, and learns of a crossing when two edges have changed places from one
such row to the next, by their rounded columns. Where rounding hides that, `shrink` says so instead
of guessing.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from feedrate.targets.jit import compiled
from feedrate.targets.offsets import SHARP, Points, rounded

Edges = npt.NDArray[np.float64]
"""``(N, 5)``: x and y of the lower end (the larger y), x and y of the upper one, and columns a row.

Whole numbers but for the last, which is not finite where the edge is level.
"""

SHORT_PX = 0.9
"""An edge of the shrunk outline shorter than this may have vanished; twice this beyond quads."""


@compiled
def shrink(
    path: Points,
    count: int,
    normals: npt.NDArray[np.float64],
    distance: float,
    edges: Edges,
    outline: Points,
) -> int:
    """Write the outline of a convex path moved inwards.

    Args:
        path: Clockwise and convex.
        count: Its points.
        normals: Of its edges.
        distance: In pixels, above 0.
        edges: Scratch, a row an edge.
        outline: Room for `count` points.

    Returns:
        Points written, or 0 where the outcome hangs on how Clipper rounds: an edge vanishes, a
        corner is nearly straight or very sharp, or a crossing lies on the same pixels of two edges.
    """
    for j in range(count):
        k = j - 1 if j else count - 1
        x, y = float(path[j, 0]), float(path[j, 1])
        kx, ky, jx, jy = normals[k, 0], normals[k, 1], normals[j, 0], normals[j, 1]
        cross, dot = kx * jy - jx * ky, kx * jx + ky * jy
        if abs(cross * distance) < 1.0 or dot < SHARP:
            return 0
        edges[k, 2], edges[k, 3] = rounded(x - kx * distance), rounded(y - ky * distance)
        edges[j, 0], edges[j, 1] = rounded(x - jx * distance), rounded(y - jy * distance)
    for j in range(count):
        x, y, to_x, to_y = edges[j, 0], edges[j, 1], edges[j, 2], edges[j, 3]
        if y < to_y:
            edges[j, 0], edges[j, 1], edges[j, 2], edges[j, 3] = to_x, to_y, x, y
        edges[j, 4] = (to_x - x) / (to_y - y)
    for j in range(count):
        k = j - 1 if j else count - 1
        if _is_blurred(edges, k, j):
            return 0
        x, y = _meet(edges, k, j, path, count)
        outline[j, 0], outline[j, 1] = int(x), int(y)
    shortest = SHORT_PX if count <= 4 else 2 * SHORT_PX
    for j in range(count):
        k = j + 1 if j + 1 < count else 0
        run, rise = path[k, 0] - path[j, 0], path[k, 1] - path[j, 1]
        left = (outline[k, 0] - outline[j, 0]) * run + (outline[k, 1] - outline[j, 1]) * rise
        if left < shortest * math.sqrt(float(run * run + rise * rise)):
            return 0
    return count


@compiled
def _column(edges: Edges, edge: int, y: float) -> float:
    """Return the column of an edge that is not level in a row that it passes, as ``TopX`` does."""
    if y == edges[edge, 3]:
        return float(edges[edge, 2])
    return float(edges[edge, 0] + rounded(edges[edge, 4] * (y - edges[edge, 1])))


@compiled
def _is_blurred(edges: Edges, one: int, other: int) -> bool:
    """Whether the rows that two edges share do not tell that they change places."""
    if edges[one, 1] == edges[one, 3]:
        return _misses_level(edges, one, other)
    if edges[other, 1] == edges[other, 3]:
        return _misses_level(edges, other, one)
    top = max(edges[one, 3], edges[other, 3])
    bottom = min(edges[one, 1], edges[other, 1])
    if top >= bottom:
        return True
    above = _column(edges, one, top) - _column(edges, other, top)
    below = _column(edges, one, bottom) - _column(edges, other, bottom)
    return bool(above * below >= 0)


@compiled
def _misses_level(edges: Edges, level: int, other: int) -> bool:
    """Whether another edge does not clearly pass between the ends of a level one."""
    y = edges[level, 1]
    if edges[other, 1] == edges[other, 3] or not edges[other, 3] <= y <= edges[other, 1]:
        return True
    one, last = edges[level, 0], edges[level, 2]
    return bool(not min(one, last) < _column(edges, other, y) < max(one, last))


@compiled
def _meet(edges: Edges, one: int, other: int, path: Points, count: int) -> tuple[float, float]:
    """Return the pixel where two edges cross: Clipper's ``IntersectPoint``.

    But a crossing of which no row has told until one where the edges share a column lies there.
    """
    if edges[one, 1] == edges[one, 3]:
        return _column(edges, other, edges[one, 1]), edges[one, 1]
    if edges[other, 1] == edges[other, 3]:
        return _column(edges, one, edges[other, 1]), edges[other, 1]
    slope, other_slope = edges[one, 4], edges[other, 4]
    zero = edges[one, 0] - edges[one, 1] * slope
    other_zero = edges[other, 0] - edges[other, 1] * other_slope
    y = (other_zero - zero) / (slope - other_slope)
    if slope == 0:
        x = edges[one, 0]
        row = x / other_slope + (edges[other, 1] - edges[other, 0] / other_slope)
    elif other_slope == 0:
        x = edges[other, 0]
        row = x / slope + (edges[one, 1] - edges[one, 0] / slope)
    else:
        row = y
        x = slope * y + zero if abs(slope) < abs(other_slope) else other_slope * y + other_zero
    if (y - math.floor(y)) * abs(slope - other_slope) < 1:  # else no row has them in one column
        unseen = _last_shared_row(edges, one, other, path, count, y)
        if rounded(row) > unseen:
            return _column(edges, one, unseen), unseen
    return float(rounded(x)), float(rounded(row))


@compiled
def _last_shared_row(
    edges: Edges, one: int, other: int, path: Points, count: int, y: float
) -> float:
    """Return the row of Clipper's sweep, upwards from a crossing, up to which it is not noticed.

    As long as two edges share a column, the sweep has not seen them change places. Where they
    share none in the first row above the crossing, this is infinite.
    """
    top = max(edges[one, 3], edges[other, 3])
    last = math.inf
    row = _row_above(edges, path, count, top, y)
    while _column(edges, one, row) == _column(edges, other, row):
        last = row
        if row == top:
            break
        row = _row_above(edges, path, count, top, row - 1)
    return last


@compiled
def _row_above(edges: Edges, path: Points, count: int, top: float, y: float) -> float:
    """Return the last row of Clipper's sweep, from `top` on, that is not below y."""
    row = top
    for i in range(count):
        for each in (edges[i, 1], edges[i, 3], float(path[i, 1])):
            if row < each <= y:
                row = each
    return row
