"""What a text file says: UTF-8 or UTF-16, its lines, and how it was written."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from feedrate.formats import printable
from feedrate.sample import Finding

BOMS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


class EncodingError(ValueError):
    """A text is neither UTF-8 nor UTF-16; the message says where, and how to mend it."""


@dataclass(frozen=True)
class Text:
    """The content of a text file.

    Attributes:
        text: Without byte order mark; line ends as they are stored.
        encoding: ``utf-8``, ``utf-16-le`` or ``utf-16-be``.
        bom: Whether it began with a byte order mark.
        crlf: Whether a line ends in CR LF.
    """

    text: str
    encoding: str
    bom: bool
    crlf: bool


def read_text(path: Path) -> Text:
    """Read a text file.

    Raises:
        OSError: It cannot be read.
        EncodingError: It is neither UTF-8 nor UTF-16 with a byte order mark.
    """
    return to_text(path.read_bytes())


def to_text(data: bytes) -> Text:
    """Decode the bytes of a text file; see `read_text`."""
    mark = next((mark for mark in BOMS if data.startswith(mark)), b"")
    encoding = BOMS.get(mark, "utf-8")
    body = data[len(mark) :]
    if b"\0" in body and encoding == "utf-8":
        # Valid UTF-8, but no text: UTF-16 without its mark, or no text file at all.
        trouble = f"a zero byte at byte {len(mark) + body.index(0)}: UTF-16 without a byte order"
        raise EncodingError(f"{trouble} mark, or no text; save it as UTF-8")
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        at = len(mark) + error.start
        raise EncodingError(f"not {encoding.upper()} at byte {at}; save it as UTF-8") from None
    return Text(text, encoding, bool(mark), "\r\n" in text)


def lines_of(text: Text) -> Iterator[tuple[int, str]]:
    """Yield each line that is not blank with its number, from 1; without LF or CR LF."""
    number, start, content = 0, 0, text.text
    while start < len(content):  # all lines at once would take as much memory again
        number, end = number + 1, content.find("\n", start)
        line = content[start : end if end >= 0 else None]
        start += len(line) + 1
        if line.strip():
            yield number, line.removesuffix("\r")


def note_traits(key: str, text: Text, location: str) -> Iterator[Finding]:
    """Report what other readers of the file may stumble over."""
    if text.bom:
        message = f"begins with the byte order mark of {text.encoding.upper()}, which is left out"
        yield _note(key, "byte_order_mark", message, location)
    if text.crlf:
        yield _note(key, "crlf", "its lines end in CR LF; both are left out", location)


def note_commas(key: str, count: int, location: str) -> Iterator[Finding]:
    """Report texts that hold the separator of their line."""
    if count:
        texts = "1 text holds" if count == 1 else f"{count} texts hold"
        message = f"{texts} commas, as the columns are separated; read to the line's end"
        yield _note(key, "comma_in_text", message, location)


def _note(key: str, check: str, message: str, location: str) -> Finding:
    return Finding(printable(key), check, "info", message, printable(location))
