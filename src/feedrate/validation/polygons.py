"""Checks on the polygons of a sample; no file is opened."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import shapely

from feedrate.geometry import signed_area
from feedrate.sample import Polygon, Sample
from feedrate.validation.outlines import Outlines

Found = tuple[str, str, int]
"""Name of a check, the message, and the number of the instance, 0 for the whole annotation."""

Ring = tuple[tuple[float, float], ...]
"""An outline written so that two of the same points, wherever they begin, are equal."""

MIN_AREA_PX = 1.0
"""Square pixels; the target builder masks out what has less."""
TOLERANCE_PX = 1.0
"""Boxes drawn to the image's edge end at ``x = width``, one past the last pixel."""
FAR_PX = 2.0**20
"""Farther out an outline is out of frame, and its shape is not looked at."""
OTHER_ORDERS = ((0, 1, 3, 2), (0, 2, 1, 3))
"""The two further ways round four points."""


def check_polygons(sample: Sample, outlines: Outlines, size: tuple[int, int]) -> Iterator[Found]:
    """Yield what is wrong with the polygons of a sample, check by check.

    Args:
        sample: With all its polygons.
        outlines: Those of them that can be measured.
        size: The image's ``(width, height)``, zeros while unknown.
    """
    for number, item in enumerate(sample.instances, start=1):
        if len(item.polygon) < 3:
            points = f"{len(item.polygon)} points; an outline needs at least 3"
            yield "fewer_than_3_points", points, number
        elif not np.isfinite(item.polygon).all():
            message = f"{show(item.polygon)}: every coordinate must be a finite number"
            yield "not_finite", message, number
    yield from _check_areas(outlines)
    crossing = _find_crossings(outlines)
    yield from _check_shapes(outlines, crossing)
    if all(size):
        yield from _check_frame(outlines, size)
    yield from _check_repeats(outlines)
    # Which way round is a question to outlines that do not cross themselves.
    yield from _check_order(outlines, (outlines.areas <= -MIN_AREA_PX) & ~crossing)


def show(polygon: Polygon) -> str:
    """Write the points of an outline, the first eight of them."""
    points = " ".join(f"{x:g},{y:g}" for x, y in polygon[:8].tolist())
    return points if len(polygon) <= 8 else f"{points} and {len(polygon) - 8} more"


def _check_areas(outlines: Outlines) -> Iterator[Found]:
    for place in np.flatnonzero(np.abs(outlines.areas) < MIN_AREA_PX):
        shown, area = show(outlines.polygons[place]), abs(outlines.areas[place])
        message = f"{shown}: {area:g} square pixels; it is masked out of the maps"
        yield "zero_area", message, int(outlines.numbers[place])


def _find_crossings(outlines: Outlines) -> npt.NDArray[np.bool_]:
    # A quad that turns one way only goes round once: it is simple and convex.
    doubtful = ~outlines.quads | ((outlines.least_turns <= 0) & (outlines.most_turns >= 0))
    doubtful &= (np.abs(np.hstack([outlines.low, outlines.high])) <= FAR_PX).all(axis=1)
    for place in np.flatnonzero(doubtful):
        doubtful[place] = _crosses_itself(outlines.polygons[place])
    return doubtful


def _check_shapes(outlines: Outlines, crossing: npt.NDArray[np.bool_]) -> Iterator[Found]:
    for place in np.flatnonzero(crossing):
        polygon = outlines.polygons[place]
        message = f"{show(polygon)}: the outline crosses or touches itself{_other_order(polygon)}"
        yield "self_crossing", message, int(outlines.numbers[place])
    for place in np.flatnonzero(outlines.quads & outlines.bent & ~crossing):
        message = f"{show(outlines.polygons[place])}: a quad with a dent"
        yield "not_convex", message, int(outlines.numbers[place])


def _crosses_itself(polygon: Polygon) -> bool:
    if shapely.LinearRing(polygon).is_simple:
        return False
    # A flat outline touches itself all along: that is no area, not a crossing.
    return float(shapely.MultiPoint(polygon).convex_hull.area) > 0


