"""The border of the threshold map: how near every pixel is to a text's outline, compiled.

The published distance to an edge (see `reference`) is the perpendicular where Thales' circle over
the edge holds the pixel, and the distance to the nearer end elsewhere. Two simpler fields have
the same minimum over a whole outline: the perpendicular of every edge, inside its circle only,
and the distance to every vertex, everywhere. In a row, the circle and the reach D are intervals
of columns. So each edge and each vertex touches the few columns it can matter in, with no test
per pixel, and since the canvas keeps the largest value no distance need be stored.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from feedrate.targets.jit import compiled, fused
from feedrate.targets.reaches import (
    Columns,
    Window,
    find_circle,
    find_disc,
    find_strip,
    rows_near,
    settle_ties,
)

STEP = 16
"""Columns that are raised at once: what fits a vector register of float32."""

SHORTEST_PX = 1e-9
"""Length of an edge worth drawing; what a shorter one is near, its ends are."""

LANES = np.arange(STEP, dtype=np.float32)

Canvas = npt.NDArray[np.float32]


@compiled
def draw_border(
    canvas: Canvas,
    polygon: npt.NDArray[np.float64],
    count: int,
    distance: float,
    origin: tuple[int, int],
    window: Window,
    least: float,
    span: float,
    segment: bool,
    lows: Columns,
    highs: Columns,
) -> None:
    """Raise the canvas to ``least + span * (1 - min(d / D, 1))`` around one outline.

    Args:
        canvas: ``(height, width)``, width at least `STEP`, nowhere below `least`.
        polygon: Its first `count` points.
        count: Of points.
        distance: D in pixels.
        origin: From where `reference` counts: left and top of the dilated outline.
        window: Left, top, right, bottom, inclusive and in the frame: nothing is drawn outside;
            left > right or top > bottom where that is nowhere.
        least: Value at D and beyond.
        span: From there to the value on the outline.
        segment: The true distance in place of the published one.
        lows: ``(height,)`` scratch: the first column of a row.
        highs: ``(height,)`` scratch: the last column of a row.
    """
    if window[0] > window[2] or window[1] > window[3]:
        return
    for i in range(count):
        j = i + 1 if i + 1 < count else 0
        ax, ay, bx, by = polygon[i, 0], polygon[i, 1], polygon[j, 0], polygon[j, 1]
        first, rows = rows_near(ay, ay, distance, window)
        find_disc(ax, ay, distance, window, first, rows, lows, highs)
        _raise_disc(canvas, ax, ay, first, rows, lows, highs, distance, least, span)
        length = math.sqrt((bx - ax) * (bx - ax) + (by - ay) * (by - ay))
        if length < SHORTEST_PX:
            continue
        first, rows = rows_near(ay, by, distance, window)
        if segment:
            find_strip(ax, ay, bx, by, distance, window, first, rows, lows, highs)
        else:
            ties = find_circle(ax, ay, bx, by, distance, window, first, rows, lows, highs)
            if ties:
                settle_ties(ax, ay, bx, by, origin, window, first, rows, lows, highs)
        climb, fall = (by - ay) / length / distance, (bx - ax) / length / distance
        _raise_strip(canvas, ax, ay, first, rows, lows, highs, climb, fall, least, span)


@fused
def _raise_disc(
    canvas: Canvas,
    x: float,
    y: float,
    first: int,
    rows: int,
    lows: Columns,
    highs: Columns,
    distance: float,
    least: float,
    span: float,
) -> None:
    """Raise the canvas around a vertex, from which d is counted."""
    one, low_level, range_ = np.float32(1), np.float32(least), np.float32(span)
    inverse = np.float32(1 / distance)
    # Columns count from the nearest whole one: the smaller a float32, the finer.
    middle = int(x)
    base = np.float32(middle - x)
    for k in range(rows):
        row, square = np.uint64(first + k), np.float32((first + k - y) * (first + k - y))
        low, high = lows[k], highs[k]
        while low <= high:
            start = min(low, canvas.shape[1] - STEP)
            near, far = np.float32(low - start), np.float32(high - start)
            shift, at = np.float32(start - middle), np.uint64(start)
            for lane in range(np.uint64(STEP)):
                across = (LANES[lane] + shift) + base
                near_one = one - np.sqrt(across * across + square) * inverse
                inside = (LANES[lane] >= near) & (LANES[lane] <= far)
                value = near_one * range_ + low_level if inside else np.float32(0)
                old = canvas[row, at + lane]
                canvas[row, at + lane] = value if value > old else old
            low = start + STEP


@fused
def _raise_strip(
    canvas: Canvas,
    x: float,
    y: float,
    first: int,
    rows: int,
    lows: Columns,
    highs: Columns,
    climb: float,
    fall: float,
    least: float,
    span: float,
) -> None:
    """Raise the canvas beside a line, where d / D is ``|climb * (x' - x) - fall * (y' - y)|``."""
    one, low_level, range_ = np.float32(1), np.float32(least), np.float32(span)
    gradient = np.float32(climb)
    for k in range(rows):
        low, high = lows[k], highs[k]
        row = np.uint64(first + k)
        middle = (low + high) // 2
        base = np.float32((middle - x) * climb - (first + k - y) * fall)
        while low <= high:
            start = min(low, canvas.shape[1] - STEP)
            near, far = np.float32(low - start), np.float32(high - start)
            shift, at = np.float32(start - middle), np.uint64(start)
            for lane in range(np.uint64(STEP)):
                near_one = one - abs((LANES[lane] + shift) * gradient + base)
                inside = (LANES[lane] >= near) & (LANES[lane] <= far)
                value = near_one * range_ + low_level if inside else np.float32(0)
                old = canvas[row, at + lane]
                canvas[row, at + lane] = value if value > old else old
            low = start + STEP
