"""A picture that viewers turn: do its polygons lie in the frame as stored, or as turned?"""

from __future__ import annotations

from typing import Literal

import numpy as np

from feedrate.sample import Sample
from feedrate.validation.findings import Trouble
from feedrate.validation.headers import Header
from feedrate.validation.polygons import TOLERANCE_PX

TURNED = range(2, 9)
"""Orientations that turn or mirror an image; other values mean nothing to any viewer."""
SWAPPED = range(5, 9)
"""Those that swap width and height."""

Frame = Literal["stored", "turned", "both", "neither"]

WORDS: dict[Frame, str] = {
    "stored": "fits the picture as stored only",
    "turned": "fits the turned picture only: turn the pixels to match it, and remove the tag",
    "both": "fits the picture as stored as well as turned: look at it, then turn the pixels or the"
    " polygons, and remove the tag",
    "neither": "fits the picture neither as stored nor turned",
}


def check_orientation(sample: Sample, header: Header) -> list[Trouble]:
    """Judge an image that says viewers should turn it; nothing of one that does not."""
    if header.orientation not in TURNED:
        return []
    tag = f"orientation {header.orientation}"
    if not any(len(item.polygon) for item in sample.instances):
        message = "no polygon tells which frame is meant: turn the pixels and remove the tag"
        return [("exif_orientation", f"{tag}; {message}")]
    frame = judge_frame(sample, header.orientation, (header.width, header.height))
    check = "exif_unturned" if frame == "stored" else "exif_orientation"
    return [(check, f"{tag}; the annotation {WORDS[frame]}")]


def judge_frame(sample: Sample, orientation: int, size: tuple[int, int]) -> Frame:
    """Tell in which frame a sample's declared size and polygons lie.

    A mirrored picture, or one that is upside down, has the frame of the stored one: then only
    "both" or "neither" can be told.

    Args:
        sample: With the annotation as it was read.
        orientation: EXIF's, 2 to 8.
        size: ``(width, height)`` of the picture as stored.
    """
    turned = size[::-1] if orientation in SWAPPED else size
    stored, other = _fits(sample, size), _fits(sample, (turned[0], turned[1]))
    if stored and other:
        return "both"
    return "stored" if stored else "turned" if other else "neither"


def _fits(sample: Sample, size: tuple[int, int]) -> bool:
    if sample.declared_size not in (None, size):
        return False
    points = np.concatenate([item.polygon for item in sample.instances])
    points = points[np.isfinite(points).all(axis=1)]
    return bool(((points >= -TOLERANCE_PX) & (points <= np.add(size, TOLERANCE_PX - 1))).all())
