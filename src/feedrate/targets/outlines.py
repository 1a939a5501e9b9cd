"""The outlines of one text: how short its side is, and what it shrinks and dilates to.

Order of operations (a faster way to make maps has to follow it, for a last bit can decide a pixel):
``D = area * (1 - r**2) / length``, all float64, from left to right. GEOS sums the area as
``(x_i - x_0) * (y_(i-1) - y_(i+1))`` over the vertices i = 1, 2, ..., N - 1 of the closed ring
(``y_N`` is ``y_0``), takes the absolute value and halves it; the length as
``sqrt(dx * dx + dy * dy)`` from the first edge to the last, the closing one. Clipper then works on
whole numbers: points are truncated towards zero, arcs are exact to 0.25 px, results are rounded.

Clipper joins a corner that is nearly straight, or very sharp, in a way that depends on the vertex
the outline starts at; this is kept as it is published. Boxes, rotated or not, do not depend on it.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pyclipper
import shapely

from feedrate.geometry import shorter_side
from feedrate.sample import Polygon
from feedrate.targets.params import Outcome, TargetParams
from feedrate.targets.presets import Choices

Outline = npt.NDArray[np.int32]
"""``(N, 2)`` int32 pixels ``(x, y)``, what OpenCV fills."""


def text_side(polygon: Polygon, choices: Choices) -> float:
    """Measure the side, in pixels, that decides whether a text is too small."""
    if choices.side == "rotated":
        return float(min(cv2.minAreaRect(polygon.astype(np.float32))[1]))
    return shorter_side(np.round(polygon) if choices.side == "rounded" else polygon)


def offset_distance(polygon: Polygon, shrink_ratio: float) -> float:
    """Compute D in pixels (the module's docstring says in which order) of a polygon with an area.

    Args:
        polygon: ``(N, 2)`` float64, N >= 3.
        shrink_ratio: r, between 0 and 1.
    """
    ring = shapely.Polygon(polygon)
    return float(ring.area * (1 - shrink_ratio**2) / ring.length)


def move(polygon: Polygon, *distances: float) -> list[list[Outline]]:
    """Move an outline outwards by each distance (pixels; inwards where negative), in parts."""
    offset = pyclipper.PyclipperOffset()
    # Clipper works on whole numbers and pyclipper truncates; here that is said, not hidden.
    subject = polygon.astype(np.int64).tolist()
    offset.AddPath(subject, pyclipper.JT_ROUND, pyclipper.ET_CLOSEDPOLYGON)
    return [
        [np.array(part, dtype=np.int32) for part in offset.Execute(distance)]
        for distance in distances
    ]


def shrink(
    polygon: Polygon, params: TargetParams, choices: Choices
) -> tuple[Outcome, tuple[Outline, ...]]:
    """Move the outline inwards.

    Returns:
        What became of the text, and the parts to draw: none unless it is drawn.
    """
    polygon = polygon if choices.whole == "none" else np.trunc(polygon)
    parts = list[Outline]()
    for ratio in _ratios(params.shrink_ratio, choices):
        [parts] = move(polygon, -_shrink_distance(polygon, ratio, choices))
        if len(parts) == 1:
            break
    if not parts:
        return Outcome.SHRUNK_AWAY, ()
    if choices.split == "refused" and len(parts) > 1:
        return Outcome.SPLIT, ()
    if choices.split == "valid" and not _is_valid(parts[0]):
        return Outcome.SHRUNK_AWAY, ()
    return Outcome.DRAWN, tuple(parts[:1] if choices.split in ("first", "valid") else parts)


def dilate(polygon: Polygon, distance: float, choices: Choices) -> tuple[Outline, ...]:
    """Move the outline outwards; nothing where less than a triangle of whole pixels is left."""
    [parts] = move(polygon, distance)
    if choices.dilated == "only" and len(parts) > 1:
        return (polygon.astype(np.int32),)
    return tuple(parts if choices.dilated == "all" else parts[:1])


def _ratios(shrink_ratio: float, choices: Choices) -> list[float]:
    """Shrink ratios to try, until one leaves a single part: 0.4 and 0.8 where there is a retry."""
    if choices.split != "retry":
        return [shrink_ratio]
    return [float(ratio) for ratio in np.arange(shrink_ratio, 1, shrink_ratio)]


def _shrink_distance(polygon: Polygon, ratio: float, choices: Choices) -> float:
    if not choices.whole_offset:
        return offset_distance(polygon, ratio)
    ring = shapely.Polygon(polygon)
    # Half up, except that 0.001 px sends an exact half down: its published definition.
    return float(int(ring.area * (1 - ratio**2) / (ring.length + 0.001) + 0.5))


def _is_valid(outline: Outline) -> bool:
    return len(outline) > 2 and bool(shapely.Polygon(outline).is_valid)
