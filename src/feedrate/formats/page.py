"""PAGE XML, any version: a file a page, an instance a ``TextLine``, in the document's order.

The outline is ``Coords``: ``points="x,y x,y"`` since 2013, children ``<Point x= y=>`` before. The
text is the line's own ``TextEquiv/Unicode``; of several the one with the lowest index.

Source: the schemas of github.com/PRImA-Research-Lab/PAGE-XML; `feedrate.formats.matching` finds
the image.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from feedrate.formats import IGNORED_TEXT, Spread, to_polygon
from feedrate.formats.pages import (
    Dialect,
    number_of,
    only_page,
    points_of,
    read_pages,
    recognise_root,
    sides_of,
)
from feedrate.sample import Finding, Polygon, Sample, TextInstance

SPREAD: Spread = "folder"
ROOT = "PcGts"


def read(images: Path, annotations: Path) -> Iterator[Sample | Finding]:
    """Read PAGE files; see `feedrate.formats.Read`."""
    return read_pages(images, annotations, Dialect(ROOT, _image_name, _size_in, _to_instance))


def recognise(path: Path, head: str) -> str | None:
    """Know the file by its root; see `feedrate.formats.Recognise`."""
    return recognise_root(path, head, ROOT)


def _image_name(root: Element) -> str:
    page = root.find("Page")
    return page.get("imageFilename", "").strip() if page is not None else ""


def _size_in(root: Element) -> tuple[int, int]:
    page = only_page(root, "Page")
    return sides_of(page.get("imageWidth"), page.get("imageHeight"))


def _to_instance(line: Element) -> TextInstance:
    text = _text_of(line)
    return TextInstance(_outline(line), text == IGNORED_TEXT, text)


def _text_of(line: Element) -> str:
    readings = line.findall("TextEquiv")
    if not readings:
        return ""
    best = min(readings, key=lambda reading: number_of(reading.get("index", "0")))
    return best.findtext("Unicode") or ""


def _outline(line: Element) -> Polygon:
    coords = line.find("Coords")
    if coords is None:
        raise ValueError("no Coords: nowhere on the page")
    points = coords.findall("Point")
    if not points:
        return points_of(coords.get("points", ""), "points")
    sides = [number_of(point.get(axis, "")) for point in points for axis in ("x", "y")]
    return to_polygon(sides)
