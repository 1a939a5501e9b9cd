"""Which pixels a vertex or an edge matters to: first and last column of every row, compiled."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from feedrate.targets.jit import compiled

Columns = npt.NDArray[np.int64]
"""``(height,)``: a column for every row, counted from the first row in question."""

Window = tuple[int, int, int, int]
"""Left, top, right, bottom, inclusive; not empty."""

TIE_PX = 1e-5
"""Nearer to a pixel than this, rounding may put Thales' circle on either side of it."""

LEVEL_PX = 1e-100
"""An edge that rises by less is level: the columns a row of it takes are no numbers any more."""


@compiled
def slope(run: float, rise: float, distance: float) -> tuple[float, float]:
    """Return by how many columns a line moves each row, and how far along a row D reaches."""
    if abs(rise) < LEVEL_PX:
        return 0.0, math.inf
    return run / rise, distance * math.sqrt(run * run + rise * rise) / abs(rise)


@compiled
def rows_near(ay: float, by: float, distance: float, window: Window) -> tuple[int, int]:
    """Return the first row of the window within D of an edge, and how many there are."""
    first = max(window[1], math.ceil(min(ay, by) - distance))
    return first, min(window[3], int(max(ay, by) + distance)) + 1 - first


@compiled
def find_disc(
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
def find_circle(
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
    lean, reach = slope(run, rise, distance)
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
def settle_ties(
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
            # Where the reach ends first, the circle's end is of no interest.
            if end <= middle and inside and lows[k] == place + 1 and place >= window[0]:
                lows[k] = place
            if end <= middle and not inside:
                lows[k] = max(lows[k], place + 1)
            if end >= middle and inside and highs[k] == place - 1 and place <= window[2]:
                highs[k] = place
            if end >= middle and not inside:
                highs[k] = min(highs[k], place - 1)


@compiled
def find_strip(
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
    lean, reach = slope(run, rise, distance)
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
        # Cut before rounding: beside a nearly upright edge both lie beyond any whole number.
        lows[k] = math.ceil(min(max(low, left), right + 1.0))
        highs[k] = math.floor(max(min(high, right), left - 1.0))
