"""One JSON file for all images: a name, its words, each a list of points.

``{"images": {name: {"words": {"0001": {"points": [[x, y], ...]}}}}}``

A word may have a ``"text"`` and ``"ignore": true``; a text ``###`` is ignored as in ICDAR files. An
image may state its ``"width"`` and ``"height"``, which the validation compares with the picture.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeGuard

from feedrate.formats import (
    IGNORED_TEXT,
    bad_annotation,
    is_plain_name,
    list_images,
    make_sample,
    missing_annotation,
    missing_image,
    to_polygon,
    unsafe_name,
)
from feedrate.sample import Finding, Sample, TextInstance

Entry = dict[str, Any]


def read(images: Path, annotations: Path) -> Iterator[Sample | Finding]:
    """Read one file of words by image; see `feedrate.formats.Read`."""
    found, entries = list_images(images), _load(annotations)
    for name in sorted(found.keys() | entries.keys()):
        if not is_plain_name(name):
            yield unsafe_name(name, str(annotations))
        elif name not in entries:
            yield missing_annotation(name, annotations, f"entry {name!r}")
        elif name not in found:
            yield missing_image(name, images, str(annotations))
        else:
            yield from _read_one(found[name], entries[name], f"{annotations}: {name}")


def _load(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_unique)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: broken JSON: {error}") from None
    if not isinstance(content, dict) or not isinstance(content.get("images"), dict):
        raise ValueError(f'{path}: no {{"images": {{name: {{"words": ...}}}}}} in it')
    entries: dict[str, Any] = content["images"]
    return entries


def _unique(pairs: list[tuple[str, Any]]) -> Entry:
    """Refuse what JSON allows and `json` loses: two entries of one name."""
    entry = dict(pairs)
    if len(entry) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} stands twice in one object")
    return entry


def _read_one(image: Path, entry: object, location: str) -> Iterator[Sample | Finding]:
    try:
        entry = _require_words(entry)
        declared_size = _declared_size(entry)
    except ValueError as error:
        yield bad_annotation(image.name, str(error), location)
        return
    instances = []
    for word, content in entry["words"].items():
        try:
            instances.append(_to_instance(content))
        except ValueError as error:
            yield bad_annotation(image.name, f"word {word}: {error}", location)
    yield make_sample(image, instances, location, declared_size)


def _require_words(entry: object) -> Entry:
    if not isinstance(entry, dict) or not isinstance(entry.get("words"), dict):
        raise ValueError(f'{_short(entry)} is not {{"words": {{number: {{"points": ...}}}}}}')
    return entry


def _declared_size(entry: Entry) -> tuple[int, int] | None:
    width, height = entry.get("width"), entry.get("height")
    if width is None and height is None:
        return None
    if not (_is_side(width) and _is_side(height)):
        shown = f"width = {_short(width)}, height = {_short(height)}"
        raise ValueError(f"{shown}: give both, in whole pixels, or neither")
    return width, height


def _is_side(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 < value < 1 << 31


def _to_instance(word: object) -> TextInstance:
    if not isinstance(word, dict) or "points" not in word:
        raise ValueError(f'{_short(word)} is not {{"points": [[x, y], ...]}}')
    text, ignore = word.get("text", ""), word.get("ignore", False)
    if not isinstance(text, str) or not isinstance(ignore, bool):
        raise ValueError(f"text = {_short(text)}, ignore = {_short(ignore)}: not a text and a bool")
    text.encode()  # a lone surrogate cannot be stored; its error is a ValueError
    polygon = to_polygon([number for point in _points(word["points"]) for number in point])
    return TextInstance(polygon, ignore or text == IGNORED_TEXT, text)


def _points(points: object) -> list[tuple[float, float]]:
    try:
        return [(_number(x), _number(y)) for x, y in _require_list(points)]
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"points = {_short(points)}: not a list of [x, y] in pixels") from None


def _require_list(value: object) -> list[Any]:
    if not isinstance(value, list):  # an empty object would pass for no points
        raise TypeError(value)
    return value


def _number(value: object) -> float:
    # To Python a bool is an int, and float() reads texts of digits: neither is a coordinate.
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    return float(value)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
