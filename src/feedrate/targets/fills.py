"""An outline fills a mask: what OpenCV's ``fillPoly`` draws, to the pixel, compiled.

Two steps, as there: the line of every edge, then every row from crossing to crossing (even-odd).
Crossings advance in 16.16 fixed point; edges that leave the frame are cut to it first, with
``clipLine``'s whole-number arithmetic.
"""

from __future__ import annotations

import numpy as np

from feedrate.targets.jit import compiled
from feedrate.targets.offsets import Points
from feedrate.targets.params import Mask

CROSSINGS = 8
"""Room for crossings in a row; convex outlines have two, ignored ones may have more."""

BITS = 16
"""Of a column's fraction."""


@compiled
def fill_outline(
    mask: Mask, outline: Points, count: int, value: int, crossings: Points, counts: Points
) -> bool:
    """Set a mask inside an outline and on it.

    Args:
        mask: ``(height, width)``.
        outline: Its first `count` points, whole pixels, in the frame or not.
        count: One or more.
        value: To write.
        crossings: ``(height, CROSSINGS)`` scratch.
        counts: ``(height,)`` scratch.

    Returns:
        False where a row has more crossings than there is room for: OpenCV itself must fill.
    """
    height, width = mask.shape
    top, bottom, left, right, turns = _survey(outline, count)
    if turns <= 2 and left >= 0 and top >= 0 and right < width and bottom < height:
        _fill_simple(mask, outline, count, value, top, bottom, crossings)
        return True
    first, last = max(top, 0), min(bottom, height - 1)
    for y in range(first, last + 1):
        counts[y] = 0
    for i in range(count):
        j = i - 1 if i else count - 1
        x, y, to_x, to_y = outline[j, 0], outline[j, 1], outline[i, 0], outline[i, 1]
        _draw_line(mask, x, y, to_x, to_y, value)
        if y != to_y and not _cross_rows(x, y, to_x, to_y, width, crossings, counts):
            return False
    for y in range(first, last + 1):
        for n in range(0, counts[y] - 1, 2):
            begin = max((crossings[y, n] + (1 << BITS) - 1) >> BITS, 0)
            end = min(crossings[y, n + 1] >> BITS, width - 1)
            for x in range(begin, end + 1):
                mask[y, x] = value
    return True


@compiled
def _survey(outline: Points, count: int) -> tuple[int, int, int, int, int]:
    """Return top, bottom, left and right, and how often the outline turns from down to up."""
    top = bottom = outline[0, 1]
    left = right = outline[0, 0]
    turns, heading = 0, 0
    y = outline[count - 1, 1]
    for i in range(count):
        left, right = min(left, outline[i, 0]), max(right, outline[i, 0])
        top, bottom = min(top, outline[i, 1]), max(bottom, outline[i, 1])
        sign = 1 if outline[i, 1] > y else (-1 if outline[i, 1] < y else 0)
        if sign != 0:
            turns += heading == -sign
            heading = sign
        y = outline[i, 1]
    return top, bottom, left, right, turns


@compiled
def _fill_simple(
    mask: Mask, outline: Points, count: int, value: int, top: int, bottom: int, ends: Points
) -> None:
    """Fill an outline inside the frame that goes down once and up once: its lines bound it.

    Every row is one run of pixels, between the outermost that the lines of the edges touch.
    """
    for y in range(top, bottom + 1):
        ends[y, 0], ends[y, 1] = mask.shape[1], -1
    for i in range(count):
        j = i - 1 if i else count - 1
        _bound_line(outline[j, 0], outline[j, 1], outline[i, 0], outline[i, 1], ends)
    for y in range(top, bottom + 1):
        row = np.uint64(y)
        for x in range(np.uint64(ends[y, 0]), np.uint64(ends[y, 1] + 1)):
            mask[row, x] = value


@compiled
def _bound_line(x: int, y: int, to_x: int, to_y: int, ends: Points) -> None:
    """Widen the run of every row by the pixels of Bresenham's line."""
    if x > to_x:
        x, y, to_x, to_y = to_x, to_y, x, y
    run, rise = to_x - x, abs(to_y - y)
    down = 1 if to_y > y else -1
    if run < rise:
        error = rise - 2 * run
        for _ in range(rise + 1):
            ends[y, 0], ends[y, 1] = min(ends[y, 0], x), max(ends[y, 1], x)
            if error < 0:
                error += 2 * rise
                x += 1
            error -= 2 * run
            y += down
        return
    begin = x
    for row in range(rise + 1):
        end = to_x if row == rise else x + (2 * row + 1) * run // (2 * rise)
        ends[y, 0], ends[y, 1] = min(ends[y, 0], begin), max(ends[y, 1], end)
        begin = end + 1
        y += down


