"""The readable specification of the target maps: plain numpy, pyclipper and OpenCV.

Semantics and cost are those of MhLiao/DB (``MakeSegDetectionData``, then ``MakeBorderMap``) fed
float64 polygons. Every faster way to make maps must agree with this one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from feedrate.sample import Polygon
from feedrate.targets.params import DEFAULT_PARAMS, TargetParams, Targets
from feedrate.targets.regions import Region, fill_regions, find_regions

Grid = npt.NDArray[np.float64]


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
        ``(height, width)`` maps: uint8, uint8, float32, uint8.

    Raises:
        ValueError: A polygon is not ``(N, 2)``, or the flags are not as many as the polygons.
    """
    regions, masked = find_regions(polygons, ignore, size, params)
    shrink_map, shrink_mask, threshold_mask = (np.empty(size, dtype=np.uint8) for _ in range(3))
    fill_regions(regions, masked, shrink_map, shrink_mask, threshold_mask)
    border = np.zeros(size, dtype=np.float32)
    for region in regions:
        _draw_border(border, region, params)
    threshold_map = border * (params.thresh_max - params.thresh_min) + params.thresh_min
    return Targets(shrink_map, shrink_mask, threshold_map.astype(np.float32), threshold_mask)


def _draw_border(border: npt.NDArray[np.float32], region: Region, params: TargetParams) -> None:
    """Raise the border to ``1 - min(d / D, 1)`` over the bounding box of the dilated outline.

    d is the distance to the nearest edge. The largest value of all texts holds, so a text's
    border overrides a neighbour's interior, whatever their order.
    """
    height, width = border.shape
    left, top = np.maximum(region.dilated.min(axis=0), 0)
    right, bottom = np.minimum(region.dilated.max(axis=0), (width - 1, height - 1))
    y, x = np.mgrid[top : bottom + 1, left : right + 1].astype(np.float64)
    ends = np.roll(region.polygon, -1, axis=0)
    distances = [
        np.clip(_distance_to_edge(x, y, start, end, params) / region.distance, 0, 1)
        for start, end in zip(region.polygon, ends, strict=True)
    ]
    window = border[top : bottom + 1, left : right + 1]
    np.fmax(window, 1 - np.min(distances, axis=0), out=window, casting="same_kind")


def _distance_to_edge(x: Grid, y: Grid, start: Polygon, end: Polygon, params: TargetParams) -> Grid:
    """Distance of every pixel to an edge, by one of two rules.

    ``thales`` is the published rule: the perpendicular distance where the pixel sees the edge
    under at least a right angle (inside the circle over the edge), else the distance to the
    nearer end point, even beside the edge. It is never below the true distance and dents the
    border near vertices. ``segment`` is the true distance.

    The publication takes the perpendicular from the law of cosines, which loses half of the
    digits near the edge and takes roots of negative numbers (NaN) in float32; the cross product
    is the same length without either.
    """
    from_start = x - start[0], y - start[1]
    from_end = x - end[0], y - end[1]
    along = end[0] - start[0], end[1] - start[1]
    square_start = np.square(from_start[0]) + np.square(from_start[1])
    square_end = np.square(from_end[0]) + np.square(from_end[1])
    to_end_point: Grid = np.sqrt(np.fmin(square_start, square_end))
    length = np.hypot(*along)
    if length == 0:
        return to_end_point
    perpendicular = np.abs(from_start[0] * along[1] - from_start[1] * along[0]) / length
    if params.distance == "thales":
        beside = from_start[0] * from_end[0] + from_start[1] * from_end[1] <= 0
    else:
        beside = (from_start[0] * along[0] + from_start[1] * along[1] >= 0) & (
            from_end[0] * along[0] + from_end[1] * along[1] <= 0
        )
    distance: Grid = np.where(beside, perpendicular, to_end_point)
    return distance
