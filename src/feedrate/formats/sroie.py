"""SROIE: one csv an image, of the same stem; a line is ``x1,y1,x2,y2,x3,y3,x4,y4,text``.

Published with the ICDAR 2019 Robust Reading Challenge on Scanned Receipts OCR. Lines end in LF or
CRLF, files are UTF-8 with or without a byte order mark, and the text may hold commas.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from feedrate.formats import IGNORED_TEXT, Spread, to_polygon
from feedrate.formats.pairing import pair_files
from feedrate.formats.textlines import read_lines
from feedrate.sample import Finding, Sample, TextInstance

SPREAD: Spread = "folder"
SUFFIX = ".csv"
COORDINATES = 8


def read(images: Path, annotations: Path) -> Iterator[Sample | Finding]:
    """Read csv files of quads; see `feedrate.formats.Read`."""
    return pair_files(images, annotations, SUFFIX, lambda stem: [stem], _read_one)


def recognise(path: Path, head: str) -> str | None:
    """Know a csv file by its first line; see `feedrate.formats.Recognise`."""
    first = next((line for line in head.splitlines() if line.strip()), "")
    try:
        _to_instance(first)
    except ValueError:
        return None
    return "csv files of eight coordinates and a text" if path.suffix.lower() == SUFFIX else None


def _read_one(key: str, image: Path, table: Path) -> Iterator[Sample | Finding]:
    return read_lines(key, image, table, lambda lines: (lines, _to_instance))


def _to_instance(line: str) -> TextInstance:
    *cells, text = line.split(",", COORDINATES)
    if len(cells) != COORDINATES:
        raise ValueError(f"{line[:80]!r} is not x1,y1,x2,y2,x3,y3,x4,y4,text")
    try:
        polygon = to_polygon([float(cell) for cell in cells])
    except ValueError:
        raise ValueError(f"{','.join(cells)[:80]!r} are not {COORDINATES} numbers") from None
    return TextInstance(polygon, text == IGNORED_TEXT, text)
