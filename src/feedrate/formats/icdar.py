"""ICDAR: one text file an image, ``gt_img_1.txt`` or ``img_1.txt`` for ``img_1.jpg``.

Three forms, from the task pages of the Robust Reading Competition (rrc.cvc.uab.es):

* 2013, Focused Scene Text: ``left, top, right, bottom, "text"``, in the training set separated by
  spaces; in the text a backslash stands before a quote or a backslash.
* 2015, Incidental Scene Text: ``x1,y1,x2,y2,x3,y3,x4,y4,text``; what follows the eighth comma is
  the text, commas and all.
* 2017 and 2019, Multi-Lingual Text: ``x1,y1,x2,y2,x3,y3,x4,y4,script,text``, in the same way.

A line is of 2013 if it has four numbers and then a text in quotes; no other form has a quote there.
Whether quads have a script is decided for the whole file, for a text of 2015 may be "Latin" or
begin with "None,": they have one where at least half of them show a script and a comma after it. A
quad without is then a bad line, so that no script is ever taken for text in silence. Nor is the
rest of an outline of Total-Text: a line of six points or more is bad.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from feedrate.formats import IGNORED_TEXT, Spread, to_polygon
from feedrate.formats.fields import quad_of
from feedrate.formats.pairing import pair_files
from feedrate.formats.textlines import (
    SUFFIX,
    Line,
    Parse,
    lines_of_head,
    most_points,
    read_lines,
    stems_of,
)
from feedrate.sample import Finding, Polygon, Sample, TextInstance

SPREAD: Spread = "folder"
COORDINATES = 8
CURVED = 6
"""Points of an outline that no text looks like: "1,000,000" after a quad looks like a fifth."""
SCRIPTS = re.compile("Arabic|Latin|Chinese|Japanese|Korean|Bangla|Hindi|Symbols|Mixed|None")
BOX = re.compile(r"\s*" + r'([^\s,"]+)(?:\s*,\s*|\s+)' * 4 + r'"(.*)"\s*')
ESCAPED = re.compile(r'\\(["\\])')


def read(images: Path, annotations: Path) -> Iterator[Sample | Finding]:
    """Read text files of boxes or quads; see `feedrate.formats.Read`."""
    return pair_files(images, annotations, SUFFIX, lambda stem: stems_of(stem, "gt_"), _read_one)


def recognise(path: Path, head: str) -> str | None:
    """Know a text file by most of its first lines; see `feedrate.formats.Recognise`."""
    lines = lines_of_head(path, head)
    boxes = sum(BOX.fullmatch(line) is not None for line in lines)
    quads = sum(map(_is_quad, lines))
    if 2 * (boxes + quads) <= len(lines) or most_points(lines) > COORDINATES // 2:
        return None
    if boxes > quads:
        return "4 numbers and a text in quotes a line, as in ICDAR 2013"
    if _have_scripts(lines):
        return "8 numbers, a script and a text a line, as in ICDAR MLT"
    return "8 numbers and a text a line, as in ICDAR 2015"


def _read_one(key: str, image: Path, path: Path) -> Iterator[Sample | Finding]:
    return read_lines(key, image, path, _plan)


def _plan(lines: list[Line]) -> tuple[list[Line], Parse]:
    to_quad = _to_scripted_quad if _have_scripts([line for _, line in lines]) else _to_quad
    return lines, lambda line: _to_box(box) if (box := BOX.fullmatch(line)) else to_quad(line)


def _is_quad(line: str) -> bool:
    try:
        _split_quad(line)
    except ValueError:
        return False
    return True


def _is_script(field: str) -> bool:
    return SCRIPTS.fullmatch(field.strip()) is not None


def _have_scripts(lines: list[str]) -> bool:
    split = [line.split(",", COORDINATES + 1) for line in lines]
    quads = sum(len(fields) > COORDINATES for fields in split)
    scripts = [fields[COORDINATES] for fields in split if len(fields) > COORDINATES + 1]
    return 0 < quads <= 2 * sum(map(_is_script, scripts))


def _to_box(match: re.Match[str]) -> TextInstance:
    *cells, text = match.groups()
    left, top, right, bottom = _numbers(cells)
    return _to_instance(quad_of(left, top, right, bottom), ESCAPED.sub(r"\1", text))


def _to_quad(line: str) -> TextInstance:
    quad, text = _split_quad(line)
    if text.count(",") >= 2 * CURVED - COORDINATES and most_points([line]) >= CURVED:
        raise ValueError(f"{line[:80]!r} is an outline of more than 4 points, as in total_text")
    return _to_instance(quad, text)


def _to_scripted_quad(line: str) -> TextInstance:
    quad, rest = _split_quad(line)
    script, comma, text = rest.partition(",")
    if not comma or not _is_script(script):
        trouble = f"{rest[:80]!r} is not script,text as in the other lines"
        raise ValueError(f"{trouble}; a script is {SCRIPTS.pattern}")
    return _to_instance(quad, text)


def _split_quad(line: str) -> tuple[Polygon, str]:
    *cells, rest = line.split(",", COORDINATES)
    if len(cells) != COORDINATES:
        forms = 'neither x1,y1,x2,y2,x3,y3,x4,y4,text nor left, top, right, bottom, "text"'
        raise ValueError(f"{line[:80]!r} is {forms}")
    return to_polygon(_numbers(cells)), rest


def _numbers(cells: list[str]) -> list[float]:
    try:
        return [float(cell) for cell in cells]
    except ValueError:
        raise ValueError(f"{','.join(cells)[:80]!r} are not {len(cells)} numbers") from None


def _to_instance(quad: Polygon, text: str) -> TextInstance:
    return TextInstance(quad, text.strip() == IGNORED_TEXT, text)
