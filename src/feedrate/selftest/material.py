"""The self-test's own data: generated receipts at half their size, indexed, with stored maps."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import PIL.Image

from feedrate.codehash import code_hash
from feedrate.files import write_text
from feedrate.generators.receipts import generate
from feedrate.index import read_index
from feedrate.intake import read_dataset
from feedrate.maps import build_shard
from feedrate.pipeline import frame_polygons
from feedrate.registry import resolve
from feedrate.sightings import Sighting
from feedrate.targets.params import TargetParams
from feedrate.transforms import build_transform
from feedrate.validation import Limits, accept_dataset, validate_dataset

IMAGE_SIZE = 256
"""Side of the square input (px): small, so that a trial takes a fraction of a second."""
QUALITY = 95
SEED = 11


@dataclass(frozen=True)
class Material:
    """A dataset ready to be measured.

    Attributes:
        index: The accepted samples.
        maps_root: Folder with one folder of stored maps a codec.
        images: How many samples there are.
    """

    index: Path
    maps_root: Path
    images: int


def build_material(
    folder: Path, images: int, progress: Callable[[int], None] | None = None
) -> Material:
    """Make the dataset as the workflow would: generate, read, validate, accept, store maps.

    Args:
        folder: An existing folder, emptied by whoever made it.
        images: How many.
        progress: Told the number of images generated.
    """
    generate(folder, images, SEED, progress)
    halve(folder)
    source = Sighting("seed_json", folder / "images", folder / "annotations.json", "made here")
    samples, noted = folder / "samples.parquet", folder / "noted.csv"
    findings, accepted = folder / "findings.csv", folder / "accepted.parquet"
    read_dataset(source, samples, noted, {})
    limits = Limits(image_size=IMAGE_SIZE)
    validate_dataset(samples, noted, findings, folder / "facts.parquet", limits)
    accept_dataset("selftest", samples, findings, "stop", accepted)
    _store_maps(accepted, folder / "maps")
    return Material(accepted, folder / "maps", images)


def halve(folder: Path) -> None:
    """Write every picture anew at half its width and height, and move its texts with it.

    Full receipts take 20 ms to decode; a self-test needs many short trials more than hard ones.
    """
    path = folder / "annotations.json"
    entries = json.loads(path.read_text(encoding="utf-8"))["images"]
    for name, entry in entries.items():
        file = folder / "images" / name
        with PIL.Image.open(file) as opened:
            picture = opened.reduce(2)
        picture.save(file, "JPEG", quality=QUALITY, subsampling=2)
        for word in entry["words"].values():
            word["points"] = _halved(word, picture.size)
    write_text(path, json.dumps({"images": entries}))


def _halved(word: Mapping[str, Any], size: tuple[int, int]) -> list[list[int]]:
    """Half an upright rectangle, in whole pixels and inside of the picture."""
    (left, top), _, (right, bottom), _ = word["points"]
    right, bottom = min(math.ceil(right / 2), size[0]), min(math.ceil(bottom / 2), size[1])
    left, top = left // 2, top // 2
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def _store_maps(accepted: Path, root: Path) -> None:
    transform = build_transform("albumentations", IMAGE_SIZE)
    build_shard(
        read_index(accepted),
        lambda sample: frame_polygons(sample, transform),
        root / "npz" / "0",
        resolve("codecs", "npz"),
        (IMAGE_SIZE, IMAGE_SIZE),
        TargetParams(),
        code_hash("feedrate.maps"),
    )
