"""Which polygons take part in the maps, their offset outlines, and the three maps those fill.

The first half of the specification; the reference and the kernel share it, so that they can
differ in the threshold map alone. Semantics of MhLiao/DB (``validate_polygons``,
``MakeSegDetectionData``): clip to the frame first, shrink before the border is drawn.

Clipper joins a corner that is nearly straight, or very sharp, in a way that depends on the vertex
the outline starts at; this is kept as it is published. Boxes, rotated or not, do not depend on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import pyclipper

from feedrate.geometry import clip_to_frame, perimeter, shorter_side, signed_area
from feedrate.sample import Polygon
from feedrate.targets.params import Mask, TargetParams

Outline = npt.NDArray[np.int32]
"""``(N, 2)`` int32 pixels ``(x, y)``, what OpenCV fills."""

MIN_AREA_PX = 1.0


@dataclass(frozen=True, eq=False)
class Region:
    """One text that takes part.

    Attributes:
        polygon: ``(N, 2)`` float64, clipped to the frame.
        distance: The offset D in pixels.
        shrunk: The outline moved inwards by D, one or more parts.
        dilated: The outline moved outwards by D.
    """

    polygon: Polygon
    distance: float
    shrunk: tuple[Outline, ...]
    dilated: Outline


def find_regions(
    polygons: Sequence[Polygon],
    ignore: Sequence[bool],
    size: tuple[int, int],
    params: TargetParams,
) -> tuple[list[Region], list[Outline]]:
    """Divide polygons into those that take part and those that are masked out.

    A polygon without points or with a coordinate that is not finite has no place in the frame:
    it is in neither list. Masked out are: ignored ones, texts too small, areas under one square
    pixel (two points, a self-crossing whose loops cancel, whatever lies outside of the frame),
    and texts of which shrinking leaves nothing.

    Args:
        polygons: Each ``(N, 2)``, in the frame of the maps; left as they are.
        ignore: One flag a polygon.
        size: ``(height, width)`` of the maps in pixels.
        params: How to shrink, and what is too small.

    Returns:
        The regions, and the outlines to mask out.

    Raises:
        ValueError: A polygon is not ``(N, 2)``, or the flags are not as many as the polygons.
    """
    if len(polygons) != len(ignore):
        raise ValueError(f"{len(polygons)} polygons but {len(ignore)} ignore flags")
    regions, masked = list[Region](), list[Outline]()
    for raw, ignored in zip(polygons, ignore, strict=True):
        polygon = _as_points(raw)
        if not polygon.size or not np.isfinite(polygon).all():
            continue
        polygon = clip_to_frame(polygon, size)
        region = None if ignored else _offset(polygon, params)
        if region is None:
            masked.append(polygon.astype(np.int32))
        else:
            regions.append(region)
    return regions, masked


def fill_regions(
    regions: Sequence[Region],
    masked: Sequence[Outline],
    shrink_map: Mask,
    shrink_mask: Mask,
    threshold_mask: Mask,
) -> None:
    """Write the shrink map and both masks, whatever they held before; outlines are included."""
    shrink_map.fill(0)
    shrink_mask.fill(1)
    threshold_mask.fill(0)
    for outline in masked:
        cv2.fillPoly(shrink_mask, [outline], 0)
    for region in regions:
        # One call a part: a single call fills by parity, and overlapping texts would cancel.
        for part in region.shrunk:
            cv2.fillPoly(shrink_map, [part], 1)
        cv2.fillPoly(threshold_mask, [region.dilated], 1)


def _as_points(polygon: Polygon) -> Polygon:
    points = np.asarray(polygon, dtype=np.float64)
    if points.size and (points.ndim != 2 or points.shape[1] != 2):
        raise ValueError(f"a polygon has shape {points.shape}, must be (N, 2)")
    return points


def _offset(polygon: Polygon, params: TargetParams) -> Region | None:
    """Shrink and dilate by ``D = area * (1 - r^2) / perimeter``; None where nothing is left."""
    area = abs(signed_area(polygon))
    if shorter_side(polygon) < params.min_text_side or area < MIN_AREA_PX:
        return None
    distance = area * (1 - params.shrink_ratio**2) / perimeter(polygon)
    offset = pyclipper.PyclipperOffset()
    # Clipper works on whole numbers and pyclipper truncates; here that is said, not hidden.
    subject = polygon.astype(np.int64).tolist()
    offset.AddPath(subject, pyclipper.JT_ROUND, pyclipper.ET_CLOSEDPOLYGON)
    shrunk = offset.Execute(-distance)
    dilated = offset.Execute(distance) if shrunk else []
    if not dilated:
        return None
    kept = shrunk[:1] if params.preset == "db" else shrunk
    outlines = tuple(np.array(part, dtype=np.int32) for part in kept)
    return Region(polygon, distance, outlines, np.array(dilated[0], dtype=np.int32))
