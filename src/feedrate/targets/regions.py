"""Which polygons take part in the maps, with their outlines, and the three maps those fill.

The first half of the specification. What the presets choose stands in `presets`; that of MhLiao/DB
(``validate_polygons``, ``MakeSegDetectionData``): clip to the frame, turn clockwise, judge, shrink,
and only then draw borders. A last bit can decide a pixel, so a faster way to make maps follows the
order of operations: of the area in `feedrate.geometry.signed_area`, of D in `outlines`, of the
border in `reference`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from feedrate.geometry import clip_to_frame, is_outside, signed_area
from feedrate.sample import Polygon
from feedrate.targets.outlines import Outline, dilate, offset_distance, shrink, text_side
from feedrate.targets.params import Mask, Outcome, TargetParams
from feedrate.targets.presets import NOISE_PX, PRESETS, Choices

FAR_PX = 2.0**20
"""Points farther out are moved here, where OpenCV and Clipper still compute without overflow."""


@dataclass(frozen=True, eq=False)
class Region:
    """One text that takes part.

    Attributes:
        polygon: ``(N, 2)`` float64, from which the border measures distances.
        distance: The offset D of the border in pixels, above 0.
        shrunk: The outline moved inwards, in parts; none where only the border is drawn.
        dilated: The outline moved outwards by D.
        origin: Left and top of the dilated outline, which may lie outside of the frame: the
            border is computed with the polygon moved there, and its last bits depend on it.
        window: Left, top, right and bottom pixel (inclusive) of the dilated outline inside the
            frame, where the border is drawn; left > right or top > bottom where there is none.
    """

    polygon: Polygon
    distance: float
    shrunk: tuple[Outline, ...]
    dilated: Outline
    origin: tuple[int, int]
    window: tuple[int, int, int, int]

    @classmethod
    def of(
        cls,
        polygon: Polygon,
        distance: float,
        shrunk: tuple[Outline, ...],
        dilated: Outline,
        size: tuple[int, int],
    ) -> Region:
        """Put a region together; `size` is ``(height, width)`` of the frame."""
        left, top, width, height = cv2.boundingRect(dilated)
        right, bottom = min(left + width, size[1]) - 1, min(top + height, size[0]) - 1
        window = max(left, 0), max(top, 0), right, bottom
        return cls(polygon, distance, shrunk, dilated, (left, top), window)


@dataclass(frozen=True, eq=False)
class Regions:
    """What the polygons of one image come to.

    Attributes:
        regions: The texts that take part, in the order of the polygons. A dilation in several
            parts makes a region each, of which the first holds the shrunk outlines.
        masked: The outlines where the shrink map does not count.
        outcomes: ``(polygons,)`` uint8, the `Outcome` of each polygon.
        masks: Whether there are masks; if not, both maps count everywhere.
    """

    regions: tuple[Region, ...]
    masked: tuple[Outline, ...]
    outcomes: npt.NDArray[np.uint8]
    masks: bool


def find_regions(
    polygons: Sequence[Polygon],
    ignore: Sequence[bool],
    size: tuple[int, int],
    params: TargetParams,
) -> Regions:
    """Divide polygons into those that take part and those that are masked out.

    A polygon without points or with a coordinate that is not finite has no place in the frame:
    it is neither. A polygon outside of the frame is judged like any other, and reported as such.

    Args:
        polygons: Each ``(N, 2)``, in the frame of the maps; left as they are.
        ignore: One flag a polygon.
        size: ``(height, width)`` of the maps in pixels.
        params: How to shrink, what is too small, and whose choices to follow.

    Raises:
        ValueError: A polygon is not ``(N, 2)``, or the flags are not as many as the polygons.
    """
    if len(polygons) != len(ignore):
        raise ValueError(f"{len(polygons)} polygons but {len(ignore)} ignore flags")
    choices = PRESETS[params.preset]
    regions, masked = list[Region](), list[Outline]()
    outcomes = np.zeros(len(polygons), dtype=np.uint8)
    if choices.masks_empty and not len(polygons):
        masked.append(_box_of(np.array([(0, 0), (size[1] - 1, size[0] - 1)], dtype=np.float64)))
    for number, (raw, ignored) in enumerate(zip(polygons, ignore, strict=True)):
        outcome, found, mask = _place(as_points(raw), bool(ignored), size, params)
        outcomes[number] = outcome
        regions.extend(found)
        masked.extend([mask] if mask is not None else [])
    return Regions(tuple(regions), tuple(masked), outcomes, choices.masked != "nothing")


def fill_regions(found: Regions, shrink_map: Mask, shrink_mask: Mask, threshold_mask: Mask) -> None:
    """Write the shrink map and both masks, whatever they held before; outlines are included."""
    shrink_map.fill(0)
    shrink_mask.fill(1)
    threshold_mask.fill(0 if found.masks else 1)
    draw_regions(found, shrink_map, shrink_mask, threshold_mask)


def draw_regions(found: Regions, shrink_map: Mask, shrink_mask: Mask, threshold_mask: Mask) -> None:
    """Add the outlines to maps that may hold others already; their order does not matter."""
    for outline in found.masked:
        cv2.fillPoly(shrink_mask, [outline], 0)
    for region in found.regions:
        # One call a part: a single call fills by parity, and overlapping texts would cancel.
        for part in region.shrunk:
            cv2.fillPoly(shrink_map, [part], 1)
        cv2.fillPoly(threshold_mask, [region.dilated], 1)


def as_points(polygon: Polygon) -> Polygon:
    """Return a polygon as float64, an empty one included.

    Raises:
        ValueError: It is not ``(N, 2)``.
    """
    points = np.asarray(polygon, dtype=np.float64)
    if not points.size:
        return np.empty((0, 2))
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"a polygon has shape {points.shape}, must be (N, 2)")
    return points


def _place(
    points: Polygon, ignored: bool, size: tuple[int, int], params: TargetParams
) -> tuple[Outcome, list[Region], Outline | None]:
    """Judge one polygon: what becomes of it, its regions, and what is masked out for it."""
    choices = PRESETS[params.preset]
    if not points.size:
        return Outcome.TOO_FEW_POINTS, [], None
    if not np.isfinite(points).all():
        fault = Outcome.NOT_FINITE if len(points) > 2 else Outcome.TOO_FEW_POINTS
        return fault, [], None
    near = np.clip(points, -FAR_PX, FAR_PX)
    near = np.trunc(near) if choices.whole == "all" else near
    inner = near if choices.clip == "none" else _into_frame(near, size)
    outer = inner if choices.clip == "all" else near
    outcome, shrunk = _judge(inner, ignored, params, choices)
    found = _regions_of(outer, shrunk, size, params) if _has_border(outcome, choices) else []
    mask = None if outcome == Outcome.DRAWN else _mask_of(inner, choices)
    if outcome not in (Outcome.TOO_FEW_POINTS, Outcome.IGNORE_TAG) and is_outside(points, size):
        outcome = Outcome.OUT_OF_FRAME
    return outcome, found, mask


def _into_frame(polygon: Polygon, size: tuple[int, int]) -> Polygon:
    clipped = clip_to_frame(polygon, size)
    return clipped[::-1] if signed_area(clipped) < 0 else clipped


def _judge(
    polygon: Polygon, ignored: bool, params: TargetParams, choices: Choices
) -> tuple[Outcome, tuple[Outline, ...]]:
    if len(polygon) < 3:  # encloses nothing
        return Outcome.TOO_FEW_POINTS, ()
    if ignored and choices.heeds_ignore:
        return Outcome.IGNORE_TAG, ()
    least = params.min_text_side if choices.min_side_px is None else choices.min_side_px
    if text_side(polygon, choices) < least:
        return Outcome.TOO_SMALL, ()
    if abs(signed_area(polygon)) < choices.min_area_px:
        return Outcome.NO_AREA, ()
    return shrink(polygon, params, choices)


def _has_border(outcome: Outcome, choices: Choices) -> bool:
    if choices.border == "drawn":
        return outcome == Outcome.DRAWN
    return outcome not in (Outcome.TOO_FEW_POINTS, Outcome.IGNORE_TAG)


def _regions_of(
    polygon: Polygon, shrunk: tuple[Outline, ...], size: tuple[int, int], params: TargetParams
) -> list[Region]:
    if abs(signed_area(polygon)) < NOISE_PX:
        return []
    distance, found = offset_distance(polygon, params.shrink_ratio), list[Region]()
    for part in dilate(polygon, distance, PRESETS[params.preset]):
        found.append(Region.of(polygon, distance, () if found else shrunk, part, size))
    return found


def _mask_of(polygon: Polygon, choices: Choices) -> Outline | None:
    if choices.masked == "nothing":
        return None
    return _box_of(polygon) if choices.masked == "box" else polygon.astype(np.int32)


def _box_of(polygon: Polygon) -> Outline:
    """Bound a polygon by a box of whole pixels, its sides included when it is filled."""
    (left, top), (right, bottom) = np.round([polygon.min(axis=0), polygon.max(axis=0)])
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], dtype=np.int32)
