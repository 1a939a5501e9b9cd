"""SROIE: one csv an image, of the same stem; a line is ``x1,y1,x2,y2,x3,y3,x4,y4,text``.

Published with the ICDAR 2019 Robust Reading Challenge on Scanned Receipts OCR. Lines end in LF or
CRLF, files are UTF-8 with or without a byte order mark, and the text may hold commas.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from feedrate.formats import (
    IGNORED_TEXT,
    bad_annotation,
    is_plain_name,
    list_images,
    make_sample,
    missing_annotation,
    missing_image,
    printable,
    require_folder,
    to_polygon,
    unsafe_name,
)
from feedrate.sample import Finding, Sample, TextInstance

SUFFIX = ".csv"
COORDINATES = 8


def read(images: Path, annotations: Path) -> Iterator[Sample | Finding]:
    """Read csv files of quads; see `feedrate.formats.Read`."""
    found = list_images(images)
    folder = require_folder(annotations, "csv files of the annotations")
    tables = {path.stem: path for path in sorted(folder.glob(f"*{SUFFIX}"))}
    for name, path in found.items():
        if not is_plain_name(name):
            yield unsafe_name(name, printable(str(images)))
        elif path.stem in tables:
            yield from _read_one(path, tables[path.stem])
        else:
            yield missing_annotation(name, annotations, path.stem + SUFFIX)
    for stem in sorted(tables.keys() - {path.stem for path in found.values()}):
        yield missing_image(tables[stem].name, images, str(tables[stem]))


def _read_one(image: Path, table: Path) -> Iterator[Sample | Finding]:
    try:
        lines = table.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        trouble = f"not UTF-8 at byte {error.start}; save the file as UTF-8"
        yield bad_annotation(image.name, trouble, str(table))
        return
    instances = []
    for number, line in enumerate(lines, start=1):
        try:
            if line.strip():
                instances.append(_to_instance(line))
        except ValueError as error:
            yield bad_annotation(image.name, str(error), f"{table}:{number}")
    yield make_sample(image, instances, str(table))


def _to_instance(line: str) -> TextInstance:
    *cells, text = line.split(",", COORDINATES)
    if len(cells) != COORDINATES:
        raise ValueError(f"{line[:80]!r} is not x1,y1,x2,y2,x3,y3,x4,y4,text")
    try:
        polygon = to_polygon([float(cell) for cell in cells])
    except ValueError:
        raise ValueError(f"{','.join(cells)[:80]!r} are not {COORDINATES} numbers") from None
    return TextInstance(polygon, text == IGNORED_TEXT, text)
