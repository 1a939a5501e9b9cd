"""One JSON file for all images: a name, its words, each a list of points.

``{"images": {name: {"words": {"0001": {"points": [[x, y], ...]}}}}}``

A word may have a ``"text"`` and ``"ignore": true``; a text ``###`` is ignored as in ICDAR files. An
image may state its ``"width"`` and ``"height"``, which the validation compares with the picture.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from feedrate.formats import IGNORED_TEXT, Spread, bad_annotation, make_sample, to_polygon
from feedrate.formats.jsonfile import Entry, load_json, number, short
from feedrate.formats.pairing import pair_entries
from feedrate.sample import Finding, Sample, TextInstance

SPREAD: Spread = "file"
BEGINNING = re.compile(r'\s*\{\s*"images"\s*:\s*\{\s*("([^"\\]|\\.)*"\s*:\s*\{|\})')


@dataclass(frozen=True)
class Broken:
    """A word that could not be read, and why."""

    trouble: str


def read(images: Path, annotations: Path) -> Iterator[Sample | Finding]:
    """Read one file of words by image; see `feedrate.formats.Read`."""
    content = load_json(annotations, _compact)
    if not isinstance(content, dict) or not isinstance(content.get("images"), dict):
        raise ValueError(f'{annotations}: no {{"images": {{name: {{"words": ...}}}}}} in it')
    return pair_entries(images, annotations, content["images"].items(), _read_one)


def recognise(path: Path, head: str) -> str | None:
    """Know the file by its beginning; see `feedrate.formats.Recognise`."""
    if path.suffix.lower() == ".json" and BEGINNING.match(head):
        return 'a JSON object of "images" by name, each with "words"'
    return None


def _compact(entry: Entry) -> Any:
    """Keep a word as its instance: as lists of lists, a million words take gigabytes."""
    if not isinstance(entry.get("points"), list):
        return entry
    try:
        return _to_instance(entry)
    except ValueError as error:
        return Broken(str(error))


def _read_one(key: str, image: Path, entry: object, location: str) -> Iterator[Sample | Finding]:
    try:
        entry = _require_words(entry)
        declared_size = _declared_size(entry)
    except ValueError as error:
        yield bad_annotation(key, str(error), location)
        return
    instances = []
    for word, content in entry["words"].items():
        if isinstance(content, TextInstance):
            instances.append(content)
        elif isinstance(content, Broken):
            yield bad_annotation(key, f"word {word}: {content.trouble}", location)
        else:
            trouble = f'word {word}: {short(content)} is not {{"points": [[x, y], ...]}}'
            yield bad_annotation(key, trouble, location)
    yield make_sample(key, image, instances, location, declared_size)


def _require_words(entry: object) -> Entry:
    if not isinstance(entry, dict) or not isinstance(entry.get("words"), dict):
        raise ValueError(f'{short(entry)} is not {{"words": {{number: {{"points": ...}}}}}}')
    return entry


def _declared_size(entry: Entry) -> tuple[int, int] | None:
    width, height = entry.get("width"), entry.get("height")
    if width is None and height is None:
        return None
    if not (_is_side(width) and _is_side(height)):
        shown = f"width = {short(width)}, height = {short(height)}"
        raise ValueError(f"{shown}: give both, in whole pixels, or neither")
    return width, height


def _is_side(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 < value < 1 << 31


def _to_instance(word: Entry) -> TextInstance:
    text, ignore = word.get("text", ""), word.get("ignore", False)
    if not isinstance(text, str) or not isinstance(ignore, bool):
        raise ValueError(f"text = {short(text)}, ignore = {short(ignore)}: not a text and a bool")
    text.encode()  # a lone surrogate cannot be stored; its error is a ValueError
    polygon = to_polygon([value for point in _points(word["points"]) for value in point])
    return TextInstance(polygon, ignore or text == IGNORED_TEXT, text)


def _points(points: list[Any]) -> list[tuple[float, float]]:
    try:
        return [(number(x), number(y)) for x, y in points]
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"points = {short(points)}: not a list of [x, y] in pixels") from None
