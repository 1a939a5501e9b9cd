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
    # The dataset and its files
    "missing_image": Check(
        "error",
        "an annotation whose image is absent: the dataset is not the one that was annotated",
    ),
    "missing_annotation": Check(
        "error",
        "an image without annotation: whether it holds no text or was forgotten, nobody can tell",
    ),
    "bad_annotation": Check(
        "error",
        "a line or an entry that cannot be read: its text would be taught as background",
    ),
    "bad_encoding": Check(
        "error",
        "an annotation that is neither UTF-8 nor UTF-16: its letters would be guessed",
    ),
    "unsafe_name": Check(
        "error",
        "a name, absolute path or link that could lead out of the images' folder, or that no "
        "table can hold",
    ),
    "annotated_differently": Check(
        "error",
        "an image with two annotations that differ: nobody can tell which is meant",
    ),
    "annotated_twice": Check(
        "warning",
        "an image with two annotations that agree: the first is used",
    ),
    "foreign_file": Check(
        "info",
        "a file of another format among the annotations: it is left unread",
    ),
    "named_by_stem": Check(
        "info",
        "an annotation that names no image that is there: it is read as that of its own name",
    ),
    "several_categories": Check(
        "info",
        "a COCO file of several categories: all of them are read as text",
    ),
    "byte_order_mark": Check(
        "info",
        "an annotation that begins with a byte order mark, which some readers take for text",
    ),
    "crlf": Check("info", "lines that end in CR LF, whose CR some readers leave in the text"),
    "comma_in_text": Check(
        "info",
        "texts that hold the separator of their line, which some readers cut off",
    ),
    "odd_name": Check(
        "info",
        "a name with spaces, quotes, commas, brackets or letters beyond ASCII: scripts may "
        "trip over it",
    ),
    # The image
    "unreadable_image": Check("error", "an image that cannot be decoded: a trial would fail on it"),
    "truncated_image": Check(
        "error",
        "an image whose end is missing: some decoders paint the rest grey and say nothing",
    ),
    "oversized_image": Check(
        "error",
        "an image of more pixels than `validation.max_megapixels`: a decompression bomb, or "
        "more than memory is meant for",
    ),
    "unsupported_image": Check("error", "neither JPEG nor PNG: not every decoder here reads it"),
    "cmyk_image": Check("error", "a CMYK image: decoders disagree on its colours"),
    "sixteen_bit_image": Check(
        "error",
        "more than 8 bits a channel: decoders disagree on how to shorten them",
    ),
    "size_mismatch": Check(
        "error",
        "an image whose size is not the one its annotation states or the index noted: its "
        "polygons belong to another picture",
    ),
    "exif_orientation": Check(
        "error",
        "a picture that viewers turn, and polygons that do not prove to lie in the frame as "
        "stored: decoders here never turn",
    ),
    "decoders_disagree": Check(
        "error",
        "an image that one decoder refuses and another takes, or whose pixels differ: cells "
        "would not do the same work",
    ),
    "leaked_image": Check(
        "error",
        "a picture that a dataset which it must be apart from holds too: what is tested would "
        "have been taught",
    ),
    "exif_unturned": Check(
        "warning",
        "a picture that viewers turn, though its polygons fit only as it is stored: other "
        "tools will misplace them",
    ),
    "alpha_image": Check(
        "warning",
        "transparency, which decoders here drop: what lies beneath may be any colour",
    ),
    "duplicate_image": Check(
        "warning",
        "the picture of another image with the same annotation: timings do not mind, a split "
        "into training and validation does; found on all but the first",
    ),
    "conflicting_twins": Check(
        "warning",
        "the picture of another image with a different annotation: what one teaches the other "
        "denies; found on all but the first",
    ),
    "palette_image": Check("info", "a palette: decoded into full colour"),
    "grey_image": Check("info", "a grey image: its one channel is repeated"),
    "progressive_image": Check(
        "info",
        "a progressive JPEG: it takes longer to decode than others",
    ),
    "several_pictures": Check("info", "a file of several pictures, of which the first is used"),
    "size_outlier": Check(
        "info",
        "an image of far more or far fewer pixels than the dataset's others: it decides how "
        "long a batch takes",
    ),
    "aspect_outlier": Check(
        "info",
        "an image far wider or higher than the dataset's others: little is left of its texts "
        "after the resize",
    ),
    # The text
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
    "duplicate_polygon": Check(
        "warning",
        "the same outline twice in an image: counted twice wherever texts are counted",
    ),
    "vertex_order": Check(
        "info",
        "an outline that runs counter-clockwise on screen: the maps do not mind, code that "
        "cuts texts out does",
    ),
    "not_convex": Check(
        "info",
        "a quad that is not convex: code that takes it for a bent rectangle misjudges it",
    ),
    "text_too_small": Check(
        "info",
        "texts smaller than `targets.min_text_side` after the resize: the maps mask them out",
    ),
    "lost_instance": Check(
        "info",
        "texts of which the shrink leaves nothing to be drawn: they are masked out",
    ),
    "only_ignored": Check(
        "info",
        "an image whose texts are all ignored: nothing in it is taught as text",
    ),
    "no_instances": Check("info", "an image without any text: all of it is taught as background"),
    "density_outlier": Check(
        "info",
        "far more or far fewer texts than in the dataset's other images: the maps of such a "
        "page take as much longer",
    ),
    # Maps made elsewhere
    "missing_map": Check("error", "an image without a map where `maps` says that there are some"),
    "stale_map": Check(
        "error",
        "a map that is not what the annotation gives, or that cannot be read: it would teach "
        "something else",
    ),
    "orphan_map": Check(
        "warning",
        "a map without an image: left from another version of the dataset",
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
