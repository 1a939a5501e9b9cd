"""What a repair is told and what it tells: options, and one row a change."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np

from feedrate.sample import Polygon, Sample

Frame = Literal["auto", "stored", "turned"]

ACTIONS = ("turn", "reorder", "mend", "clip", "drop")
"""What may be switched off; see `feedrate.repair.samples` for their order."""

LEAVE_OUT = "leave_out"
"""The image has no entry in the output."""
LEFT_ALONE = "left_alone"
"""Seen and not changed."""


@dataclass(frozen=True)
class Options:
    """What a repair may do.

    Attributes:
        actions: Those of `ACTIONS` that are allowed; what another would have done is left alone.
        exif_frame: In which frame the annotations of pictures with an EXIF orientation lie:
            "stored", "turned", or "auto" for what their polygons and sizes prove.
    """

    actions: frozenset[str] = frozenset(ACTIONS)
    exif_frame: Frame = "auto"

    def __post_init__(self) -> None:
        """Refuse names that mean nothing.

        Raises:
            ValueError: An action or the frame is unknown; the message lists those that are known.
        """
        require_known("actions", self.actions, ACTIONS)
        require_known("exif_frame", {self.exif_frame}, get_args(Frame))


def require_known(what: str, given: Collection[str], known: Collection[str]) -> None:
    """Refuse unknown names.

    Raises:
        ValueError: One is unknown; the message lists those that are known.
    """
    for name in sorted(set(given) - set(known)):
        raise ValueError(f"{what}: {name!r} is unknown; known are {', '.join(known)}")


class Deed(NamedTuple):
    """One change, or one thing seen and left alone.

    Attributes:
        action: One of `ACTIONS`, `LEAVE_OUT` or `LEFT_ALONE`.
        check: The check of the validation that finds the fault.
        before: What stood there; an outline as "x,y x,y ...".
        after: What stands there now, several outlines with " | "; empty where nothing does, and
            where it was left alone.
        reason: Why it was done, or why not.
    """

    action: str
    check: str
    before: str
    after: str
    reason: str


class Row(NamedTuple):
    """A deed and its place: a row of the table of repairs.

    Attributes:
        key: The sample's key, or the name of what has no sample.
        location: File and entry, with the instance's number where it is about one.
        action: See `Deed`, as all that follows.
        check: The check.
        before: What stood there.
        after: What stands there now.
        reason: Why.
    """

    key: str
    location: str
    action: str
    check: str
    before: str
    after: str
    reason: str


@dataclass(frozen=True, eq=False)
class Repaired:
    """What became of one sample, or of findings without one.

    Attributes:
        sample: What the output shall hold, None where it has no entry.
        rows: What was done, and what was seen and left alone.
    """

    sample: Sample | None
    rows: tuple[Row, ...] = ()


def show(polygon: Polygon) -> str:
    """Write an outline's points in full: each number in the fewest digits that give it back."""
    return " ".join(f"{_number(x)},{_number(y)}" for x, y in polygon.tolist())


def _number(value: float) -> str:
    return np.format_float_positional(value, trim="-")
