"""The examination of one sample: its name, image, polygons, texts and stored map."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from feedrate.sample import Finding, Sample
from feedrate.targets.params import Outcome
from feedrate.validation.checks import CHECKS
from feedrate.validation.facts import ImageFacts, digest_outlines
from feedrate.validation.findings import Trio, visible
from feedrate.validation.images import Picture, check_image
from feedrate.validation.limits import Limits
from feedrate.validation.names import check_name
from feedrate.validation.outlines import measure
from feedrate.validation.polygons import Found, check_polygons
from feedrate.validation.storedmaps import check_map
from feedrate.validation.texts import Texts, check_texts, follow_texts


@dataclass(frozen=True, eq=False)
class Task:
    """What there is to examine.

    Attributes:
        sample: The sample.
        map_path: Its map, where maps were made elsewhere and it has one.
    """

    sample: Sample
    map_path: Path | None = None


@dataclass(frozen=True)
class Examined:
    """What one sample shows by itself.

    Attributes:
        facts: What was seen.
        of_image: What is wrong with its name, its image and its map; the same for a second
            annotation of the image.
        of_annotation: What is wrong with its polygons and texts.
    """

    facts: ImageFacts
    of_image: list[Trio]
    of_annotation: list[Trio]


def examine(task: Task, limits: Limits) -> Examined:
    """Check one sample by itself; what takes others to be seen is not among the findings."""
    sample, image = task.sample, str(task.sample.image_path)
    picture, troubles = check_image(sample, limits)
    of_image: list[Trio] = [(*trouble, image) for trouble in (*check_name(sample.key), *troubles)]
    with np.errstate(over="ignore", invalid="ignore"):  # an absurd point is out of frame, no more
        texts, found = _look_at_texts(sample, _size_of(sample, picture), limits)
    if task.map_path:
        stale = check_map(task.map_path, texts.shrink_map, limits)
        of_image += [(*trouble, str(task.map_path)) for trouble in stale]
    of_annotation = [(check, words, _place(sample, number)) for check, words, number in found]
    return Examined(_facts_of(sample, picture, texts), of_image, of_annotation)


def to_findings(key: str, found: Iterable[Trio]) -> Iterator[Finding]:
    """Give what was found of a sample its key and its usual severity."""
    for check, message, location in found:
        yield Finding(key, check, CHECKS[check].severity, message, visible(location))


def _place(sample: Sample, number: int) -> str:
    annotation = sample.annotation or str(sample.image_path)
    return f"{annotation}: instance {number}" if number else annotation


def _size_of(sample: Sample, picture: Picture) -> tuple[int, int]:
    if picture.header.mode:
        return picture.header.width, picture.header.height
    return sample.width, sample.height  # what a damaged header claims is no frame


def _look_at_texts(
    sample: Sample, size: tuple[int, int], limits: Limits
) -> tuple[Texts, list[Found]]:
    outlines = measure([item.polygon for item in sample.instances])
    texts = follow_texts(sample, outlines, size, limits)
    shapes, fates = check_polygons(sample, outlines, size), check_texts(sample, texts, limits)
    return texts, [*shapes, *fates]


def _facts_of(sample: Sample, picture: Picture, texts: Texts) -> ImageFacts:
    header = picture.header
    return ImageFacts(
        key=sample.key,
        width=header.width,
        height=header.height,
        bytes=picture.bytes,
        kind=header.kind,
        mode=header.mode,
        sha256=picture.sha256,
        pixels=picture.pixels,
        outlines=digest_outlines(sample),
        instances=len(sample.instances),
        ignored=sum(item.ignore for item in sample.instances),
        drawn=int(np.sum(texts.outcomes == Outcome.DRAWN)),
        too_small=int(texts.too_small.sum()),
        lost=int(texts.lost.sum()),
        text_sides=texts.sides,
    )
