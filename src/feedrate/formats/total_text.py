"""Total-Text: outlines of any number of points, one text file an image.

``poly_gt_img1.txt``, ``gt_img1.txt`` or ``img1.txt`` for ``img1.jpg``, in one of two forms:

* as published (github.com/cs-chan/Total-Text-Dataset, Groundtruth/Text), where an instance may go
  on over several lines: ``x: [[1 2 3]], y: [[4 5 6]], ornt: [u'c'], transcriptions: [u'text']``;
  an orientation or a transcription ``#`` is ignored, and so is an empty list, as in MMOCR;
* as trainers use it (github.com/MhLiao/DB): ``x1,y1,...,xN,yN,label``, one line an instance;
  `feedrate.formats.textlines.split_outline` says where the label begins. ``###`` is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from feedrate.formats import IGNORED_TEXT, Spread, to_polygon
from feedrate.formats.pairing import pair_files
from feedrate.formats.textlines import (
    SUFFIX,
    Line,
    Parse,
    lines_of_head,
    most_points,
    read_lines,
    split_outline,
    stems_of,
)
from feedrate.sample import Finding, Sample, TextInstance

SPREAD: Spread = "folder"
IGNORED = {IGNORED_TEXT, "#"}
PREFIXES = ("poly_gt_", "gt_")
BEGINNING = re.compile(r"\s*x:\s*\[\[")
LISTS = re.compile(
    r"\s*x:\s*\[\[([^]]*)\]\]\s*,\s*y:\s*\[\[([^]]*)\]\]\s*,"
    r"\s*ornt:\s*\[([^]]*)\]\s*,\s*transcriptions:\s*\[(.*)\]\s*"
)
QUOTED = re.compile(r"""u?(['"])(.*)\1""")
ESCAPED = re.compile(r"""\\(['"\\])""")
QUAD = 4


def read(images: Path, annotations: Path) -> Iterator[Sample | Finding]:
    """Read text files of outlines; see `feedrate.formats.Read`."""
    return pair_files(
        images, annotations, SUFFIX, lambda stem: stems_of(stem, *PREFIXES), _read_one
    )


def recognise(path: Path, head: str) -> str | None:
    """Know a file by its lists, or by more than four points; see `feedrate.formats.Recognise`.

    Outlines of four points are quads of ICDAR 2015, and are read the same as those.
    """
    lines = lines_of_head(path, head)
    if lines and BEGINNING.match(lines[0]):
        return "x: [[...]], y: [[...]], as Total-Text was published"
    points = most_points(lines)
    return f"outlines of up to {points} points and a text a line" if points > QUAD else None


def _read_one(key: str, image: Path, path: Path) -> Iterator[Sample | Finding]:
    return read_lines(key, image, path, _plan)


def _plan(lines: list[Line]) -> tuple[Iterable[Line], Parse]:
    if any(BEGINNING.match(line) for _, line in lines):
        return _join(lines), _parse_lists
    return lines, _parse_outline


def _join(lines: list[Line]) -> Iterator[Line]:
    """Put the lines of one instance together: from its beginning to where its lists end."""
    first, parts = 0, list[str]()
    for number, line in lines:
        ended = parts and "transcriptions:" in parts[-1] and parts[-1].rstrip().endswith("]")
        if parts and (ended or BEGINNING.match(line)):
            yield first, " ".join(parts)
            parts = []
        first = first if parts else number
        parts.append(line)
    yield first, " ".join(parts)


def _parse_lists(line: str) -> TextInstance:
    match = LISTS.fullmatch(line)
    if not match:
        form = "x: [[...]], y: [[...]], ornt: [u'...'], transcriptions: [u'...']"
        raise ValueError(f"{line[:80]!r} is not {form}")
    xs, ys = _numbers(match[1]), _numbers(match[2])
    if len(xs) != len(ys):
        raise ValueError(f"{len(xs)} x and {len(ys)} y: an outline has as many of both")
    orientation, text = _unquote(match[3]), _unquote(match[4])
    polygon = to_polygon([value for point in zip(xs, ys, strict=True) for value in point])
    ignore = not text or not IGNORED.isdisjoint((orientation, text))
    return TextInstance(polygon, ignore, text)


def _parse_outline(line: str) -> TextInstance:
    numbers, text = split_outline(line)
    return TextInstance(to_polygon(numbers), text.strip() in IGNORED, text)


def _numbers(content: str) -> list[float]:
    try:
        return [float(cell) for cell in content.replace(",", " ").split()]
    except ValueError:
        raise ValueError(f"{content[:80]!r} are not numbers") from None


def _unquote(content: str) -> str:
    """Return the text of ``u'text'`` as Python writes it; without quotes as it stands."""
    match = QUOTED.fullmatch(content.strip())
    return ESCAPED.sub(r"\1", match[2]) if match else content.strip()
