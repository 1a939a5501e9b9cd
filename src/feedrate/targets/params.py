"""The words of the target maps: what they are made with, and what they are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.uint8]

Preset = Literal["feedrate", "db", "paddle", "mmocr", "doctr", "seed"]
"""Whose choices the maps follow, where public implementations define them differently."""

MAPS = ("shrink_map", "shrink_mask", "threshold_map", "threshold_mask")
"""The fields of `Targets` that are maps."""


class Outcome(IntEnum):
    """What became of a polygon: drawn, or the reason why not."""

    DRAWN = 0
    IGNORE_TAG = 1
    TOO_FEW_POINTS = 2
    NOT_FINITE = 3
    OUT_OF_FRAME = 4
    TOO_SMALL = 5
    NO_AREA = 6
    SHRUNK_AWAY = 7
    SPLIT = 8


@dataclass(frozen=True)
class TargetParams:
    """How a polygon becomes maps (Liao et al., Real-time Scene Text Detection with DB, 2020).

    Attributes:
        shrink_ratio: r of the offset ``D = area * (1 - r^2) / perimeter``, between 0 and 1.
        thresh_min: Threshold map far from any outline.
        thresh_max: Threshold map on an outline.
        min_text_side: Texts whose bounding box has a shorter side are ignored (pixels).
        distance: ``thales``, the published rule (see `reference`), or ``segment``, the distance.
        preset: Whose choices the maps follow (table in ``docs/targets.md``): ``db`` is MhLiao/DB's
            exactly; ``feedrate`` is the same but keeps every part of a shrink that falls apart.

    Raises:
        ValueError: A value is out of its range.
    """

    shrink_ratio: float = 0.4
    thresh_min: float = 0.3
    thresh_max: float = 0.7
    min_text_side: float = 8.0
    distance: Literal["thales", "segment"] = "thales"
    preset: Preset = "feedrate"

    def __post_init__(self) -> None:
        if not 0 < self.shrink_ratio < 1:
            raise ValueError(f"shrink_ratio is {self.shrink_ratio}, must lie between 0 and 1")
        if not 0 <= self.thresh_min < self.thresh_max <= 1:
            raise ValueError(
                f"thresh_min and thresh_max are {self.thresh_min} and {self.thresh_max}, "
                "must be 0 <= thresh_min < thresh_max <= 1"
            )
        if not self.min_text_side >= 0:
            raise ValueError(f"min_text_side is {self.min_text_side}, must be 0 or more pixels")
        if self.distance not in ("thales", "segment"):
            raise ValueError(f"distance is {self.distance!r}, must be 'thales' or 'segment'")
        if self.preset not in get_args(Preset):
            known = ", ".join(get_args(Preset))
            raise ValueError(f"preset is {self.preset!r}, must be one of {known}")


DEFAULT_PARAMS = TargetParams()


@dataclass(frozen=True, eq=False)
class Targets:
    """The four maps of one image, each ``(height, width)``.

    Attributes:
        shrink_map: 1 inside the shrunk texts, else 0; uint8 (float32 as the ``npz`` codec has it).
        shrink_mask: uint8, 1 where the shrink map counts in the loss; None where a source has none.
        threshold_map: float32, from ``thresh_min`` to ``thresh_max``.
        threshold_mask: uint8, 1 where the threshold map counts; None where a source has none.
        outcomes: ``(polygons,)`` uint8, the `Outcome` of each; None where the maps were stored.
    """

    shrink_map: npt.NDArray[np.uint8] | npt.NDArray[np.float32]
    shrink_mask: Mask | None
    threshold_map: npt.NDArray[np.float32]
    threshold_mask: Mask | None
    outcomes: npt.NDArray[np.uint8] | None = None

    def left_out(self) -> dict[str, int]:
        """Count the polygons that were not drawn, by reason: ``{"too_small": 2}``."""
        drawn = int(Outcome.DRAWN)
        codes = [] if self.outcomes is None else self.outcomes.tolist()
        counts = Counter(Outcome(code).name.lower() for code in codes if code != drawn)
        return dict(sorted(counts.items()))
