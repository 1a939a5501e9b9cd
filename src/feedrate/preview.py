"""Pictures a person can judge: an accepted image with its polygons, and its target maps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from feedrate.files import write_bytes
from feedrate.pipeline import Transform, usable_polygons
from feedrate.sample import Image, Polygon, Sample
from feedrate.targets import TargetParams, build_targets

OUTLINE = (0, 158, 115)
IGNORED = (213, 94, 0)
"""RGB of text that counts and of text that does not; apart for colour-blind eyes too."""

GAP_PX = 8


def draw_preview(
    path: Path, sample: Sample, image: Image, transform: Transform, params: TargetParams
) -> None:
    """Write a PNG: image with polygons, shrink map, threshold map, and where the loss counts.

    Args:
        path: The picture to write.
        sample: The sample, for its instances.
        image: Its decoded pixels.
        transform: Brings image and polygons to the target size.
        params: How the maps are drawn.
    """
    prepared = transform.fit(image, [item.polygon for item in sample.instances])
    kept = usable_polygons(prepared.polygons)
    polygons = [prepared.polygons[place] for place in kept]
    ignore = [sample.instances[place].ignore for place in kept]
    height, width = prepared.image.shape[:2]
    maps = build_targets(polygons, ignore, (height, width), params)
    masks = [mask for mask in (maps.shrink_mask, maps.threshold_mask) if mask is not None]
    panels = [
        _outlined(prepared.image, polygons, ignore),
        *(_grey(each) for each in (maps.shrink_map, maps.threshold_map, *masks)),
    ]
    gap = np.full((height, GAP_PX, 3), 255, np.uint8)
    row = np.hstack([part for panel in panels for part in (panel, gap)][:-1])
    done, data = cv2.imencode(".png", cv2.cvtColor(row, cv2.COLOR_RGB2BGR))
    if not done:
        raise ValueError(f"{path}: the preview could not be encoded")
    write_bytes(path, data.tobytes())


def choose_sample(samples: Sequence[Sample]) -> Sample:
    """Choose the sample whose number of instances is nearest the dataset's median."""
    median = float(np.median([len(sample.instances) for sample in samples]))
    return min(samples, key=lambda sample: (abs(len(sample.instances) - median), sample.key))


def _outlined(image: Image, polygons: Sequence[Polygon], ignore: Sequence[bool]) -> Image:
    canvas = image.copy()
    for polygon, ignored in zip(polygons, ignore, strict=True):
        points = np.round(polygon).astype(np.int32)
        cv2.polylines(canvas, [points], True, IGNORED if ignored else OUTLINE, 1, cv2.LINE_AA)
    return canvas


def _grey(values: npt.NDArray[np.generic]) -> Image:
    """Show a map or mask of 0 to 1 as grey."""
    grey = np.round(values.astype(np.float64) * 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)