@compiled
def _cross_rows(
    x: int, y: int, to_x: int, to_y: int, width: int, crossings: Points, counts: Points
) -> bool:
    """Note where an edge that is not level crosses rows, each row's crossings in order.

    The edge owns its upper end's row and not its lower's. One that leaves the frame is drawn, and
    crosses rows, from where it was cut; its slope is that of the cut line.
    """
    height = len(counts)
    from_x, from_y, end_x, end_y = x, y, to_x, to_y
    if min(x, to_x) < 0 or max(x, to_x) >= width or min(y, to_y) < 0 or max(y, to_y) >= height:
        _, from_x, cut_y, end_x, cut_to_y = _cut(x, y, to_x, to_y, width - 1, height - 1)
        if cut_y != cut_to_y:
            from_y, end_y = cut_y, cut_to_y
    if y > to_y:
        y, to_y, from_x, from_y, end_x, end_y = to_y, y, end_x, end_y, from_x, from_y
    run, rise = (end_x - from_x) << BITS, end_y - from_y
    step = abs(run) // abs(rise)  # towards zero, as in C
    if (run < 0) != (rise < 0):
        step = -step
    begin = max(y, 0)
    column = (from_x << BITS) + (begin - from_y) * step
    for row in range(begin, min(to_y, height)):
        n = counts[row]
        if n == CROSSINGS:
            return False
        counts[row] = n + 1
        while n > 0 and crossings[row, n - 1] > column:
            crossings[row, n] = crossings[row, n - 1]
            n -= 1
        crossings[row, n] = column
        column += step
    return True


@compiled
def _draw_line(mask: Mask, x: int, y: int, to_x: int, to_y: int, value: int) -> None:
    """Draw Bresenham's line, from its left end to its right one."""
    height, width = mask.shape
    if min(x, to_x) < 0 or max(x, to_x) >= width or min(y, to_y) < 0 or max(y, to_y) >= height:
        seen, x, y, to_x, to_y = _cut(x, y, to_x, to_y, width - 1, height - 1)
        if not seen:
            return
    if x > to_x:
        x, y, to_x, to_y = to_x, to_y, x, y
    run, rise = to_x - x, abs(to_y - y)
    down = 1 if to_y > y else -1
    if run < rise:
        error = rise - 2 * run
        for _ in range(rise + 1):
            mask[y, x] = value
            if error < 0:
                error += 2 * rise
                x += 1
            error -= 2 * run
            y += down
        return
    begin = x
    for row in range(rise + 1):
        # The last column of this row, in closed form: flat edges are long.
        end = to_x if row == rise else x + (2 * row + 1) * run // (2 * rise)
        for column in range(begin, end + 1):
            mask[y + down * row, column] = value
        begin = end + 1


@compiled
def _cut(
    x: int, y: int, to_x: int, to_y: int, right: int, bottom: int
) -> tuple[bool, int, int, int, int]:
    """Cut a line to the frame as OpenCV's ``clipLine`` does; False where nothing is left."""
    here, there = _zone(x, y, right, bottom), _zone(to_x, to_y, right, bottom)
    if here & there == 0 and here | there != 0:
        if here & 12:
            edge = 0 if here < 8 else bottom
            x += int(float(edge - y) * (to_x - x) / (to_y - y))
            y = edge
            here = (x < 0) + (x > right) * 2
        if there & 12:
            edge = 0 if there < 8 else bottom
            to_x += int(float(edge - to_y) * (to_x - x) / (to_y - y))
            to_y = edge
            there = (to_x < 0) + (to_x > right) * 2
        if here & there == 0 and here | there != 0:
            if here:
                edge = 0 if here == 1 else right
                y += int(float(edge - x) * (to_y - y) / (to_x - x))
                x = edge
                here = 0
            if there:
                edge = 0 if there == 1 else right
                to_y += int(float(edge - to_x) * (to_y - y) / (to_x - x))
                to_x = edge
                there = 0
    return here | there == 0, x, y, to_x, to_y


@compiled
def _zone(x: int, y: int, right: int, bottom: int) -> int:
    """Say on which sides of the frame a point lies: 1 left, 2 right, 4 above, 8 below."""
    return (x < 0) + (x > right) * 2 + (y < 0) * 4 + (y > bottom) * 8
