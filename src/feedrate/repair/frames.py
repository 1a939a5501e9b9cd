"""Turn: pictures that viewers turn by their EXIF orientation, and in which frame polygons lie.

A decoder of feedrate gives the pixels as they are stored. An annotation made in a viewer lies in
the frame of the turned picture, and is carried back.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from feedrate.repair.outlines import Size
from feedrate.repair.rows import Frame
from feedrate.sample import Polygon, Sample
from feedrate.validation.headers import read_header
from feedrate.validation.orientation import SWAPPED, TURNED, judge_frame

MIRRORED = {
    2: (True, False),
    3: (True, True),
    4: (False, True),
    5: (False, False),
    6: (False, True),
    7: (True, True),
    8: (True, False),
}
"""Orientation: whether x and y of the stored picture run against those of the turned one, after
they have been exchanged where the picture lies on its side. EXIF 2.32, tag 0x0112."""


class Verdict(NamedTuple):
    """In which frame the polygons of a picture lie.

    Attributes:
        frame: "stored", "turned", or None where it is not known.
        check: The check that speaks of it, empty where there is nothing to say.
        reason: How it is known, or why not.
    """

    frame: Frame | None
    check: str = ""
    reason: str = ""


def read_orientation(path: Path) -> int:
    """Read by which EXIF orientation a viewer turns a picture, 1 where it does not.

    An image that cannot be opened counts as not turned: its size is not known either, and that is
    told. Pillow reports a TIFF as turned already, and no decoder here reads one.
    """
    try:
        with path.open("rb") as stream:
            header = read_header(stream)
    except OSError:
        return 1
    return header.orientation if header.orientation in TURNED and header.kind != "TIFF" else 1


def turned_size(size: Size, orientation: int) -> Size:
    """Return ``(width, height)`` as a viewer shows it."""
    return (size[1], size[0]) if orientation in SWAPPED else size


def carry_back(polygon: Polygon, size: Size, orientation: int) -> Polygon:
    """Carry points from the frame of the turned picture into the stored one, pixel to pixel.

    Args:
        polygon: ``(N, 2)`` float64 in the frame that a viewer shows.
        size: ``(width, height)`` as stored.
        orientation: EXIF orientation, 2 to 8.
    """
    points = polygon[:, ::-1] if orientation in SWAPPED else polygon
    return np.where(MIRRORED[orientation], np.array(size) - 1.0 - points, points)


def find_frame(sample: Sample, orientation: int, said: Frame = "auto") -> Verdict:
    """Find out in which frame the polygons of a sample lie.

    A size that the annotation states must be the frame's. Then its polygons must fit one frame
    alone, unless the user said which it is.
    """
    size, declared = (sample.width, sample.height), sample.declared_size
    if not all(size):
        return Verdict(None, "unreadable_image", "no size in its header: nothing to hold it to")
    sizes: dict[Frame, Size] = {"stored": size}
    if orientation in TURNED:
        sizes["turned"] = turned_size(size, orientation)
    if declared and declared not in sizes.values():
        reason = f"its polygons belong to a picture of {_show(declared)}, this is {_show(size)}"
        return Verdict(None, "size_mismatch", reason)
    if len(sizes) == 1:
        return Verdict("stored")
    if said == "auto":
        return _as_proved(sample, orientation, size)
    if declared in (None, sizes[said]):
        return Verdict(said, "exif_orientation", f"said to lie in the {said} frame")
    reason = f"said to lie in the {said} frame, but the size it states is the other's"
    return Verdict(None, "exif_orientation", reason)


def _as_proved(sample: Sample, orientation: int, size: Size) -> Verdict:
    tag = f"orientation {orientation}"
    if not sample.instances:
        return Verdict(None, "exif_orientation", f"{tag}; no polygon tells which frame is meant")
    frame = judge_frame(sample, orientation, size)
    if frame == "stored":
        return Verdict(frame, "exif_unturned", f"{tag}; it fits the picture as stored only")
    if frame == "turned":
        return Verdict(frame, "exif_orientation", f"{tag}; it fits the turned picture only")
    how = "as stored as well as turned" if frame == "both" else "neither as stored nor turned"
    reason = f"{tag}; it fits the picture {how}: say which frame is meant"
    return Verdict(None, "exif_orientation", reason)


def _show(size: Size) -> str:
    return f"{size[0]} x {size[1]}"
