"""The target maps, fast: one compiled call an image; awkward outlines by Clipper and OpenCV.

Agrees with `reference`: the shrink map and both masks to the pixel, the threshold map within 3e-7,
most of which is what the published formula loses near an outline. `page` draws convex outlines of
the presets ``feedrate`` and ``db``. Outlines that are not convex, or whose corners Clipper rounds
in ways of its own, get their shapes from Clipper itself, and all outlines of the other presets
from `regions`; their border is drawn by the same compiled code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from feedrate.sample import Polygon
from feedrate.targets.borders import STEP
from feedrate.targets.outlines import move
from feedrate.targets.page import draw_page, raise_border
from feedrate.targets.params import DEFAULT_PARAMS, Mask, Outcome, TargetParams, Targets
from feedrate.targets.presets import PRESETS
from feedrate.targets.regions import (
    Region,
    Regions,
    as_points,
    draw_regions,
    fill_regions,
    find_regions,
)

COMPILED_PRESETS = ("feedrate", "db")


def build_targets(
    polygons: Sequence[Polygon],
    ignore: Sequence[bool],
    size: tuple[int, int],
    params: TargetParams = DEFAULT_PARAMS,
    out: Targets | None = None,
) -> Targets:
    """Make the four maps of one image.

    Args:
        polygons: Each ``(N, 2)`` pixels in the frame of the maps; left as they are.
        ignore: One flag a polygon.
        size: ``(height, width)`` of the maps.
        params: How the maps are made.
        out: Buffers to write into, such as slices of a batch: memory that is new to the process
            costs page faults, more than small maps' arithmetic.

    Returns:
        The maps, in `out` or in fresh ``(height, width)`` arrays: uint8, uint8, float32, uint8;
        and the outcome of each polygon.

    Raises:
        ValueError: A polygon is not ``(N, 2)``, the flags are not as many as the polygons, or a
            buffer has another shape, another dtype, or is not C-contiguous.
    """
    targets = empty_targets(size) if out is None else out
    maps = (
        _checked(targets.shrink_map, "shrink_map", size, np.uint8),
        _checked(targets.shrink_mask, "shrink_mask", size, np.uint8),
        _checked(targets.threshold_map, "threshold_map", size, np.float32),
        _checked(targets.threshold_mask, "threshold_mask", size, np.uint8),
    )
    if params.preset not in COMPILED_PRESETS or size[1] < STEP:
        return replace(targets, outcomes=_draw_found(polygons, ignore, size, params, maps))
    if len(ignore) != len(polygons):
        raise ValueError(f"{len(polygons)} polygons but {len(ignore)} ignore flags")
    points, starts = flatten(polygons)
    taken, distances = np.empty_like(points), np.empty(len(polygons))
    outcomes, pending = np.empty(len(polygons), np.uint8), np.empty(len(polygons), np.bool_)
    draw_page(
        points,
        starts,
        np.asarray(ignore, dtype=np.bool_),
        taken,
        distances,
        outcomes,
        pending,
        maps,
        1 - params.shrink_ratio**2,
        float(params.min_text_side),
        float(params.thresh_min),
        params.thresh_max - params.thresh_min,
        params.distance == "segment",
    )
    for place in np.flatnonzero(pending):
        polygon = taken[starts[place] : starts[place + 1]]
        found = _find_region(polygon, distances[place], Outcome(outcomes[place]), size, params)
        draw_regions(found, maps[0], maps[1], maps[3])
        _draw_borders(found, maps[2], params)
        outcomes[place] = found.outcomes[0]
    return Targets(*maps, outcomes)


def _find_region(
    polygon: Polygon,
    distance: float,
    outcome: Outcome,
    size: tuple[int, int],
    params: TargetParams,
) -> Regions:
    """Do for one polygon, judged already, what `find_regions` does."""
    regions = list[Region]()
    if outcome == Outcome.DRAWN:
        shrunk, dilated = move(polygon, -distance, distance)
        outcome = Outcome.DRAWN if shrunk else Outcome.SHRUNK_AWAY
        kept = tuple(shrunk if PRESETS[params.preset].split == "all" else shrunk[:1])
        if kept and dilated:
            regions.append(Region.of(polygon, distance, kept, dilated[0], size))
    masked = () if outcome == Outcome.DRAWN else (polygon.astype(np.int32),)
    return Regions(tuple(regions), masked, np.array([outcome], np.uint8), True)


def flatten(polygons: Sequence[Polygon]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Lay polygons end to end.

    Returns:
        All vertices ``(M, 2)`` float64, and where each polygon's begin ``(polygons + 1,)``.

    Raises:
        ValueError: A polygon is not ``(N, 2)``.
    """
    starts = np.zeros(len(polygons) + 1, np.int64)
    np.fromiter(map(len, polygons), np.int64, len(polygons)).cumsum(out=starts[1:])
    if not starts[-1]:
        return np.empty((0, 2)), starts
    try:
        points = np.concatenate(polygons)
    except ValueError:  # one of them is an empty list, or has another shape
        points = np.empty(0)
    if points.ndim != 2 or points.shape[1] != 2:
        points = np.concatenate([as_points(polygon) for polygon in polygons])
    return np.ascontiguousarray(points, dtype=np.float64), starts


