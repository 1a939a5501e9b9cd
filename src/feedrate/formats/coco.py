"""COCO: one JSON file, ``{"images": [...], "annotations": [...]}`` that refer to each other by id.

Each part of a ``"segmentation"`` ``[[x1, y1, ...], ...]`` becomes an instance of its own, so that
no pixel of a divided text is lost; every category counts as text. An annotation without one is
read as the quad of its ``"bbox"`` ``[x, y, width, height]``. A mask in run lengths is no polygon:
it is reported, and its box is ignored. Ignored are ``iscrowd``, ``ignore``, the text ``###``, and
what COCO-Text calls illegible. Texts and marks may also stand under ``"attributes"``.

Source: "Data format" on cocodataset.org; the names of texts and of ``legibility`` as in COCO-Text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from feedrate.formats import Spread, bad_annotation, make_sample, printable
from feedrate.formats.fields import (
    Packed,
    corners_of,
    flag_in,
    polygon_of,
    quad_of,
    size_in,
    text_in,
)
from feedrate.formats.jsonfile import short
from feedrate.formats.jsonstream import stream_json
from feedrate.formats.pairing import pair_entries
from feedrate.sample import Finding, Polygon, Sample

SPREAD: Spread = "file"
TEXTS = ("text", "transcription", "utf8_string", "caption")
LISTS = ("images", "annotations")

Id = int | str
Entry = dict[str, Any]
Words = dict[Id, list[Packed | str]]
"""By image: what is kept of its annotations, and what is wrong with others of them."""


class Picture(NamedTuple):
    """What is kept of an image: its size, or why it cannot be known."""

    id: Id
    declared_size: tuple[int, int] | None
    trouble: str


def read(images: Path, annotations: Path) -> Iterator[Sample | Finding]:
    """Read COCO's JSON; see `feedrate.formats.Read`."""
    pictures, words, found = list[tuple[str, Picture]](), Words(), set[str]()
    categories = list[str]()
    for name, index, value in stream_json(annotations):
        if index is None and value == []:
            found.add(name)
        elif name in LISTS and isinstance(index, int):
            try:
                _keep(name, value, pictures, words)
            except ValueError as error:
                location = f"{annotations}: {name}[{index}]"
                yield bad_annotation(annotations.name, str(error), location)
        elif name == "categories" and isinstance(value, dict) and index is not None:
            categories.append(str(value.get("name", value.get("id"))))
    if len(categories) > 1:
        shown = short(", ".join(categories))
        message = f"{len(categories)} categories, all of which are read as text: {shown}"
        yield Finding(printable(annotations.name), "several_categories", "info", printable(message))
    if not found.issuperset(LISTS):
        raise ValueError(f'{annotations}: no {{"images": [...], "annotations": [...]}} in it')
    yield from _strangers(words, {picture.id for _, picture in pictures}, annotations)
    named = [(name, (picture, words.get(picture.id, []))) for name, picture in _unshared(pictures)]
    yield from pair_entries(images, annotations, named, _read_one)


def recognise(path: Path, head: str) -> str | None:
    """Know the file by its names; see `feedrate.formats.Recognise`."""
    if path.suffix.lower() != ".json":
        return None
    if '"images"' in head and '"file_name"' in head:
        return 'a JSON list of "images" with "file_name", as COCO has it'
    if '"annotations"' in head and '"image_id"' in head:
        return 'a JSON list of "annotations" with "image_id", as COCO has it'
    return None


def _keep(name: str, value: Any, pictures: list[tuple[str, Picture]], words: Words) -> None:
    if name == "images":
        pictures.append(_to_picture(value))
        return
    if not isinstance(value, dict) or not _is_id(value.get("image_id")):
        raise ValueError(f"{short(value)} names no image by its id, image_id")
    words.setdefault(value["image_id"], []).extend(_to_words(value))


def _to_picture(value: Any) -> tuple[str, Picture]:
    if (
        not isinstance(value, dict)
        or not isinstance(value.get("file_name"), str)
        or not _is_id(value.get("id"))
    ):
        raise ValueError(f'{short(value)} is not {{"id": number, "file_name": name, ...}}')
    name = value["file_name"]
    try:
        return name, Picture(value["id"], size_in(value), "")
    except ValueError as error:
        return name, Picture(value["id"], None, str(error))


def _to_words(entry: Entry) -> list[Packed | str]:
    name = f"annotation {short(entry.get('id'))}"
    attributes = entry.get("attributes")
    marks = {**(attributes if isinstance(attributes, dict) else {}), **entry}
    try:
        text = next((text for text in (text_in(marks, name) for name in TEXTS) if text), "")
        ignore = flag_in(marks, "iscrowd") or flag_in(marks, "ignore")
        ignore = ignore or marks.get("legibility") == "illegible"
        polygons, trouble = _polygons_of(entry)
    except ValueError as error:
        return [f"{name}: {error}"]
    packed = [Packed.of(polygon, ignore or bool(trouble), text) for polygon in polygons]
    return [*packed, f"{name}: {trouble}"] if trouble else [*packed]


def _polygons_of(entry: Entry) -> tuple[list[Polygon], str]:
    """Return the polygons, and what is wrong though they can be read."""
    parts = entry.get("segmentation")
    if isinstance(parts, list) and parts:
        return [polygon_of(part, "segmentation") for part in parts], ""
    if entry.get("bbox") is None:
        raise ValueError(f"segmentation = {short(parts)}, and no bbox: nowhere in the image")
    left, top, width, height = corners_of(entry["bbox"], "bbox")
    quad = quad_of(left, top, left + width, top + height)
    if not parts:
        return [quad], ""
    trouble = f"segmentation = {short(parts)}: a mask, no polygon; its bbox is read as ignored"
    return [quad], trouble


def _is_id(value: object) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool)


def _strangers(words: Words, known: set[Id], path: Path) -> Iterator[Finding]:
    """Report annotations of images that are not in the list, one finding an image."""
    for image_id in sorted(words.keys() - known, key=repr):
        trouble = f"image_id = {short(image_id)}, which annotations name, is the id of no image"
        yield bad_annotation(path.name, trouble, f"{path}: image_id {short(image_id)}")


def _unshared(pictures: Sequence[tuple[str, Picture]]) -> Iterator[tuple[str, Picture]]:
    """Mark images of one id: nobody can tell whose the annotations are."""
    by_id = dict[Id, list[str]]()
    for name, picture in pictures:
        by_id.setdefault(picture.id, []).append(name)
    for name, picture in pictures:
        sharers = by_id[picture.id]
        if len(sharers) > 1:
            trouble = f"id = {short(picture.id)} is that of {short(sharers)}: each needs its own"
            yield name, picture._replace(trouble=trouble)
        else:
            yield name, picture


def _read_one(
    key: str, image: Path, entry: tuple[Picture, list[Packed | str]], location: str
) -> Iterator[Sample | Finding]:
    picture, words = entry
    if picture.trouble:
        yield bad_annotation(key, picture.trouble, location)
        return
    for trouble in words:
        if isinstance(trouble, str):
            yield bad_annotation(key, trouble, location)
    instances = [word.unpack() for word in words if isinstance(word, Packed)]
    yield make_sample(key, image, instances, location, picture.declared_size)
