"""Every figure in prose carries where it comes from: a cell, or a file under ``results/``."""

from __future__ import annotations

import re
from re import Match

from markupsafe import Markup

PROSE = ("p", "h3", "h4", "li", "dd", "figcaption", "summary")
"""Elements that hold sentences; each is one, or a few that rest on the same data."""

_UNITS = ("x", "%", "ms", "s", "KB", "MB", "GB", "images/s", "images a second")
_COUNTED = ("epochs", "passes", "times")
_FIGURE = re.compile(rf"\d ?(?:{'|'.join((*_UNITS, *_COUNTED))})(?!\w)")
_NAMED = re.compile(r'class="from"|\bresults/\w|\w/(?:\w+~|reference\b)')
_ELEMENT = re.compile(rf"<({'|'.join(PROSE)})\b([^>]*)>(.*?)</\1>", re.DOTALL)
_TABLE = re.compile(r"(<table[^>]*>)(.*?</table>)", re.DOTALL)


def with_source(html: str, source: str) -> Markup:
    """Name the source at the end of each sentence that has a figure, and under each table.

    What names a cell or a file itself is left as it is, so that parts with a source of their own
    may lie inside a part with another.

    Args:
        html: Of a template, escaped already.
        source: A cell as ``experiment/cell``, or a file under ``results/``.
    """

    def sentence(found: Match[str]) -> str:
        name, attributes, text = found.groups()
        if not holds_figure(text) or names_source(text):
            return found.group()
        return f"<{name}{attributes}>{text}{tag('span', source)}</{name}>"

    def table(found: Match[str]) -> str:
        start, rest = found.groups()
        if names_source(rest):
            return found.group()
        title, end, rows = rest.partition("</caption>")  # a table has one caption at most
        if end:
            return f"{start}{title}{tag('span', source)}{end}{rows}"
        return f"{start}{tag('caption', source)}{rest}"

    marked = _TABLE.sub(table, _ELEMENT.sub(sentence, str(html)))
    return Markup(marked)  # noqa: S704 - templates have escaped it, and `tag` escapes


def tag(element: str, source: str) -> Markup:
    """A small muted mark that names a source."""
    space = " " if element == "span" else ""
    return Markup('{0}<{1} class="from">{2}</{1}>').format(space, Markup(element), source)  # noqa: S704


def holds_figure(text: str) -> bool:
    """Whether a text holds a measured figure: a number with its unit."""
    return bool(_FIGURE.search(re.sub(r"<[^>]*>", "", text)))


def names_source(text: str) -> bool:
    """Whether a text names a cell or a file of the results."""
    return bool(_NAMED.search(text))