def empty_targets(size: tuple[int, int]) -> Targets:
    """Allocate buffers for `build_targets`, contents undefined."""
    masks: list[Mask] = [np.empty(size, dtype=np.uint8) for _ in range(3)]
    return Targets(masks[0], masks[1], np.empty(size, dtype=np.float32), masks[2])


def warm() -> None:
    """Compile the kernel, or load it from numba's cache on disk: call before workers fork."""
    square = np.array([[8.0, 8.0], [24.0, 8.0], [24.0, 24.0], [8.0, 24.0]])
    notched = np.array([[8.0, 8.0], [24.0, 8.0], [24.0, 24.0], [16.0, 12.0], [8.0, 24.0]])
    build_targets([square, notched], [False, False], (32, 32))


def _checked(buffer: Any, name: str, size: tuple[int, int], dtype: type) -> Any:
    if buffer is None or buffer.shape != size or buffer.dtype != dtype:
        seen = "None" if buffer is None else f"{buffer.dtype} {buffer.shape}"
        raise ValueError(f"out.{name} is {seen}, must be {np.dtype(dtype)} {size}")
    if not buffer.flags.c_contiguous:
        raise ValueError(f"out.{name} is not C-contiguous")
    return buffer


def _draw_found(
    polygons: Sequence[Polygon],
    ignore: Sequence[bool],
    size: tuple[int, int],
    params: TargetParams,
    maps: tuple[Mask, Mask, npt.NDArray[np.float32], Mask],
) -> npt.NDArray[np.uint8]:
    """Write the maps of one image by `regions` alone; returns the outcomes."""
    found = find_regions(polygons, ignore, size, params)
    fill_regions(found, maps[0], maps[1], maps[3])
    maps[2].fill(params.thresh_min)
    _draw_borders(found, maps[2], params)
    return found.outcomes


def _draw_borders(found: Regions, canvas: npt.NDArray[np.float32], params: TargetParams) -> None:
    height, width = canvas.shape
    # The compiled code takes whole steps of columns.
    wide = np.full((height, STEP), params.thresh_min, np.float32)
    target = canvas if width >= STEP else wide
    lows, highs = np.empty(height, np.int64), np.empty(height, np.int64)
    span = params.thresh_max - params.thresh_min
    for region in found.regions:
        raise_border(
            target,
            np.ascontiguousarray(region.polygon),
            len(region.polygon),
            region.distance,
            region.origin,
            region.window,
            float(params.thresh_min),
            span,
            params.distance == "segment",
            lows,
            highs,
        )
    if target is wide:
        canvas[:] = wide[:, :width]
