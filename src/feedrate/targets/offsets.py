"""A convex polygon moves outwards: the whole-pixel outline of Clipper 6, compiled.

A port of what ``ClipperOffset`` (Angus Johnson, Clipper 6.4.2, as pyclipper wraps it) does with
one closed path, round joins and an arc tolerance of a quarter pixel. Clipper first moves every
edge by itself and then unites what overlaps; of a convex path moved outwards, nothing overlaps.
`insets` moves it inwards.
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
        run = path[j, 0] - path[i, 0]
        if _turn(path, i, j, k) < 0:
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
            outline[written, 0] = rounded(x + kx * distance)
            outline[written, 1] = rounded(y + ky * distance)
            written += 1
            continue
        if dot < SHARP:
            return 0
        angle = abs(math.atan2(min(cross, 1.0), dot))
        ux, uy = kx, ky
        for _ in range(max(rounded(steps / (2 * math.pi) * angle), 1)):
            outline[written, 0] = rounded(x + ux * distance)
            outline[written, 1] = rounded(y + uy * distance)
            written += 1
            ux, uy = ux * cosine - sine * uy, ux * sine + uy * cosine
        outline[written, 0] = rounded(x + jx * distance)
        outline[written, 1] = rounded(y + jy * distance)
        written += 1
        k = j
    return _straighten(outline, written)


@compiled
def _straighten(outline: Points, count: int) -> int:
    """Drop points between collinear neighbours, as Clipper does; returns how many are left.

    Inside the frame no pixel depends on them, but an edge that leaves it is cut elsewhere.
    """
    kept = 0
    for i in range(count):
        while kept > 1 and _turn(outline, kept - 2, kept - 1, i) == 0:
            kept -= 1
        outline[kept, 0], outline[kept, 1] = outline[i, 0], outline[i, 1]
        kept += 1
    while kept > 2 and _turn(outline, kept - 2, kept - 1, 0) == 0:
        kept -= 1
    if kept > 2 and _turn(outline, kept - 1, 0, 1) == 0:
        kept -= 1
        outline[0, 0], outline[0, 1] = outline[kept, 0], outline[kept, 1]
    return kept


@compiled
def _turn(path: Points, i: int, j: int, k: int) -> int:
    """Return twice the area of a triangle: positive where the path turns right on screen."""
    run, rise = path[j, 0] - path[i, 0], path[j, 1] - path[i, 1]
    return int(run * (path[k, 1] - path[j, 1]) - rise * (path[k, 0] - path[j, 0]))


@compiled
def steps_per_turn(distance: float) -> float:
    """Return how many chords a full circle of this radius takes, within the arc tolerance."""
    sagitta = min(ARC_TOLERANCE, distance * ARC_TOLERANCE)
    return min(math.pi / math.acos(1 - sagitta / distance), distance * math.pi)


@compiled
def rounded(value: float) -> int:
    """Round halves away from zero, as Clipper does."""
    return int(value - 0.5) if value < 0 else int(value + 0.5)
