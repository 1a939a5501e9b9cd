"""One JSON file for all images: a name, its words, each a list of points.

``{"images": {name: {"words": {"0001": {"points": [[x, y], ...]}}}}}``

A word may have a ``"text"`` and ``"ignore": true``; a text ``###`` is ignored as in ICDAR files. An
image may state its ``"width"`` and ``"height"``, which the validation compares with the picture.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from feedrate.formats import Spread, to_polygon
from feedrate.formats.fields import (
    Packed,
    PackedEntry,
    pack_entry,
    read_packed,
    size_in,
    text_in,
)
from feedrate.formats.jsonfile import number, short
from feedrate.formats.jsonstream import stream_json
from feedrate.formats.pairing import pair_entries
from feedrate.sample import Finding, Polygon, Sample

SPREAD: Spread = "file"
BEGINNING = re.compile(r'\s*\{\s*"images"\s*:\s*\{\s*("([^"\\]|\\.)*"\s*:\s*\{|\})')


def read(images: Path, annotations: Path) -> Iterator[Sample | Finding]:
    """Read one file of words by image; see `feedrate.formats.Read`."""
    named, found = list[tuple[str, PackedEntry | str]](), False
    for container, name, value in stream_json(annotations):
        if container == "images":
            found |= name is None and value == {}
            if isinstance(name, str):
                named.append((name, _keep(value)))
    if not found:
        raise ValueError(f'{annotations}: no {{"images": {{name: {{"words": ...}}}}}} in it')
    yield from pair_entries(images, annotations, named, read_packed)


def recognise(path: Path, head: str) -> str | None:
    """Know the file by its beginning; see `feedrate.formats.Recognise`."""
    if path.suffix.lower() == ".json" and BEGINNING.match(head):
        return 'a JSON object of "images" by name, each with "words"'
    return None


def _keep(entry: Any) -> PackedEntry | str:
    """Pack an image's entry, or tell why it cannot be read."""
    if not isinstance(entry, dict) or not isinstance(entry.get("words"), dict):
        return f'{short(entry)} is not {{"words": {{number: {{"points": ...}}}}}}'
    try:
        declared_size = size_in(entry)
    except ValueError as error:
        return str(error)
    named = ((f"word {name}", word) for name, word in entry["words"].items())
    return pack_entry(declared_size, named, _pack)


def _pack(word: Any) -> Packed:
    if not isinstance(word, dict) or not isinstance(word.get("points"), list):
        raise ValueError(f'{short(word)} is not {{"points": [[x, y], ...]}}')
    ignore = word.get("ignore", False)
    if not isinstance(ignore, bool):
        raise ValueError(f"ignore = {short(ignore)}: neither true nor false")
    return Packed.of(_polygon_of(word["points"]), ignore, text_in(word, "text"))


def _polygon_of(points: list[Any]) -> Polygon:
    try:
        return to_polygon([value for x, y in points for value in (number(x), number(y))])
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"points = {short(points)}: not a list of [x, y] in pixels") from None
