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

STEP = 16
"""Columns that are raised at once: what fits a vector register of float32."""

TIE_PX = 1e-5
"""Nearer to a pixel than this, rounding may put Thales' circle on either side of it."""

LANES = np.arange(STEP, dtype=np.float32)

Canvas = npt.NDArray[np.float32]
Columns = npt.NDArray[np.int64]
Window = tuple[int, int, int, int]

fused = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "nsz"})


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
        window: Left, top, right, bottom, inclusive and in the frame: nothing is drawn outside.
        least: Value at D and beyond.
        span: From there to the value on the outline.
        segment: The true distance in place of the published one.
        lows: ``(height,)`` scratch: the first column of a row.
        highs: ``(height,)`` scratch: the last column of a row.
    """
    for i in range(count):
        j = i + 1 if i + 1 < count else 0
        ax, ay, bx, by = polygon[i, 0], polygon[i, 1], polygon[j, 0], polygon[j, 1]
        first, rows = _rows_near(ay, ay, distance, window)
        _find_disc(ax, ay, distance, window, first, rows, lows, highs)
        _raise_disc(canvas, ax, ay, first, rows, lows, highs, distance, least, span)
        if ax == bx and ay == by:
            continue
        first, rows = _rows_near(ay, by, distance, window)
        if segment:
            _find_strip(ax, ay, bx, by, distance, window, first, rows, lows, highs)
        else:
            ties = _find_circle(ax, ay, bx, by, distance, window, first, rows, lows, highs)
            if ties:
                _settle_ties(ax, ay, bx, by, origin, window, first, rows, lows, highs)
        scale = distance * math.sqrt((bx - ax) * (bx - ax) + (by - ay) * (by - ay))
        climb, fall = (by - ay) / scale, (bx - ax) / scale
        _raise_strip(canvas, ax, ay, first, rows, lows, highs, climb, fall, least, span)


@compiled
def _rows_near(ay: float, by: float, distance: float, window: Window) -> tuple[int, int]:
    """Return the first row of the window within D of an edge, and how many there are."""
    first = max(window[1], math.ceil(min(ay, by) - distance))
    return first, min(window[3], int(max(ay, by) + distance)) + 1 - first


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
                value = near_one * range_ + low_level
                old = canvas[row, at + lane]
                held = (LANES[lane] < near) | (LANES[lane] > far) | (old > value)
                canvas[row, at + lane] = old if held else value
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
                value = near_one * range_ + low_level
                old = canvas[row, at + lane]
                held = (LANES[lane] < near) | (LANES[lane] > far) | (old > value)
                canvas[row, at + lane] = old if held else value
            low = start + STEP


@compiled
def _find_disc(
    x: float,
    y: float,
    distance: float,
    window: Window,
    first: int,
    rows: int,
    lows: Columns,
    highs: Columns,
) -> None:
    """Find the columns of every row within D of a vertex."""
    left, right = float(window[0]), float(window[2])
    for k in range(rows):
        down = first + k - y
        half = math.sqrt(max(distance * distance - down * down, 0.0))
        lows[k] = int(max(math.ceil(x - half), left))
        highs[k] = int(min(math.floor(x + half), right))


@compiled
def _find_circle(
    ax: float,
    ay: float,
    bx: float,
    by: float,
    distance: float,
    window: Window,
    first: int,
    rows: int,
    lows: Columns,
    highs: Columns,
) -> bool:
    """Find the columns of every row inside Thales' circle, and within D of the line.

    Returns:
        Whether the circle passes a pixel so closely that the last bits decide if it is inside.
    """
    left, right = float(window[0]), float(window[2])
    run, rise = bx - ax, by - ay
    middle = (ax + bx) / 2
    ties = False
    lean = run / rise if rise != 0 else 0.0
    reach = distance * math.sqrt(run * run + rise * rise) / abs(rise) if rise != 0 else math.inf
    for k in range(rows):
        y = float(first + k)
        square = run * run / 4 - (y - ay) * (y - by)
        half = math.sqrt(max(square, 0.0))
        ties |= (abs(middle - half - np.rint(middle - half)) < TIE_PX) | (
            abs(middle + half - np.rint(middle + half)) < TIE_PX
        )
        line = ax + (y - ay) * lean
        low, high = max(middle - half, line - reach), min(middle + half, line + reach)
        lows[k] = int(max(math.ceil(low), left))
        highs[k] = int(min(math.floor(high), right)) if square >= -TIE_PX else -1
    return ties


@compiled
def _settle_ties(
    ax: float,
    ay: float,
    bx: float,
    by: float,
    origin: tuple[int, int],
    window: Window,
    first: int,
    rows: int,
    lows: Columns,
    highs: Columns,
) -> None:
    """Let the reference's own arithmetic say where the circle ends, one column to each side."""
    sx, sy, tx, ty = ax - origin[0], ay - origin[1], bx - origin[0], by - origin[1]
    edge = (sx - tx) * (sx - tx) + (sy - ty) * (sy - ty)
    run, middle = bx - ax, (ax + bx) / 2
    for k in range(rows):
        row = float(first + k)
        half = math.sqrt(max(run * run / 4 - (row - ay) * (row - by), 0.0))
        y = row - origin[1]
        for end in (middle - half, middle + half):
            column = np.rint(end)
            if abs(end - column) >= TIE_PX:
                continue
            x = column - origin[0]
            start_square = (x - sx) * (x - sx) + (y - sy) * (y - sy)
            end_square = (x - tx) * (x - tx) + (y - ty) * (y - ty)
            inside = edge - start_square - end_square >= 0
            place = int(column)
            if end <= middle:
                lows[k] = min(lows[k], max(place, window[0])) if inside else max(lows[k], place + 1)
            if end >= middle:
                highs[k] = (
                    max(highs[k], min(place, window[2])) if inside else min(highs[k], place - 1)
                )


@compiled
def _find_strip(
    ax: float,
    ay: float,
    bx: float,
    by: float,
    distance: float,
    window: Window,
    first: int,
    rows: int,
    lows: Columns,
    highs: Columns,
) -> None:
    """Find the columns of every row between the ends of an edge, and within D of the line."""
    left, right = float(window[0]), float(window[2])
    run, rise = bx - ax, by - ay
    lean = run / rise if rise != 0 else 0.0
    reach = distance * math.sqrt(run * run + rise * rise) / abs(rise) if rise != 0 else math.inf
    for k in range(rows):
        y = float(first + k)
        line = ax + (y - ay) * lean
        low, high = line - reach, line + reach
        if run == 0:
            if (y - ay) * rise < 0 or (y - by) * rise > 0:
                high = -1.0
        else:
            one, other = ax - (y - ay) * rise / run, bx - (y - by) * rise / run
            low, high = max(low, min(one, other)), min(high, max(one, other))
        lows[k] = int(max(math.ceil(low), left))
        highs[k] = int(min(math.floor(high), right))
