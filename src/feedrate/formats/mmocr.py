"""MMOCR 1.x: one JSON file, ``{"data_list": [{"img_path": ..., "instances": [...]}]}``.

An instance has a ``"polygon"`` ``[x1, y1, x2, y2, ...]``, or only a ``"bbox"``
``[x1, y1, x2, y2]``, which is read as a quad; ``"ignore"`` and ``"text"`` are optional. Source:
"Annotation Format" of ``OCRDataset`` in MMOCR's documentation (docs/en/basic_concepts/datasets.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from feedrate.formats import Spread, bad_annotation
from feedrate.formats.fields import (
    Packed,
    PackedEntry,
    corners_of,
    flag_in,
    pack_entry,
    polygon_of,
    quad_of,
    read_packed,
    size_in,
    text_in,
)
from feedrate.formats.jsonfile import short
from feedrate.formats.jsonstream import stream_json
from feedrate.formats.pairing import pair_entries
from feedrate.sample import Finding, Sample

SPREAD: Spread = "file"


def read(images: Path, annotations: Path) -> Iterator[Sample | Finding]:
    """Read a ``data_list``; see `feedrate.formats.Read`."""
    named = list[tuple[str, PackedEntry | str]]()
    found = False
    for name, index, value in stream_json(annotations):
        found |= name == "data_list" and value == [] and index is None
        if name != "data_list" or not isinstance(index, int):
            continue
        if isinstance(value, dict) and isinstance(value.get("img_path"), str):
            named.append((value["img_path"], _keep(value)))
        else:
            trouble = f'{short(value)} is not {{"img_path": name, "instances": [...]}}'
            yield bad_annotation(annotations.name, trouble, f"{annotations}: data_list[{index}]")
    if not found:
        raise ValueError(f'{annotations}: no {{"data_list": [{{"img_path": ...}}]}} in it')
    yield from pair_entries(images, annotations, named, read_packed)


def recognise(path: Path, head: str) -> str | None:
    """Know the file by its names; see `feedrate.formats.Recognise`."""
    names = ('"data_list"', '"img_path"', '"instances"')
    if path.suffix.lower() != ".json" or sum(name in head for name in names) < 2:
        return None
    shape = next((name for name in ('"polygon"', '"bbox"') if name in head), None)
    return f'a JSON "data_list" of instances with a {shape}' if shape else None


def _keep(entry: dict[str, Any]) -> PackedEntry | str:
    """Pack an image's entry, or tell why it cannot be read."""
    instances = entry.get("instances")
    try:
        declared_size = size_in(entry)
    except ValueError as error:
        return str(error)
    if not isinstance(instances, list):
        return f"instances = {short(instances)}: not a list"
    named = ((f"instances[{index}]", item) for index, item in enumerate(instances))
    return pack_entry(declared_size, named, _pack)


def _pack(instance: object) -> Packed:
    if not isinstance(instance, dict):
        raise ValueError(f'{short(instance)} is not {{"polygon": [x1, y1, x2, y2, ...]}}')
    if instance.get("polygon") is not None:
        polygon = polygon_of(instance["polygon"], "polygon")
    elif instance.get("bbox") is not None:
        polygon = quad_of(*corners_of(instance["bbox"], "bbox"))
    else:
        raise ValueError(f"{short(instance)} has neither a polygon nor a bbox")
    return Packed.of(polygon, flag_in(instance, "ignore"), text_in(instance, "text"))
