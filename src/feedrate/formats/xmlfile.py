"""What an XML file says, in any version of its namespace; nothing outside of it is ever opened."""

from __future__ import annotations

import contextlib
import re
from io import StringIO
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError
from xml.parsers.expat import ErrorString

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring, iterparse

from feedrate.formats.text import EncodingError, read_text

MOST_BYTES = 1 << 25
"""A page of text has far less; its tree takes some ten times as much memory."""
DECLARATION = re.compile(r"""<\?xml\s[^>]*?encoding\s*=\s*["']([^"'>]*)""")
READABLE = frozenset({"utf-8", "utf8", "utf-16", "utf16", "us-ascii", "ascii"})


def load_xml(path: Path) -> Element:
    """Read a whole XML file; its names come without their namespaces.

    Raises:
        OSError: It cannot be read.
        EncodingError: It is neither UTF-8 nor UTF-16, or declares to be something else.
        ValueError: It is no XML, declares entities, or is too large; the message says where.
    """
    try:
        root: Element = fromstring(_text_of(path))
    except ParseError as error:
        line, column = error.position
        reason = ErrorString(error.code)
        raise ValueError(f"broken XML: {reason} in line {line}, column {column}") from None
    except DefusedXmlException:
        trouble = "declares entities, which may unfold to any size or open other files"
        raise ValueError(f"{trouble}: write out what they stand for") from None
    return _without_namespaces(root)


def peek_xml(path: Path, name: str) -> Element | None:
    """Read an XML file only as far as the beginning of the first element of a name.

    Returns:
        The root with what precedes that element; None where not even a root can be read. What is
        wrong with a file is for `load_xml` to say.
    """
    root = None
    with contextlib.suppress(ParseError, ValueError):
        for _, element in iterparse(StringIO(_text_of(path)), events=("start",)):
            root = element if root is None else root
            if local_name(element) == name:
                break
    return None if root is None else _without_namespaces(root)


def describe_root(head: str) -> tuple[str, str]:
    """Tell the name and the namespace of the root from the beginning of a file.

    Returns:
        Both empty where it is no XML.
    """
    with contextlib.suppress(ParseError, ValueError):
        for _, element in iterparse(StringIO(head), events=("start",)):
            return local_name(element), element.tag.rpartition("}")[0].removeprefix("{")
    return "", ""


def local_name(element: Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def _text_of(path: Path) -> str:
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise ValueError(f"{size >> 20} MiB of XML, more than {MOST_BYTES >> 20}: no single page")
    text = read_text(path).text
    declared = DECLARATION.match(text)
    if declared and declared[1].lower() not in READABLE and not text.isascii():
        raise EncodingError(
            f"declares to be {declared[1][:40]!r}; save it as UTF-8, and declare that"
        )
    return text


def _without_namespaces(root: Element) -> Element:
    for element in root.iter():
        element.tag = local_name(element)
    return root
