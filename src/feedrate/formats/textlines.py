"""Text files of one image, a text instance a line: the loop they share, and outlines of any length.

For the formats of text files; what a line says is theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice, takewhile
from pathlib import Path

from feedrate.formats import bad_annotation, bad_encoding, make_sample
from feedrate.formats.text import (
    EncodingError,
    Text,
    lines_of,
    note_commas,
    note_traits,
    read_text,
)
from feedrate.sample import Finding, Sample, TextInstance

SUFFIX = ".txt"
LINES_OF_A_HEAD = 50
MIN_POINTS = 3
WHOLE_NAMES = ("", ".jpg", ".JPG", ".png")
"""DB's own copies of the datasets are named after the whole image: ``img_1.jpg.txt``."""

Line = tuple[int, str]
"""The number of a line, from 1, and its content; or of the first of several that belong together.
"""

Parse = Callable[[str], TextInstance]
"""From a line to an instance; a ValueError says what is wrong with it."""

Plan = Callable[[list[Line]], tuple[Iterable[Line], Parse]]
"""From the lines of a file to those that hold one instance each, and how they are parsed."""


def read_lines(key: str, image: Path, path: Path, plan: Plan) -> Iterator[Sample | Finding]:
    """Read one text file of one image; a bad line is a finding, the others stay."""
    try:
        content = read_text(path)
    except EncodingError as error:
        yield bad_encoding(key, str(error), str(path))
        return
    yield from note_traits(key, content, str(path))
    instances = []
    lines, parse = plan(list(lines_of(content)))
    for number, line in lines:
        try:
            instances.append(parse(_require_one(line)))
        except ValueError as error:
            yield bad_annotation(key, str(error), f"{path}:{number}")
    yield from note_commas(key, sum("," in item.text for item in instances), str(path))
    yield make_sample(key, image, instances, str(path))


def stems_of(stem: str, *prefixes: str) -> list[str]:
    """Return which annotations an image may have: "sub/gt_img_1" and "sub/img_1" for "sub/img_1".

    Args:
        stem: The image's path without suffix.
        prefixes: Of the file's name; it may have none as well.
    """
    folder, slash, name = stem.rpartition("/")
    names = [f"{prefix}{name}{suffix}" for suffix in WHOLE_NAMES for prefix in (*prefixes, "")]
    return [folder + slash + name for name in names]


def lines_of_head(path: Path, head: str) -> list[str]:
    """Return the first lines of a text file, none of a file with another suffix."""
    if path.suffix.lower() != SUFFIX:
        return []
    lines = lines_of(Text(head, "utf-8", bom=False, crlf=False))
    return [line for _, line in islice(lines, LINES_OF_A_HEAD)]


def split_outline(line: str) -> tuple[list[float], str]:
    """Split ``x1,y1,...,xN,yN,label`` where N is not known.

    The last field is the label where all others are numbers, an even count of them: so the label
    may be a bare number. Else the label holds commas and begins at the first field that is no
    number. A number inside it, or an odd count before it, is refused: a broken coordinate looks so.

    Raises:
        ValueError: The line is no such outline of at least three points.
    """
    fields = line.split(",")
    numbers = len(list(takewhile(_is_number, fields)))
    start = len(fields) - 1 if numbers >= len(fields) - 1 else numbers
    if start % 2 or start < 2 * MIN_POINTS or any(map(_is_number, fields[start + 1 : -1])):
        form = f"x1,y1,...,xN,yN,label with N >= {MIN_POINTS}"
        raise ValueError(f"{line[:80]!r} begins with {numbers} numbers: not {form}")
    return [float(field) for field in fields[:start]], ",".join(fields[start:])


def most_points(lines: list[str]) -> int:
    """Return the points of the longest outline, 0 where not most of the lines are outlines."""
    points = []
    for line in lines:
        try:
            points.append(len(split_outline(line)[0]) // 2)
        except ValueError:
            continue
    return max(points) if 2 * len(points) > len(lines) else 0


def _require_one(line: str) -> str:
    if "\r" in line:  # as old Macintosh files end their lines: the first would swallow the others
        raise ValueError(f"{line[:80]!r} has a CR inside; end lines with LF or CR LF")
    return line


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True
