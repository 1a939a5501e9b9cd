"""A whole dataset: each image once, and none whose annotation is known to be incomplete."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from feedrate.repair.frames import read_orientation
from feedrate.repair.rows import LEAVE_OUT, LEFT_ALONE, Options, Repaired, Row
from feedrate.repair.samples import repair_sample
from feedrate.sample import Finding, Sample

INCOMPLETE = ("bad_annotation", "bad_encoding")
"""Reader's findings that mean: there is text of which the samples know nothing."""


def repair_dataset(
    samples: Iterable[Sample],
    findings: Iterable[Finding] = (),
    options: Options | None = None,
    orientation_of: Callable[[Path], int] = read_orientation,
) -> Iterator[Repaired]:
    """Repair sample by sample; what they hold is not kept.

    An image of which a line could not be read is left out: written without it, its text would be
    background, and no check could notice. Of several annotations of an image that agree the first
    is kept; where they differ nobody can tell which is meant, and the image is left out.

    Args:
        samples: What the reader of a format delivered, those of one image one after the other.
        findings: What it found wrong; read in full first.
        options: What may be done, by default everything.
        orientation_of: Gives the EXIF orientation of a picture, 1 where no viewer turns it.

    Yields:
        One for each image, then the findings that have no sample.

    Raises:
        ValueError: The samples of one image do not follow each other.
    """
    options, grave, seen = options or Options(), _by_key(findings), set[str]()
    for key, group in groupby(samples, lambda sample: sample.key):
        if key in seen:
            raise ValueError(f"{key}: its annotations must follow each other; sort samples by key")
        seen.add(key)
        first, *others = group
        known = grave.get(key, [])
        if any(finding.check in INCOMPLETE for finding in known):
            yield Repaired(None, tuple(map(_without, known)))
        elif any(_digest(other) != _digest(first) for other in others):
            yield Repaired(None, tuple(_conflict(sample) for sample in (first, *others)))
        else:
            done = repair_sample(first, orientation_of(first.image_path), options)
            yield replace(done, rows=(*done.rows, *map(_second, others)))
    lonely = (finding for key, of in grave.items() if key not in seen for finding in of)
    yield from (Repaired(None, (_without(finding),)) for finding in lonely)


def _by_key(findings: Iterable[Finding]) -> defaultdict[str, list[Finding]]:
    grave = defaultdict[str, list[Finding]](list)
    for finding in findings:
        if finding.severity != "info":
            grave[finding.key].append(finding)
    return grave


def _without(finding: Finding) -> Row:
    """Tell of a finding whose image has no entry in the output."""
    # An image without annotation had no entry before.
    action = LEFT_ALONE if finding.check == "missing_annotation" else LEAVE_OUT
    place = finding.location or finding.key
    return Row(finding.key, place, action, finding.check, "", "", finding.message)


def _conflict(sample: Sample) -> Row:
    reason = "the annotations of this image differ, and nobody can tell which is meant"
    return _of_image(sample, LEAVE_OUT, "annotated_differently", reason)


def _second(sample: Sample) -> Row:
    reason = "an earlier annotation of this image says the same"
    return _of_image(sample, "drop", "annotated_twice", reason)


def _of_image(sample: Sample, action: str, check: str, reason: str) -> Row:
    before = f"{len(sample.instances)} instances"
    return Row(sample.key, sample.annotation or sample.key, action, check, before, "", reason)


def _digest(sample: Sample) -> str:
    """Hash what a sample teaches a detector: outlines and ignore tags."""
    digest = hashlib.sha256()
    for item in sample.instances:
        digest.update(f"{len(item.polygon)} {item.ignore} ".encode())
        digest.update(item.polygon.tobytes())
    return digest.hexdigest()
