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

import numba
import numpy as np
import numpy.typing as npt

from feedrate.targets.jit import compiled

LANES = np.arange(16, dtype=np.float32)
"""Columns that are handled at once: what fits a vector register of float32."""

fused = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "nsz"})


@compiled
def draw_border(
    canvas: npt.NDArray[np.float32],
    polygon: npt.NDArray[np.float64],
    count: int,
    distance: float,
    window: tuple[int, int, int, int],
    ceiling: float,
    span: float,
    segment: bool,
    columns: npt.NDArray[np.int64],
) -> None:
    """Raise the canvas to ``ceiling - span * min(d / D, 1)`` around one outline.

    Args:
        canvas: ``(height, width)``, at least ``ceiling - span`` everywhere.
        polygon: Its first `count` points.
        count: Of points.
        distance: D in pixels.
        window: Left, top, right, bottom, inclusive and in the frame: nothing is drawn outside.
        ceiling: Value on the outline.
        span: From there to the value at D.
        segment: The true distance in place of the published one.
        columns: ``(height, 2)`` scratch: first and last column of every row.
    """
    for i in range(count):
        j = i + 1 if i + 1 < count else 0
        ax, ay, bx, by = polygon[i, 0], polygon[i, 1], polygon[j, 0], polygon[j, 1]
        _draw_vertex(canvas, ax, ay, distance, window, ceiling, span, columns)
        if ax != bx or ay != by:
            _draw_edge(canvas, ax, ay, bx, by, distance, window, ceiling, span, segment, columns)


@fused
def _draw_vertex(
    canvas: npt.NDArray[np.float32],
    x: float,
    y: float,
    distance: float,
    window: tuple[int, int, int, int],
    ceiling: float,
    span: float,
    columns: npt.NDArray[np.int64],
) -> None:
    """Raise the disc of radius D around a vertex."""
    left, top, right, bottom = window
    first, last = max(top, int(math.ceil(y - distance))), min(bottom, int(y + distance))
    for row in range(first, last + 1):
        half = math.sqrt(max(distance * distance - (row - y) * (row - y), 0.0))
        columns[row, 0] = int(max(math.ceil(x - half), float(left)))
        columns[row, 1] = int(min(math.floor(x + half), float(right)))
    height, slope = np.float32(ceiling), np.float32(span / distance)
    step = len(LANES)
    for row in range(first, last + 1):
        square = np.float32((row - y) * (row - y))
        begin, end = columns[row, 0], columns[row, 1]
        while begin <= end:
            # The last step of a row is moved back into the frame; what it meets twice stays.
            start = min(begin, canvas.shape[1] - step)
            base = np.float32(start - x)
            low, high = np.float32(begin - start), np.float32(end - start)
            at = np.uint64(start)
            for k in range(np.uint64(step)):
                across = LANES[k] + base
                value = height - slope * np.sqrt(across * across + square)
                old = canvas[row, at + k]
                held = (LANES[k] < low) | (LANES[k] > high) | (old > value)
                canvas[row, at + k] = old if held else value
            begin = start + step


@fused
def _draw_edge(
    canvas: npt.NDArray[np.float32],
    ax: float,
    ay: float,
    bx: float,
    by: float,
    distance: float,
    window: tuple[int, int, int, int],
    ceiling: float,
    span: float,
    segment: bool,
    columns: npt.NDArray[np.int64],
) -> None:
    """Raise the strip beside an edge, as far as its perpendicular is the distance."""
    top, bottom = window[1], window[3]
    run, rise = bx - ax, by - ay
    slope = span / distance / math.sqrt(run * run + rise * rise)
    first = max(top, int(math.ceil(min(ay, by) - distance)))
    last = min(bottom, int(max(ay, by) + distance))
    if segment:
        _columns_of_strip(ax, ay, bx, by, first, last, distance, window, columns)
    else:
        _columns_of_circle(ax, ay, bx, by, first, last, distance, window, columns)
    height, climb = np.float32(ceiling), np.float32(rise * slope)
    step = len(LANES)
    for row in range(first, last + 1):
        begin, end = columns[row, 0], columns[row, 1]
        while begin <= end:
            start = min(begin, canvas.shape[1] - step)
            base = np.float32(((start - ax) * rise - (row - ay) * run) * slope)
            low, high = np.float32(begin - start), np.float32(end - start)
            at = np.uint64(start)
            for k in range(np.uint64(step)):
                value = height - abs(LANES[k] * climb + base)
                old = canvas[row, at + k]
                held = (LANES[k] < low) | (LANES[k] > high) | (old > value)
                canvas[row, at + k] = old if held else value
            begin = start + step


@compiled
def _columns_of_circle(
    ax: float,
    ay: float,
    bx: float,
    by: float,
    first: int,
    last: int,
    distance: float,
    window: tuple[int, int, int, int],
    columns: npt.NDArray[np.int64],
) -> None:
    """Find the columns of every row inside Thales' circle, and within D of the line.

    No fused arithmetic: where a whole-numbered pixel lies on the circle, so must its square root.
    """
    left, right = float(window[0]), float(window[2])
    run, rise = bx - ax, by - ay
    middle = (ax + bx) / 2
    lean = run / rise if rise != 0 else 0.0
    reach = distance * math.sqrt(run * run + rise * rise) / abs(rise) if rise != 0 else math.inf
    for row in range(first, last + 1):
        square = run * run / 4 - (row - ay) * (row - by)
        half = math.sqrt(max(square, 0.0))
        line = ax + (row - ay) * lean
        low, high = max(middle - half, line - reach), min(middle + half, line + reach)
        columns[row, 0] = int(max(math.ceil(low), left))
        columns[row, 1] = int(min(math.floor(high), right)) if square >= 0 else -1


@compiled
def _columns_of_strip(
    ax: float,
    ay: float,
    bx: float,
    by: float,
    first: int,
    last: int,
    distance: float,
    window: tuple[int, int, int, int],
    columns: npt.NDArray[np.int64],
) -> None:
    """Find the columns of every row between the edge's ends, and within D of the line."""
    left, right = float(window[0]), float(window[2])
    run, rise = bx - ax, by - ay
    lean = run / rise if rise != 0 else 0.0
    reach = distance * math.sqrt(run * run + rise * rise) / abs(rise) if rise != 0 else math.inf
    for row in range(first, last + 1):
        line = ax + (row - ay) * lean
        low, high = line - reach, line + reach
        one, other = (row - ay) * rise, (row - by) * rise
        if run == 0:
            if one < 0 or other > 0:
                high = -1.0
        else:
            ends = ax - one / run, bx - other / run
            low, high = max(low, min(ends)), min(high, max(ends))
        columns[row, 0] = int(max(math.ceil(low), left))
        columns[row, 1] = int(min(math.floor(high), right))
