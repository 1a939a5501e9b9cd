"""What the presets choose, side by side; ``docs/targets.md`` says why.

A preset reproduces what an implementation defines, not how it fails: no crash, no false column
beside the frame, no NaN, no shifted argument. To add one, add a row here and to `Preset`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from feedrate.targets.params import Preset

Scope = Literal["all", "shrink", "none"]
"""What a change of the polygon applies to: everything, all but the border, or nothing."""

MIN_AREA_PX = 1.0
"""Square pixels below which MhLiao/DB and those that follow it leave a text out."""

NOISE_PX = 1e-6
"""Square pixels below which an area is rounding noise: loops that cancel, points in a row."""


@dataclass(frozen=True)
class Choices:
    """One preset.

    Attributes:
        clip: Where the polygon is clipped to the frame, and turned clockwise, beforehand.
        whole: Where its points are truncated to whole pixels beforehand.
        side: The side that must not be too short: of the bounding box, of the smallest rotated
            rectangle, or of the bounding box rounded to whole pixels.
        min_side_px: The shortest side that is not too short; None: ``min_text_side``.
        min_area_px: The smallest area that takes part, in square pixels.
        whole_offset: Whether a text shrinks by a whole number of pixels.
        split: What becomes of a shrink that falls apart: its ``first`` part stays, the ``first``
            if it is a ``valid`` polygon, ``all`` stay, the text is ``refused``, or it is shrunk
            less (``retry``: r is raised to 2 r, 3 r ... below 1) and then all stay.
        dilated: Which parts of the dilated outline count; ``only``: the polygon itself stands in
            for an outline that falls apart.
        border: Whether only texts that shrink (``drawn``) have a border, or ``any``.
        masked: What is masked out of a text that is not drawn: its outline, its bounding box
            rounded to whole pixels, or nothing: then both maps count everywhere.
        heeds_ignore: Whether an ignored text is left out.
        masks_empty: Whether an image without polygons is masked out whole.
    """

    clip: Scope
    whole: Scope
    side: Literal["box", "rotated", "rounded"]
    min_side_px: float | None
    min_area_px: float
    whole_offset: bool
    split: Literal["first", "valid", "all", "refused", "retry"]
    dilated: Literal["first", "all", "only"]
    border: Literal["drawn", "any"]
    masked: Literal["outline", "box", "nothing"]
    heeds_ignore: bool = True
    masks_empty: bool = False


PRESETS: Mapping[Preset, Choices] = {
    "feedrate": Choices(
        clip="all",
        whole="none",
        side="box",
        min_side_px=None,
        min_area_px=MIN_AREA_PX,
        whole_offset=False,
        split="all",
        dilated="first",
        border="drawn",
        masked="outline",
    ),
    "db": Choices(
        clip="all",
        whole="none",
        side="box",
        min_side_px=None,
        min_area_px=MIN_AREA_PX,
        whole_offset=False,
        split="first",
        dilated="first",
        border="drawn",
        masked="outline",
    ),
    "paddle": Choices(
        clip="shrink",
        whole="none",
        side="box",
        min_side_px=None,
        min_area_px=MIN_AREA_PX,
        whole_offset=False,
        split="retry",
        dilated="first",
        border="any",
        masked="outline",
    ),
    "mmocr": Choices(
        clip="none",
        whole="shrink",
        side="rotated",
        min_side_px=None,
        min_area_px=MIN_AREA_PX,
        whole_offset=True,
        split="refused",
        dilated="only",
        border="drawn",
        masked="outline",
    ),
    "doctr": Choices(
        clip="none",
        whole="none",
        side="rounded",
        min_side_px=3.0,
        min_area_px=NOISE_PX,
        whole_offset=False,
        split="valid",
        dilated="first",
        border="drawn",
        masked="box",
        masks_empty=True,
    ),
    "seed": Choices(
        clip="none",
        whole="all",
        side="box",
        min_side_px=0.0,
        min_area_px=NOISE_PX,
        whole_offset=False,
        split="all",
        dilated="all",
        border="any",
        masked="nothing",
        heeds_ignore=False,
    ),
}
