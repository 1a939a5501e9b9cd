"""The table of checks: what is looked for, how grave it is, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import cast

from feedrate.sample import Finding, Severity


@dataclass(frozen=True)
class Check:
    """One thing that can be wrong with a dataset.

    Attributes:
        severity: What it means unless the config says otherwise.
        description: What is found, and why it matters.
    """

    severity: Severity
    description: str


CHECKS: dict[str, Check] = {
    "unreadable_image": Check(
        "error",
        "an image that a decoder refuses (damaged, truncated, CMYK, 16-bit grey, too large, neither"
        " JPEG nor PNG): a trial would fail on it, or two decoders would measure different pixels",
    ),
    "size_mismatch": Check(
        "error",
        "an image whose size is not the one its annotation states or the index noted: its polygons"
        " belong to another picture",
    ),
    "missing_image": Check(
        "error",
        "an annotation whose image is absent: the dataset is not the one that was annotated",
    ),
    "missing_annotation": Check(
        "error",
        "an image without annotation: whether it holds no text or was forgotten, nobody can tell",
    ),
    "bad_annotation": Check(
        "error", "a line or an entry that cannot be read: its text would be taught as background"
    ),
    "unsafe_name": Check(
        "error", "an image's name that is no plain file name: it could lead out of its folder"
    ),
    "fewer_than_3_points": Check("error", "an instance with fewer than three points: no area"),
    "not_finite": Check("error", "a coordinate that is NaN or infinite: no place in any map"),
    "zero_area": Check(
        "warning",
        "a polygon of less than one square pixel: the target maps mask it out, which harms nothing",
    ),
    "self_crossing": Check(
        "warning",
        "an outline that crosses or touches itself: its maps are defined, but its loops may cancel",
    ),
    "out_of_frame": Check(
        "warning",
        "a point more than one pixel outside of the image: the target maps clip it to the edge",
    ),
    "exif_orientation": Check(
        "error",
        "an EXIF orientation other than 1: decoders here do not turn images, so an annotation made"
        " in a viewer, which does, would lie in the wrong frame",
    ),
    "duplicate_image": Check(
        "warning",
        "an image with the very bytes of another: timings do not mind, a split into training and"
        " validation does; found on all but the first of them",
    ),
}
"""Name: severity and reason. Adding a check is one entry here and the function that finds it."""


def require_known(overrides: Mapping[str, str]) -> None:
    """Refuse overrides that name no check or no severity.

    Raises:
        ValueError: A name or a severity is unknown; the message lists those that are known.
    """
    allowed = ("error", "warning", "info", "off")
    for name, severity in overrides.items():
        if name not in CHECKS:
            raise ValueError(f"checks: {name!r} is unknown; known are {', '.join(CHECKS)}")
        if severity not in allowed:
            raise ValueError(f"checks.{name}: {severity!r} is none of {', '.join(allowed)}")


def apply_severities(findings: Iterable[Finding], overrides: Mapping[str, str]) -> list[Finding]:
    """Give each finding its severity and leave out what is switched off.

    A check that only a user's own format knows keeps the severity it came with.
    """
    severities = {name: check.severity for name, check in CHECKS.items()} | dict(overrides)
    judged = ((item, severities.get(item.check, item.severity)) for item in findings)
    return [
        replace(item, severity=cast(Severity, level)) for item, level in judged if level != "off"
    ]
