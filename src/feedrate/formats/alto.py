"""ALTO XML, versions 1 to 4: a file a page, an instance a ``TextLine``.

The outline is ``Shape/Polygon``, whose ``POINTS`` are ``x y x y`` or ``x,y x,y``; a line without a
shape is the quad of its ``HPOS``, ``VPOS``, ``WIDTH`` and ``HEIGHT``. The text is that of its
``String`` elements. Only ``MeasurementUnit`` ``pixel`` can be read.

Source: the schemas of github.com/altoxml/schema; `feedrate.formats.matching` finds the image.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from feedrate.formats import IGNORED_TEXT, Spread
from feedrate.formats.fields import quad_of
from feedrate.formats.jsonfile import short
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
ROOT = "alto"
BOX = ("HPOS", "VPOS", "WIDTH", "HEIGHT")


def read(images: Path, annotations: Path) -> Iterator[Sample | Finding]:
    """Read ALTO files; see `feedrate.formats.Read`."""
    return read_pages(images, annotations, Dialect(ROOT, _image_name, _size_in, _to_instance))


def recognise(path: Path, head: str) -> str | None:
    """Know the file by its root; see `feedrate.formats.Recognise`."""
    return recognise_root(path, head, ROOT)


def _image_name(root: Element) -> str:
    return (root.findtext("Description/sourceImageInformation/fileName") or "").strip()


def _size_in(root: Element) -> tuple[int, int]:
    unit = (root.findtext("Description/MeasurementUnit") or "").strip()
    if unit != "pixel":
        raise ValueError(f"MeasurementUnit is {short(unit)}, only 'pixel' can be read: convert it")
    page = only_page(root, "Layout/Page")
    return sides_of(page.get("WIDTH"), page.get("HEIGHT"))


def _to_instance(line: Element) -> TextInstance:
    text = " ".join(part.get("CONTENT", "") for part in line.iter("String"))
    return TextInstance(_outline(line), text == IGNORED_TEXT, text)


def _outline(line: Element) -> Polygon:
    shapes = line.findall("Shape/*")
    if len(shapes) > 1 or any(shape.tag != "Polygon" for shape in shapes):
        tags = ", ".join(shape.tag for shape in shapes)
        raise ValueError(f"its Shape holds {tags[:80]}: give one Polygon")
    if shapes:
        return points_of(shapes[0].get("POINTS", ""), "POINTS")
    values = [line.get(name) for name in BOX]
    sides = [number_of(value) for value in values if value is not None]
    if len(sides) < len(BOX):
        raise ValueError(f"neither Shape/Polygon nor all of {', '.join(BOX)}: nowhere on the page")
    left, top, width, height = sides
    return quad_of(left, top, left + width, top + height)
