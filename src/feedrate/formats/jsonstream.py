"""What a large JSON file says, a member at a time: only what is kept of it takes memory.

A text of Python's takes four bytes a letter as soon as one of its letters lies beyond U+FFFF, and
a parsed file several times its size; so a file is read in windows, each as long as one member.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from feedrate.formats.jsonfile import require_unique, short
from feedrate.formats.text import BOMS, EncodingError

CHUNK_BYTES = 1 << 20
LONGEST_TORN = 64
"""Characters by which an error may lie before the end of a window that only tore a value apart."""
SPACE = re.compile(r"[ \t\n\r]*")
DECODER = json.JSONDecoder(object_pairs_hook=require_unique)


class Member(NamedTuple):
    """A member of one of the containers in a file's outermost object.

    Attributes:
        name: The container's name in the outermost object.
        key: The member's name or index in it. None stands for the container itself, which comes
            first and empty, and for anything that is no container.
        value: The member.
    """

    name: str
    key: int | str | None
    value: Any


def stream_json(path: Path) -> Iterator[Member]:
    """Read a JSON file, an object of lists and objects, in its order; a list has no members here.

    Args:
        path: UTF-8 or UTF-16.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no such JSON, or an object has two entries of one name; the message says
            where.
    """
    try:
        yield from _members(_Window(path))
    except EncodingError as error:
        raise ValueError(f"{path}: {error}") from None
    except RecursionError:
        raise ValueError(f"{path}: broken JSON: nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"{path}: broken JSON: {error}") from None


def _members(window: _Window) -> Iterator[Member]:
    if window.peek() == "[":
        return  # whole JSON perhaps, but without a single member of this kind
    window.require("{")
    for name in _keys(window):
        opener = window.peek()
        if opener not in {"[", "{"}:
            yield Member(name, None, window.value())
            continue
        window.require(opener)
        yield Member(name, None, [] if opener == "[" else {})
        for key in _indices(window) if opener == "[" else _keys(window):
            yield Member(name, key, window.value())
    if window.peek():
        raise window.error("expected nothing more")


def _indices(window: _Window) -> Iterator[int]:
    """Yield 0, 1, ... for the values of a list whose bracket is read, each before it is read."""
    index = 0
    while window.goes_on("]", index > 0):
        yield index
        index += 1


def _keys(window: _Window) -> Iterator[str]:
    """Yield the names of an object whose bracket is read, each before its value is read."""
    seen = set[str]()
    while window.goes_on("}", bool(seen)):
        name = window.value() if window.peek() == '"' else None
        if name is None:
            raise window.error("expected a name in quotes")
        if name in seen:
            raise window.error(f"{short(name)} stands twice in one object")
        seen.add(name)
        window.require(":")
        yield name


class _Window:
    """The part of a file that is being read."""

    def __init__(self, path: Path) -> None:
        self._chunks = _decode(path)
        self._text = ""
        self._at = 0
        self._line = self._column = 1

    def peek(self) -> str:
        """Return the next character that is no space; "" at the end."""
        while True:
            self._at = SPACE.match(self._text, self._at).end()  # type: ignore[union-attr]
            if self._at < len(self._text) or not self._grow():
                return self._text[self._at : self._at + 1]

    def require(self, character: str) -> None:
        """Read a character that must come next."""
        if self.peek() != character:
            raise self.error(f"expected {character!r}")
        self._at += 1

    def goes_on(self, closer: str, started: bool) -> bool:
        """Read what stands before the next member, or the end of the container."""
        if self.peek() == closer:
            self._at += 1
            return False
        if started:
            self.require(",")
        return True

    def value(self) -> Any:
        """Read a whole value."""
        self.peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                torn = error.pos > len(self._text) - LONGEST_TORN or "Unterminated" in error.msg
                offset = error.pos - self._at
                if torn and self._grow():
                    continue
                self._at += offset
                raise self.error(error.msg) from None
            if end < len(self._text) or not self._grow():  # a number may go on
                self._at = end
                return value

    def error(self, message: str) -> ValueError:
        """Make an error that says where it is."""
        line, column = self._place()
        here = self._text[self._at :][:40]
        return ValueError(f"{message}: line {line} column {column}, at {here!r}")

    def _place(self) -> tuple[int, int]:
        """Return the line and the column in it, from 1, of what comes next."""
        lines = self._text.count("\n", 0, self._at)
        if not lines:
            return self._line, self._column + self._at
        return self._line + lines, self._at - self._text.rindex("\n", 0, self._at)

    def _grow(self) -> bool:
        """Drop what is read and double the rest, so that a long value is not read too often."""
        self._line, self._column = self._place()
        rest, wanted = [self._text[self._at :]], len(self._text) - self._at
        self._text, self._at, got = "", 0, 0
        while got <= wanted and (chunk := next(self._chunks, "")):
            rest.append(chunk)
            got += len(chunk)
        self._text = "".join(rest)
        return got > 0


def _decode(path: Path) -> Iterator[str]:
    """Yield a file's text piece by piece, none of them empty; see `feedrate.formats.text`."""
    with path.open("rb") as stream:
        data = stream.read(max(map(len, BOMS)))
        mark = next((mark for mark in BOMS if data.startswith(mark)), b"")
        encoding, start = BOMS.get(mark, "utf-8"), len(mark)
        decoder = codecs.getincrementaldecoder(encoding)()
        data = data[start:] + stream.read(CHUNK_BYTES)
        while True:
            if encoding == "utf-8" and b"\0" in data:
                raise EncodingError(
                    f"a zero byte at byte {start + data.index(0)}; save it as UTF-8"
                )
            begun = len(decoder.getstate()[0])
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                at = start - begun + error.start
                raise EncodingError(
                    f"not {encoding.upper()} at byte {at}; save it as UTF-8"
                ) from None
            if text:
                yield text
            if not data:
                return
            start += len(data)
            data = stream.read(CHUNK_BYTES)