def _other_order(polygon: Polygon) -> str:
    if len(polygon) != 4:
        return ""
    simple = (o for o in OTHER_ORDERS if shapely.LinearRing(polygon[list(o)]).is_simple)
    order = next(simple, None)
    return (
        f"; its points in the order {', '.join(str(i + 1) for i in order)} do not" if order else ""
    )


def _check_frame(outlines: Outlines, size: tuple[int, int]) -> Iterator[Found]:
    width, height = size
    over = outlines.high - (np.array(size) - 1.0)
    beyond = np.maximum(-outlines.low, over).max(axis=1, initial=-np.inf)
    for place in np.flatnonzero(beyond > TOLERANCE_PX):
        polygon = outlines.polygons[place]
        share = f", {_share_outside(polygon, size):.0%} of its area" * bool(outlines.areas[place])
        message = f"{beyond[place]:g} px outside of {width} x {height}{share}; it is clipped"
        yield "out_of_frame", f"{show(polygon)}: {message}", int(outlines.numbers[place])


def _share_outside(polygon: Polygon, size: tuple[int, int]) -> float:
    """Cut an outline at the four edges, as Sutherland and Hodgman do (1974).

    Not by GEOS: its repair of a crossing outline need not end where coordinates are absurd.
    """
    near: Polygon = np.clip(polygon, -FAR_PX, FAR_PX)
    inside, whole = near, abs(signed_area(near))
    for axis, bound, sign in ((0, 0, 1), (0, size[0], -1), (1, 0, 1), (1, size[1], -1)):
        inside = _cut(inside, sign * (inside[:, axis] - bound))
    return min(1.0, max(0.0, 1 - abs(signed_area(inside)) / whole)) if whole else 1.0


def _cut(points: Polygon, depths: npt.NDArray[np.float64]) -> Polygon:
    kept = list[Polygon]()
    after, depths_after = np.roll(points, -1, axis=0), np.roll(depths, -1)
    for here, there, depth, next_depth in zip(points, after, depths, depths_after, strict=True):
        if depth >= 0:
            kept.append(here)
        if (depth >= 0) != (next_depth >= 0):
            kept.append(here + (there - here) * (depth / (depth - next_depth)))
    return np.array(kept, np.float64).reshape(-1, 2)


def _check_repeats(outlines: Outlines) -> Iterator[Found]:
    """Find equal outlines, wherever they begin and whichever way they run."""
    if len(outlines.polygons) < 2:
        return
    boxes = [box.tobytes() for box in np.hstack([outlines.low, outlines.high])]
    shared = {box for box in boxes if boxes.count(box) > 1} if len({*boxes}) < len(boxes) else ()
    first: dict[tuple[tuple[float, float], ...], int] = {}
    for place, box in enumerate(boxes):
        if box in shared:
            number = int(outlines.numbers[place])
            earlier = first.setdefault(ring_of(outlines.polygons[place]), number)
            if earlier != number:
                yield "duplicate_polygon", f"the outline of instance {earlier} once more", number


def ring_of(polygon: Polygon) -> Ring:
    """Write an outline without repeated points, from its smallest point, the smaller way round."""
    points = [(x, y) for x, y in polygon.tolist()]
    kept = [a for a, b in zip(points, points[1:] + points[:1], strict=True) if a != b] or points[:1]
    least = min(kept, default=None)
    ways = (kept, kept[::-1])
    starts = ((way, at) for way in ways for at in range(len(way)) if way[at] == least)
    return min((tuple(way[at:] + way[:at]) for way, at in starts), default=())


def _check_order(outlines: Outlines, reversed_: npt.NDArray[np.bool_]) -> Iterator[Found]:
    numbers = outlines.numbers[reversed_]
    if len(numbers):
        all_of = f"{len(numbers)} of {len(outlines.polygons)} outlines"
        message = f"{all_of} run counter-clockwise on screen, the first is instance {numbers[0]}"
        yield "vertex_order", message, 0
