"""Where stored maps lie: ``{maps_dir}/{shard}/{stem}{suffix}``, described by each shard's index.

The index ties every file to what it was made from, so that a map can be told to be missing,
stale or altered without looking at the image.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from feedrate.files import write_text
from feedrate.sample import Polygon
from feedrate.targets.params import TargetParams

INDEX_NAME = "index.json"
SCHEMA = 1


class MapError(ValueError):
    """Stored maps are not what they should be; the message names the first bad file."""


@dataclass(frozen=True)
class Recipe:
    """What all maps of a study are made with.

    Attributes:
        codec: The codec's name.
        size: ``(height, width)`` in pixels.
        params: The parameters of the maps.
        code: Hash of the code that makes them.
    """

    codec: str
    size: tuple[int, int]
    params: TargetParams
    code: str


@dataclass(frozen=True)
class MapFile:
    """One stored map.

    Attributes:
        file: Its name inside the shard's folder.
        polygons: `polygons_hash` of what it was made from.
        sha256: Hash of its content.
        bytes: Its size.
    """

    file: str
    polygons: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class ShardIndex:
    """The index of one shard: the recipe, and the file of every key."""

    recipe: Recipe
    maps: Mapping[str, MapFile]


def write_index(directory: Path, index: ShardIndex) -> None:
    """Write a shard's index."""
    content = {
        "schema": SCHEMA,
        **asdict(index.recipe),
        "maps": {key: asdict(entry) for key, entry in index.maps.items()},
    }
    write_text(directory / INDEX_NAME, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def read_index(directory: Path) -> ShardIndex:
    """Read a shard's index.

    Raises:
        MapError: There is none, or it is not an index of this schema.
    """
    path = directory / INDEX_NAME
    if not path.is_file():
        raise MapError(f"{path}: missing; build this shard of maps again")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != SCHEMA:
            raise ValueError(f"schema {content['schema']}, not {SCHEMA}")
        height, width = content["size"]
        params = TargetParams(**content["params"])
        recipe = Recipe(content["codec"], (height, width), params, content["code"])
        return ShardIndex(recipe, {key: MapFile(**e) for key, e in content["maps"].items()})
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise MapError(f"{path}: not an index of maps ({error}); build it again") from error


def file_names(keys: Iterable[str], suffix: str) -> dict[str, str]:
    """Name the files of a shard's keys: the stem, as trainers look for maps, or the whole key.

    ``a.jpg`` becomes ``a.npz``; a second key of the same stem, ``a.png``, becomes ``a.png.npz``.
    Folders stay: ``page/a.jpg`` becomes ``page/a.npz``.
    Names never clash: a key can only be taken by a longer one, which comes later in the order.
    """
    stems = dict[str, str]()
    for key in sorted(keys):
        stem = key.removesuffix(Path(key).suffix)
        stems[key if stem in stems else stem] = key
    return {key: stem + suffix for stem, key in stems.items()}


def find_files(
    keys: Iterable[str], maps_dir: Path | None, size: tuple[int, int], params: TargetParams
) -> dict[str, Path]:
    """Find the file of every key among all shards.

    Raises:
        FileNotFoundError: There is no folder, no map of a key, or its file is absent; the message
            names it and how to make it.
        MapError: A shard was made for another size or other parameters.
    """
    if maps_dir is None:
        raise FileNotFoundError("no folder of stored maps was given, and this level reads them")
    found = dict[str, Path]()
    for directory in shard_folders(maps_dir):
        index = read_index(directory)
        if (index.recipe.size, index.recipe.params) != (size, params):
            raise MapError(f"{directory / INDEX_NAME}: made for another size or other parameters")
        found |= {key: directory / entry.file for key, entry in index.maps.items()}
    wanted = {key: found.get(key, maps_dir / f"*/{Path(key).with_suffix('.*')}") for key in keys}
    for key, path in wanted.items():
        if not path.is_file():
            raise FileNotFoundError(
                f"{path}: no stored map of {key!r}; `snakemake --cores 8 {maps_dir}.json` makes it"
            )
    return wanted


def shard_folders(maps_dir: Path) -> list[Path]:
    """List the folders of finished shards, by name; one under construction has a dot in front."""
    return sorted(
        path.parent for path in maps_dir.glob(f"*/{INDEX_NAME}") if path.parent.name[0] != "."
    )


def polygons_hash(polygons: Sequence[Polygon], ignore: Sequence[bool]) -> str:
    """Hash what a map is drawn from: every coordinate, vertex count and ignore flag."""
    digest = hashlib.sha256()
    for polygon, ignored in zip(polygons, ignore, strict=True):
        points = np.ascontiguousarray(polygon, dtype="<f8")
        digest.update(f"{len(points)} {bool(ignored)}\n".encode())
        digest.update(points.tobytes())
    return digest.hexdigest()
