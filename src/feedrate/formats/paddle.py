"""PaddleOCR: one label file for all images, a line each: the image's path, a tab, JSON.

``imgs/img_61.jpg<TAB>[{"transcription": "MASA", "points": [[310, 104], [416, 141], ...]}, ...]``

Source: github.com/PaddlePaddle/PaddleOCR, doc/doc_en/dataset/ocr_datasets_en.md; that ``*`` is
ignored as ``###`` is, says ``DetLabelEncode`` in ppocr/data/imaug/label_ops.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from feedrate.formats import IGNORED_TEXT, Spread, bad_annotation, make_sample, to_polygon
from feedrate.formats.fields import text_in
from feedrate.formats.jsonfile import number, parse_json, short
from feedrate.formats.pairing import pair_entries
from feedrate.formats.text import EncodingError, lines_of, note_traits, read_text
from feedrate.sample import Finding, Polygon, Sample, TextInstance

SPREAD: Spread = "file"
IGNORED = {IGNORED_TEXT, "*"}

Line = tuple[int, bytes]
"""The number of a line, from 1, and its JSON: as UTF-8, half of what a text takes or a quarter."""


def read(images: Path, annotations: Path) -> Iterator[Sample | Finding]:
    """Read one label file; see `feedrate.formats.Read`."""
    findings, entries = _split(annotations)
    yield from findings
    yield from pair_entries(images, annotations, entries, partial(_read_one, annotations))


def recognise(path: Path, head: str) -> str | None:
    """Know the file by its first line; see `feedrate.formats.Recognise`."""
    first = next((line for line in head.split("\n") if line.strip()), "")
    _, tab, text = first.partition("\t")
    words = text.replace(" ", "")
    if tab and (words.strip() == "[]" or (words.startswith("[{") and '"points":' in words)):
        return 'a path, a tab and a JSON list with "points" a line'
    return None


def _split(path: Path) -> tuple[list[Finding], list[tuple[str, Line]]]:
    """Return what is to be said of the file and of lines without image, and all other lines."""
    try:
        content = read_text(path)
    except EncodingError as error:
        raise ValueError(f"{path}: {error}") from None
    findings, entries = list(note_traits(path.name, content, str(path))), []
    for line_number, line in lines_of(content):
        name, tab, text = line.partition("\t")
        if tab:
            entries.append((name, (line_number, text.encode())))
        else:
            trouble = f"{line[:80]!r} is not an image's path, a tab and JSON"
            findings.append(bad_annotation(path.name, trouble, f"{path}:{line_number}"))
    return findings, entries


def _read_one(
    annotations: Path, key: str, image: Path, line: Line, _: str
) -> Iterator[Sample | Finding]:
    location = f"{annotations}:{line[0]}"
    try:
        words = _require_list(parse_json(line[1].decode()))
    except ValueError as error:
        yield bad_annotation(key, str(error), location)
        return
    instances = []
    for position, word in enumerate(words, start=1):
        try:
            instances.append(_to_instance(word))
        except ValueError as error:
            yield bad_annotation(key, f"word {position}: {error}", location)
    yield make_sample(key, image, instances, location)


def _require_list(content: object) -> list[Any]:
    if not isinstance(content, list):
        raise ValueError(f"{short(content)} is not a list of words")
    return content


def _to_instance(word: object) -> TextInstance:
    if not isinstance(word, dict) or "points" not in word:
        raise ValueError(f'{short(word)} is not {{"transcription": ..., "points": [[x, y], ...]}}')
    text = text_in(word, "transcription")
    return TextInstance(_to_polygon(word["points"]), text in IGNORED, text)


def _to_polygon(points: object) -> Polygon:
    try:
        return to_polygon([number(value) for x, y in _require_list(points) for value in (x, y)])
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"points = {short(points)}: not a list of [x, y] in pixels") from None
