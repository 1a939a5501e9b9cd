"""What ALTO and PAGE XML share: a file holds the lines of one page, and names its image.

`feedrate.formats.matching` says how that image is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element

from feedrate.formats import (
    bad_annotation,
    bad_encoding,
    foreign_file,
    make_sample,
    missing_annotation,
    missing_image,
    printable,
    to_polygon,
    unsafe_name,
)
from feedrate.formats.jsonfile import short
from feedrate.formats.listing import Listing, list_files, list_images
from feedrate.formats.matching import Known, Match, index_images, match_image
from feedrate.formats.text import EncodingError
from feedrate.formats.xmlfile import describe_root, load_xml, peek_xml
from feedrate.sample import Finding, Polygon, Sample, TextInstance

SUFFIX = ".xml"


@dataclass(frozen=True)
class Dialect:
    """What one XML format of pages has for itself.

    Attributes:
        root: Name of the root element.
        image_name: From the root, read up to the first ``Page``, to the image's name or "".
        size_in: From the root to the page's ``(width, height)`` in pixels; ValueError where the
            page cannot be read in pixels.
        to_instance: From a ``TextLine`` to its instance; ValueError where it has no outline.
    """

    root: str
    image_name: Callable[[Element], str]
    size_in: Callable[[Element], tuple[int, int]]
    to_instance: Callable[[Element], TextInstance]


class Claim(NamedTuple):
    """A file with the key of its image, or of what stands for it, and what is odd about that."""

    key: str
    path: Path
    remark: Finding | None = None


def read_pages(images: Path, annotations: Path, dialect: Dialect) -> Iterator[Sample | Finding]:
    """Read a tree of XML files; see `feedrate.formats.Read`."""
    listing, files = list_images(images), list_files(annotations, SUFFIX)
    yield from listing.refused
    known = index_images(listing.images)
    claims = dict[str, list[Claim]]()
    for stem, path in files.items():
        claim = _claim(stem, path, listing, known, dialect)
        claims.setdefault(claim.key, []).append(claim)
    for key in sorted(listing.images.keys() | claims.keys()):
        if key not in claims:
            yield missing_annotation(key, annotations, f"<{dialect.root}> that names it")
        for claim in claims.get(key, []):
            yield from _read_one(claim, listing.images.get(key), dialect)


def recognise_root(path: Path, head: str, root: str) -> str | None:
    """Know a file by its root element; see `feedrate.formats.Recognise`."""
    if path.suffix.lower() != SUFFIX:
        return None
    name, namespace = describe_root(head)
    return f"XML with root <{root}>, namespace {namespace!r}" if name == root else None


def only_page(root: Element, path: str) -> Element:
    """Return the one page of a file.

    Raises:
        ValueError: There is none, or more than one.
    """
    pages = root.findall(path)
    if len(pages) != 1:
        raise ValueError(f"{len(pages)} elements {path}: one file must hold one page")
    return pages[0]


def sides_of(width: str | None, height: str | None) -> tuple[int, int]:
    """Read the size of a page.

    Raises:
        ValueError: It is not in whole pixels above 0.
    """
    try:
        sides = [number_of(side or "") for side in (width, height)]
    except ValueError:
        sides = [0.0]
    if not all(0 < side < 1 << 31 and side.is_integer() for side in sides):
        shown = f"a page of width {short(width)} and height {short(height)}"
        raise ValueError(f"{shown}: give both in whole pixels above 0")
    return int(sides[0]), int(sides[1])


def points_of(text: str, name: str) -> Polygon:
    """Read ``x,y x,y`` or ``x y x y``.

    Raises:
        ValueError: It is neither.
    """
    numbers = numbers_of(text.replace(",", " "))
    if not numbers or len(numbers) % 2:
        raise ValueError(f"{name} = {short(text)}: {len(numbers)} numbers are no pairs of x, y")
    return to_polygon(numbers)


def numbers_of(text: str) -> list[float]:
    """Read numbers with spaces between them.

    Raises:
        ValueError: Not all are numbers. Python alone takes ``1_000``, and digits of any script.
    """
    readable = text if text.isascii() and "_" not in text else "none"
    try:
        return [float(word) for word in readable.split()]
    except ValueError:
        raise ValueError(f"{short(text)}: not numbers") from None


def number_of(text: str) -> float:
    """Read one number; see `numbers_of`."""
    numbers = numbers_of(text)
    if len(numbers) != 1:
        raise ValueError(f"{short(text)}: not a number")
    return numbers[0]


def _claim(stem: str, path: Path, listing: Listing, known: Known, dialect: Dialect) -> Claim:
    file = stem + path.suffix
    root = peek_xml(path, "Page")
    if root is not None and root.tag != dialect.root:
        return Claim(file, path)
    name = dialect.image_name(root) if root is not None else ""
    match = match_image(name, stem, known)
    key = match.key or match.path or file
    return Claim(key, path, _remark(key, name, match, listing, printable(str(path))))


def _remark(key: str, name: str, match: Match, listing: Listing, location: str) -> Finding | None:
    """Tell what is odd about the image's name, or nothing."""
    if not match.safe:
        return replace(unsafe_name(name[:200], location), key=printable(key))
    if match.key and match.named:
        return None
    if match.key:
        absent = f"names the image {short(name)}, which is not there" if name else "names no image"
        message = f"{absent}; read as that of {short(match.key)}"
        return Finding(key, "named_by_stem", "info", printable(message), location)
    if name:
        listed = any(finding.key == key for finding in listing.refused)
        return None if listed else missing_image(key, listing.root, location)
    return bad_annotation(key, "names no image, and there is none of its own name", location)


def _read_one(claim: Claim, image: Path | None, dialect: Dialect) -> Iterator[Sample | Finding]:
    key, location = claim.key, printable(str(claim.path))
    try:
        root = load_xml(claim.path)
        if root.tag != dialect.root:
            trouble = f"its root is <{root.tag[:80]}>, not <{dialect.root}>; it is left unread"
            yield foreign_file(key, trouble, location)
            return
        if claim.remark:
            yield claim.remark
        declared_size = dialect.size_in(root)
    except EncodingError as error:
        yield bad_encoding(key, str(error), location)
        return
    except ValueError as error:
        yield bad_annotation(key, str(error), location)
        return
    instances = []
    for number, line in enumerate(root.iter("TextLine"), start=1):
        try:
            instances.append(dialect.to_instance(line))
        except ValueError as error:
            name = line.get("ID") or line.get("id") or number
            yield bad_annotation(key, str(error), f"{location}: TextLine {name}")
    if image:
        yield make_sample(key, image, instances, location, declared_size)
