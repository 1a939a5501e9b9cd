"""The gallery of a validation: its worst findings, each with the polygon concerned drawn strong.

Nothing is opened that a check has refused, and nothing is larger in memory than one picture.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, zip_longest
from pathlib import Path
from typing import get_args

import numpy as np

from feedrate.closeup import draw_sheet, encode_small
from feedrate.decoders.pillow import decode
from feedrate.files import atomic_folder, write_bytes, write_text
from feedrate.index import stream_index
from feedrate.sample import Finding, Sample, Severity
from feedrate.validation.findings import stream_findings

COUNT = 24
NEVER_OPENED = frozenset(
    {"missing_image", "unsafe_name", "unreadable_image", "truncated_image", "oversized_image"}
)
"""Checks whose image is not there, or is not to be decoded: a card without a picture."""
PLAIN = NEVER_OPENED | {
    *("unsupported_image", "cmyk_image", "sixteen_bit_image", "missing_annotation", "bad_encoding"),
    *("missing_map", "stale_map"),
}
PLAIN_CARDS, NOTE_CARDS = 2, 4
"""Of each check in `PLAIN`, and of each that is a mere note: they would crowd out the others."""
UNSEEN = frozenset(
    {
        *("byte_order_mark", "crlf", "comma_in_text", "foreign_file", "odd_name", "orphan_map"),
        *("palette_image", "progressive_image", "several_pictures"),
    }
)
"""Checks of which a picture shows nothing; they stand in the tables only."""
SMALLEST = "text_too_small"
"""It counts texts and names none: the smallest is shown."""
MOST_PIXELS = 50_000_000
"""Of an image that is opened: some 350 MB while Pillow decodes it."""

_INSTANCE = re.compile(r": instance ([1-9][0-9]{0,8})\Z")


@dataclass(frozen=True)
class Card:
    """One finding of the gallery, as it stands in ``index.json``.

    Attributes:
        key: As in `Finding`; so are `check`, `severity`, `message` and `location`.
        file: The picture's name inside the gallery, None where the image was not opened.
    """

    key: str
    check: str
    severity: Severity
    message: str
    location: str
    file: str | None


def draw_gallery(directory: Path, samples: Path, findings: Path, count: int = COUNT) -> None:
    """Write the worst findings as pictures, with an ``index.json`` that lists them in order.

    The folder appears whole, replacing an older one, or not at all.

    Args:
        directory: The gallery's folder.
        samples: The index of the dataset, written by `write_index`.
        findings: All that was found, written by `write_findings`.
        count: At most so many.
    """
    chosen, closed = choose_worst(stream_findings(findings), count)
    shown = _find_samples(stream_index(samples), chosen)
    order = get_args(Severity).index
    with atomic_folder(directory) as folder:
        cards = [
            _make_card(folder, number, finding, None if finding.key in closed else shown[finding])
            for number, finding in enumerate(chosen)
        ]
        cards.sort(key=lambda card: (order(card.severity), card.file is None))
        write_text(folder / "index.json", json.dumps([asdict(card) for card in cards], indent=1))


def choose_worst(findings: Iterable[Finding], count: int) -> tuple[list[Finding], set[str]]:
    """Choose what a gallery shows.

    Args:
        findings: In any order; they are gone through once.
        count: At most so many.

    Returns:
        The findings, the gravest first, at most one for each check of an image, from all checks
        in turn so that a frequent one does not fill the gallery; and the keys of images not to be
        opened.
    """
    rows: dict[tuple[Severity, str], dict[str, Finding]] = {}
    closed = set()
    for finding in findings:
        row = rows.setdefault((finding.severity, finding.check), {})
        if len(row) < _most(finding, count):
            row.setdefault(finding.key, finding)
        if finding.check in NEVER_OPENED:
            closed.add(finding.key)
    order = get_args(Severity).index
    seen = [rows[name].values() for name in sorted(rows, key=lambda name: order(name[0]))]
    turns = [item for item in chain.from_iterable(zip_longest(*seen)) if item is not None]
    return sorted(turns[:count], key=lambda item: order(item.severity)), closed


def instance_of(location: str) -> int | None:
    """Read the number of the instance, from 1, where a finding's location ends with one."""
    found = _INSTANCE.search(location)
    return int(found[1]) if found else None


def _most(finding: Finding, count: int) -> int:
    if finding.check in UNSEEN:
        return 0
    if finding.check in PLAIN:
        return PLAIN_CARDS
    return NOTE_CARDS if finding.severity == "info" else count


def _find_samples(
    samples: Iterable[Sample], findings: Sequence[Finding]
) -> Mapping[Finding, Sample | None]:
    """Find the sample of each finding; of two of one key the one whose annotation is named."""
    wanted = {finding.key for finding in findings}
    kept: dict[str, list[Sample]] = {}
    for sample in samples:
        if sample.key in wanted:
            kept.setdefault(sample.key, []).append(sample)
    return {finding: _nearest(kept.get(finding.key, []), finding) for finding in findings}


def _nearest(samples: Sequence[Sample], finding: Finding) -> Sample | None:
    named = [item for item in samples if item.annotation == _INSTANCE.sub("", finding.location)]
    return next(chain(named, samples), None)


def _make_card(folder: Path, number: int, finding: Finding, sample: Sample | None) -> Card:
    data = _draw(sample, _concerned(sample, finding)) if sample else None
    name = f"{number:02d}.jpg" if data else None
    if data and name:
        write_bytes(folder / name, data)
    return Card(**asdict(finding), file=name)


def _concerned(sample: Sample, finding: Finding) -> int | None:
    """Which polygon a finding speaks of, from 0: the one it names, or the smallest text."""
    instance, sizes = instance_of(finding.location), _shorter_sides(sample)
    if instance is not None:
        return instance - 1 if instance <= len(sample.instances) else None
    return min(sizes, key=sizes.__getitem__) if finding.check == SMALLEST and sizes else None


def _shorter_sides(sample: Sample) -> dict[int, float]:
    """Shorter side (px) of the bounding box of each text that is not ignored."""
    return {
        number: float(np.ptp(item.polygon, axis=0).min())
        for number, item in enumerate(sample.instances)
        if not item.ignore and item.polygon.size and np.isfinite(item.polygon).all()
    }


def _draw(sample: Sample, concerned: int | None) -> bytes | None:
    """Draw a sample as a small JPEG; None where its image is too large or cannot be decoded."""
    if not 0 < sample.width * sample.height <= MOST_PIXELS:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd metadata: told by the checks, not by a library
            image = decode(sample.image_path.read_bytes())
    except (OSError, ValueError):
        return None  # what is wrong with it is a finding of its own
    return encode_small(draw_sheet(image, [item.polygon for item in sample.instances], concerned))
