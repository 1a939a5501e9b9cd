"""What a JSON file says, read strictly: nothing twice, no numbers in quotes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from feedrate.formats.text import read_text

Entry = dict[str, Any]


def load_json(path: Path) -> Any:
    """Read a JSON file of one image, UTF-8 or UTF-16; larger ones are read by `stream_json`.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no JSON, or an object has two entries of one name; the message says where.
    """
    try:
        return parse_json(read_text(path).text)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def parse_json(text: str) -> Any:
    """Read a JSON text; see `load_json`."""
    try:
        return json.loads(text, object_pairs_hook=require_unique)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"broken JSON: {error}") from None


def number(value: object) -> float:
    """Return a number as JSON has it.

    Raises:
        TypeError: It is none; to Python a bool is an int, and float() reads texts of digits.
        OverflowError: It is too large.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    return float(value)


def short(value: object) -> str:
    """Show a value in a message, on one line, cut where it is long."""
    text = repr(value).replace("\n", " ")  # arrays have it
    return text if len(text) <= 80 else f"{text[:77]}..."


def require_unique(pairs: list[tuple[str, Any]]) -> Entry:
    """Make an object; JSON allows two entries of one name, of which `json` would lose one.

    Raises:
        ValueError: There are two of one name.
    """
    entry = dict(pairs)
    if len(entry) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} stands twice in one object")
    return entry
