"""The readable specification of the target maps: plain numpy, pyclipper and OpenCV.

Preset ``db`` is MhLiao/DB (``MakeSegDetectionData``, then ``MakeBorderMap``, in training) fed
float64 polygons, bit for bit: the same operations in the same order, at the same cost. It differs
where that code yields NaN, and so loses a pixel: the law of cosines gives a sine whose square is
negative by rounding (clamped at 0 here), and a repeated point makes an edge without length, of
which the point itself is left. Every faster way to make maps must agree with this one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from feedrate.sample import Polygon
from feedrate.targets.params import DEFAULT_PARAMS, TargetParams, Targets
from feedrate.targets.regions import Region, fill_regions, find_regions

Grid = npt.NDArray[np.float64]
Point = npt.NDArray[np.float64]


def build_reference(
    polygons: Sequence[Polygon],
    ignore: Sequence[bool],
    size: tuple[int, int],
    params: TargetParams = DEFAULT_PARAMS,
) -> Targets:
    """Make the four maps of one image.

    Args:
        polygons: Each ``(N, 2)`` float64 pixels in the frame of the maps; left as they are.
        ignore: One flag a polygon.
        size: ``(height, width)`` of the maps.
        params: How the maps are made.

    Returns:
        ``(height, width)`` maps: uint8, uint8, float32, uint8; and the outcome of each polygon.

    Raises:
        ValueError: A polygon is not ``(N, 2)``, or the flags are not as many as the polygons.
    """
    found = find_regions(polygons, ignore, size, params)
    shrink_map, shrink_mask, threshold_mask = (np.empty(size, dtype=np.uint8) for _ in range(3))
    fill_regions(found, shrink_map, shrink_mask, threshold_mask)
    border = np.zeros(size, dtype=np.float32)
    with np.errstate(divide="ignore", invalid="ignore"):  # on a vertex the cosine is 0 / 0
        for region in found.regions:
            _draw_border(border, region, params)
    span, floor = np.float32(params.thresh_max - params.thresh_min), np.float32(params.thresh_min)
    threshold_map = border * span + floor
    return Targets(shrink_map, shrink_mask, threshold_map, threshold_mask, found.outcomes)


def _draw_border(border: npt.NDArray[np.float32], region: Region, params: TargetParams) -> None:
    """Raise the border to ``1 - min(d / D, 1)`` over the bounding box of the dilated outline.

    d is the distance to the nearest edge. The largest value of all texts holds, so a text's
    border overrides a neighbour's interior, whatever their order.
    """
    left, top, right, bottom = region.window
    if left > right or top > bottom:
        return
    x_origin, y_origin = region.origin
    shape = bottom - top + 1, right - left + 1
    x = np.broadcast_to(np.arange(left - x_origin, right - x_origin + 1.0), shape)
    y = np.broadcast_to(np.arange(top - y_origin, bottom - y_origin + 1.0)[:, np.newaxis], shape)
    starts = region.polygon - np.array(region.origin)
    distances = np.empty((len(starts), *shape), dtype=np.float32)
    for edge, (start, end) in enumerate(zip(starts, np.roll(starts, -1, axis=0), strict=True)):
        distances[edge] = np.clip(_distance(x, y, start, end, params) / region.distance, 0, 1)
    window = border[top : bottom + 1, left : right + 1]
    np.fmax(1 - distances.min(axis=0), window, out=window)


def _distance(x: Grid, y: Grid, start: Point, end: Point, params: TargetParams) -> Grid:
    """Distance of every pixel to an edge, by one of two rules.

    ``thales`` is the published rule: the perpendicular where the pixel sees the edge under at
    least a right angle (inside Thales' circle, which has the edge as its diameter), else the
    distance to the nearer end point, even beside the edge. It is never below the true distance
    and dents the border near vertices. ``segment`` is the true distance.
    """
    square_start = np.square(x - start[0]) + np.square(y - start[1])
    square_end = np.square(x - end[0]) + np.square(y - end[1])
    square_edge = np.square(start[0] - end[0]) + np.square(start[1] - end[1])
    to_end: Grid = np.sqrt(np.fmin(square_start, square_end))
    if square_edge == 0:
        return to_end
    if params.distance == "thales":
        # The law of cosines; this is minus the cosine of the angle at the pixel.
        cosine = square_edge - square_start - square_end
        cosine = cosine / (2 * np.sqrt(square_start * square_end))
        square_sine = np.fmax(1 - np.square(cosine), 0)
        distance: Grid = np.sqrt(square_start * square_end * square_sine / square_edge)
        beyond = cosine < 0
    else:
        # The cross product: the same perpendicular with all its digits.
        run, rise = end - start
        distance = np.abs((x - start[0]) * rise - (y - start[1]) * run) / np.sqrt(square_edge)
        along = (x - start[0]) * run + (y - start[1]) * rise
        beyond = (along < 0) | (along > square_edge)
    distance[beyond] = to_end[beyond]
    return distance
