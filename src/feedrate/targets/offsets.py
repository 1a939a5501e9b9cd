"""A convex polygon moves outwards and inwards: the whole-pixel outlines of Clipper 6, compiled.

A port of what ``ClipperOffset`` (Angus Johnson, Clipper 6.4.2, as pyclipper wraps it) does with
one closed path, round joins and an arc tolerance of a quarter pixel. Clipper first moves every
edge by itself and then unites what overlaps. Moved outwards, the edges of a convex path do not
overlap; moved inwards, neighbours cross once. So no general union is needed, and where rounding
to whole pixels blurs a crossing, the caller asks pyclipper itself.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from feedrate.targets.jit import compiled

Points = npt.NDArray[np.int64]
"""``(N, 2)`` whole pixels ``(x, y)``: room for points, of which a count says how many are used."""

ARC_TOLERANCE = 0.25
"""pyclipper's default: how far a round join may be off its arc, in pixels."""

SHARP = -0.5
"""Cosine of the turn beyond which a corner is left to pyclipper."""

SHORT_PX = 0.9
"""An edge of the shrunk outline shorter than this may have vanished."""


@compiled
def close_path(polygon: npt.NDArray[np.float64], count: int, path: Points) -> int:
    """Write a polygon as Clipper takes it: truncated, nothing repeated, clockwise on screen.

    Returns:
        Points written; fewer than three enclose nothing, and Clipper passes them over.
    """
    kept = 0
    for i in range(count):
        x, y = int(polygon[i, 0]), int(polygon[i, 1])
        if kept == 0 or x != path[kept - 1, 0] or y != path[kept - 1, 1]:
            path[kept, 0], path[kept, 1] = x, y
            kept += 1
    while kept > 1 and path[kept - 1, 0] == path[0, 0] and path[kept - 1, 1] == path[0, 1]:
        kept -= 1
    area = 0
    for i in range(kept):
        j = i - 1 if i else kept - 1
        area += (path[j, 0] + path[i, 0]) * (path[i, 1] - path[j, 1])
    if area < 0:
        for i in range(kept // 2):
            j = kept - 1 - i
            x, y = path[i, 0], path[i, 1]
            path[i, 0], path[i, 1] = path[j, 0], path[j, 1]
            path[j, 0], path[j, 1] = x, y
    return kept


@compiled
def is_convex(path: Points, count: int) -> bool:
    """Whether a closed path only ever turns to the right, once around."""
    reversals, heading = 0, 0
    for i in range(count):
        j = i + 1 if i + 1 < count else 0
        k = j + 1 if j + 1 < count else 0
        run, rise = path[j, 0] - path[i, 0], path[j, 1] - path[i, 1]
        if run * (path[k, 1] - path[j, 1]) < rise * (path[k, 0] - path[j, 0]):
            return False
        sign = 1 if run > 0 else (-1 if run < 0 else 0)
        if sign != 0:
            reversals += heading == -sign
            heading = sign
    return reversals <= 2  # a pentagram turns to the right only, but twice around


@compiled
def find_normals(path: Points, count: int, normals: npt.NDArray[np.float64]) -> None:
    """Write the unit normal of every edge, outward on a clockwise path."""
    for i in range(count):
        j = i + 1 if i + 1 < count else 0
        run, rise = float(path[j, 0] - path[i, 0]), float(path[j, 1] - path[i, 1])
        scale = 1.0 / math.sqrt(run * run + rise * rise)
        normals[i, 0], normals[i, 1] = rise * scale, -(run * scale)


@compiled
def dilate(
    path: Points,
    count: int,
    normals: npt.NDArray[np.float64],
    distance: float,
    outline: Points,
) -> int:
    """Write the outline of a convex path moved outwards; corners become arcs.

    Returns:
        Points written, at most ``2 * count + steps_per_turn(distance)`` and a few; or 0 where a
        corner is so sharp that rounding may make its arc cross itself.
    """
    steps = steps_per_turn(distance)
    sine, cosine = math.sin(2 * math.pi / steps), math.cos(2 * math.pi / steps)
    written = 0
    k = count - 1
    for j in range(count):
        x, y = float(path[j, 0]), float(path[j, 1])
        kx, ky, jx, jy = normals[k, 0], normals[k, 1], normals[j, 0], normals[j, 1]
        cross, dot = kx * jy - jx * ky, kx * jx + ky * jy
        if abs(cross * distance) < 1.0 and dot > 0:
            # Clipper keeps the older normal for the next corner; the result hangs on it.
            outline[written, 0] = _rounded(x + kx * distance)
            outline[written, 1] = _rounded(y + ky * distance)
            written += 1
            continue
        if dot < SHARP:
            return 0
        angle = abs(math.atan2(min(cross, 1.0), dot))
        ux, uy = kx, ky
        for _ in range(max(_rounded(steps / (2 * math.pi) * angle), 1)):
            outline[written, 0] = _rounded(x + ux * distance)
            outline[written, 1] = _rounded(y + uy * distance)
            written += 1
            ux, uy = ux * cosine - sine * uy, ux * sine + uy * cosine
        outline[written, 0] = _rounded(x + jx * distance)
        outline[written, 1] = _rounded(y + jy * distance)
        written += 1
        k = j
    return written


@compiled
def steps_per_turn(distance: float) -> float:
    """Return how many chords a full circle of this radius takes, within the arc tolerance."""
    sagitta = min(ARC_TOLERANCE, distance * ARC_TOLERANCE)
    return min(math.pi / math.acos(1 - sagitta / distance), distance * math.pi)


@compiled
def shrink(
    path: Points,
    count: int,
    normals: npt.NDArray[np.float64],
    distance: float,
    moved: Points,
    outline: Points,
) -> int:
    """Write the outline of a convex path moved inwards.

    Args:
        path: Clockwise and convex.
        count: Its points.
        normals: Of its edges.
        distance: In pixels, above 0.
        moved: Room for ``2 * count`` points: both ends of every edge, moved by itself.
        outline: Room for ``count`` points.

    Returns:
        Points written, or 0 where the outcome hangs on how Clipper rounds: an edge vanishes, a
        corner is nearly straight, or a crossing lies on the same pixels of two edges.
    """
    for j in range(count):
        k = j - 1 if j else count - 1
        x, y = float(path[j, 0]), float(path[j, 1])
        kx, ky, jx, jy = normals[k, 0], normals[k, 1], normals[j, 0], normals[j, 1]
        if abs((kx * jy - jx * ky) * distance) < 1.0 or kx * jx + ky * jy < SHARP:
            return 0
        moved[2 * k + 1, 0] = _rounded(x - kx * distance)
        moved[2 * k + 1, 1] = _rounded(y - ky * distance)
        moved[2 * j, 0] = _rounded(x - jx * distance)
        moved[2 * j, 1] = _rounded(y - jy * distance)
    for j in range(count):
        k = j - 1 if j else count - 1
        if _is_blurred(moved, 2 * k, 2 * j):
            return 0
        outline[j, 0], outline[j, 1] = _crossing(moved, 2 * k, 2 * j, path, count)
    for j in range(count):
        k = j + 1 if j + 1 < count else 0
        run, rise = moved[2 * j + 1, 0] - moved[2 * j, 0], moved[2 * j + 1, 1] - moved[2 * j, 1]
        left = (outline[k, 0] - outline[j, 0]) * run + (outline[k, 1] - outline[j, 1]) * rise
        if left < SHORT_PX * math.sqrt(float(run * run + rise * rise)):
            return 0
    return count


@compiled
def _rounded(value: float) -> int:
    """Round halves away from zero, as Clipper does."""
    return int(value - 0.5) if value < 0 else int(value + 0.5)


@compiled
def _is_blurred(moved: Points, one: int, other: int) -> bool:
    """Whether two edges share a pixel of one of the rows at which Clipper orders them.

    Clipper sweeps over the rows of all points, and learns of a crossing when two edges have
    changed places from one such row to the next, by their rounded columns. Where these are equal
    it says nothing yet, and the crossing moves elsewhere.
    """
    ay, by, cy, dy = moved[one, 1], moved[one + 1, 1], moved[other, 1], moved[other + 1, 1]
    if ay == by or cy == dy:
        return False
    top, bottom = max(min(ay, by), min(cy, dy)), min(max(ay, by), max(cy, dy))
    if top >= bottom:
        return True
    first = _column(moved, one, top) - _column(moved, other, top)
    last = _column(moved, one, bottom) - _column(moved, other, bottom)
    if first == 0 or last == 0 or (first < 0) == (last < 0):
        return True
    return False


@compiled
def _column(moved: Points, edge: int, y: int) -> int:
    """Return the column of an edge, not level, in a row that it passes: Clipper's ``TopX``."""
    low, high = (edge, edge + 1) if moved[edge, 1] > moved[edge + 1, 1] else (edge + 1, edge)
    if y == moved[high, 1]:
        return int(moved[high, 0])
    rise = moved[high, 1] - moved[low, 1]
    slope = float(moved[high, 0] - moved[low, 0]) / float(rise)
    return int(moved[low, 0] + _rounded(slope * float(y - moved[low, 1])))


@compiled
def _crossing(moved: Points, one: int, other: int, path: Points, count: int) -> tuple[int, int]:
    """Return the pixel where two edges cross: Clipper's ``IntersectPoint``."""
    a, b, c, d = one, one + 1, other, other + 1
    if moved[a, 1] == moved[b, 1]:
        return (
            (int(moved[b, 0]), int(moved[b, 1]))
            if moved[c, 1] == moved[d, 1]
            else (_column(moved, other, moved[a, 1]), int(moved[a, 1]))
        )
    if moved[c, 1] == moved[d, 1]:
        return _column(moved, one, moved[c, 1]), int(moved[c, 1])
    # From the lower end, as Clipper does: the last bit of a slope decides a tie.
    if moved[a, 1] < moved[b, 1]:
        a, b = b, a
    if moved[c, 1] < moved[d, 1]:
        c, d = d, c
    ax, ay, cx, cy = (
        float(moved[a, 0]),
        float(moved[a, 1]),
        float(moved[c, 0]),
        float(moved[c, 1]),
    )
    slope = (float(moved[b, 0]) - ax) / (float(moved[b, 1]) - ay)
    steep = (float(moved[d, 0]) - cx) / (float(moved[d, 1]) - cy)
    one_zero, other_zero = ax - ay * slope, cx - cy * steep
    y = (other_zero - one_zero) / (slope - steep)
    row = max(moved[b, 1], moved[d, 1])
    for i in range(2 * count):
        if row < moved[i, 1] <= y:
            row = moved[i, 1]
    for i in range(count):
        if row < path[i, 1] <= y:
            row = path[i, 1]
    if _column(moved, one, row) == _column(moved, other, row):
        return _column(moved, one, row), int(row)
    if slope == 0:
        return int(moved[a, 0]), _rounded(ax / steep + (cy - cx / steep))
    if steep == 0:
        return int(moved[c, 0]), _rounded(cx / slope + (ay - ax / slope))
    if abs(slope) < abs(steep):
        return _rounded(slope * y + one_zero), _rounded(y)
    return _rounded(steep * y + other_zero), _rounded(y)
