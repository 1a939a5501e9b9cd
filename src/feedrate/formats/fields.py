"""What the entries of several JSON formats say alike: sizes, flags, texts and coordinates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

import numpy as np

from feedrate.formats import IGNORED_TEXT, bad_annotation, make_sample, to_polygon
from feedrate.formats.jsonfile import Entry, number, short
from feedrate.sample import Finding, Polygon, Sample, TextInstance


class Packed(NamedTuple):
    """An instance in a fifth of its memory, for the time until its image's turn comes."""

    points: bytes
    ignore: bool
    text: str

    @classmethod
    def of(cls, polygon: Polygon, ignore: bool, text: str) -> Packed:
        """Pack what makes an instance."""
        return cls(polygon.tobytes(), ignore or text == IGNORED_TEXT, text)

    def unpack(self) -> TextInstance:
        """Return the instance."""
        polygon = np.frombuffer(self.points, np.float64).reshape(-1, 2).copy()
        return TextInstance(polygon, self.ignore, self.text)


class PackedEntry(NamedTuple):
    """What is kept of an image: its instances, and what is wrong with others of them."""

    declared_size: tuple[int, int] | None
    words: tuple[Packed, ...]
    troubles: tuple[str, ...]


def pack_entry(
    declared_size: tuple[int, int] | None,
    named: Iterable[tuple[str, Any]],
    pack: Callable[[Any], Packed],
) -> PackedEntry:
    """Pack the instances of an image, each given with its name for messages."""
    words, troubles = list[Packed](), list[str]()
    for name, content in named:
        try:
            words.append(pack(content))
        except ValueError as error:
            troubles.append(f"{name}: {error}")
    return PackedEntry(declared_size, tuple(words), tuple(troubles))


def read_packed(
    key: str, image: Path, entry: PackedEntry | str, location: str
) -> Iterator[Sample | Finding]:
    """Yield the sample of a packed entry and its findings; a text is why there is no sample."""
    if isinstance(entry, str):
        yield bad_annotation(key, entry, location)
        return
    for trouble in entry.troubles:
        yield bad_annotation(key, trouble, location)
    instances = [word.unpack() for word in entry.words]
    yield make_sample(key, image, instances, location, entry.declared_size)


def size_in(entry: Entry) -> tuple[int, int] | None:
    """Return the image's stated ``(width, height)``, None where none is stated.

    Raises:
        ValueError: They are no whole pixels above 0.
    """
    width, height = entry.get("width"), entry.get("height")
    if width is None and height is None:
        return None
    if not (_is_side(width) and _is_side(height)):
        shown = f"width = {short(width)}, height = {short(height)}"
        raise ValueError(f"{shown}: give both, in whole pixels above 0, or neither")
    return width, height


def flag_in(entry: Entry, name: str) -> bool:
    """Return a flag, false where it is absent.

    Raises:
        ValueError: It is neither true nor false, nor 1 or 0.
    """
    value = entry.get(name, False)
    if not isinstance(value, bool | int) or value not in (0, 1):
        raise ValueError(f"{name} = {short(value)}: neither true nor false")
    return bool(value)


def text_in(entry: Entry, name: str) -> str:
    """Return a text, empty where it is absent.

    Raises:
        ValueError: It is no text, or one that UTF-8 cannot hold.
    """
    value = entry.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{name} = {short(value)}: not a text")
    value.encode()  # a lone surrogate cannot be stored; its error is a ValueError
    return value


def polygon_of(values: object, name: str) -> Polygon:
    """Shape a flat list ``[x1, y1, x2, y2, ...]``.

    Raises:
        ValueError: It is not that.
    """
    numbers = _numbers(values, name)
    if not numbers or len(numbers) % 2:
        raise ValueError(f"{name} = {short(values)}: {len(numbers)} numbers are no pairs of x, y")
    return to_polygon(numbers)


def corners_of(values: object, name: str) -> tuple[float, float, float, float]:
    """Return the four numbers of a box.

    Raises:
        ValueError: They are not four numbers.
    """
    numbers = _numbers(values, name)
    if len(numbers) != 4:
        raise ValueError(f"{name} = {short(values)}: {len(numbers)} numbers are no box")
    return numbers[0], numbers[1], numbers[2], numbers[3]


def quad_of(left: float, top: float, right: float, bottom: float) -> Polygon:
    """Turn a box into a quad, clockwise from its top left."""
    return to_polygon([left, top, right, top, right, bottom, left, bottom])


def _numbers(values: object, name: str) -> list[float]:
    if not isinstance(values, list):
        raise ValueError(f"{name} = {short(values)}: not a list of numbers")
    try:
        return [number(value) for value in values]
    except (TypeError, OverflowError):
        raise ValueError(f"{name} = {short(values)}: not a list of numbers") from None


def _is_side(value: Any) -> TypeGuard[int]:
    return type(value) is int and 0 < value < 1 << 31
