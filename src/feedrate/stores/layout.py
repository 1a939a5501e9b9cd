"""What lies in a built store: an index that ties each of its images to the sample it was made of.

``{folder}/index.json`` says where every image lies and what it was made from, so that a store that
is missing, stale or altered is told before anything is read. Looking costs no reading of images:
sizes of files, and hashes of polygons.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from feedrate.files import write_text
from feedrate.sample import Prepared, Sample

INDEX_NAME = "index.json"
SCHEMA = 1

PrepareSample = Callable[[Sample, bytes], Prepared]
"""Decodes a sample's file and brings it, with its polygons, to the input's size."""


class StoreError(ValueError):
    """A built store is not what it should be; the message names the key or file and the remedy."""


@dataclass(frozen=True)
class Recipe:
    """What the images of a store were brought to size with; empty where they are kept as they are.

    Attributes:
        decoder: The decoder's name.
        transform: The transform's level.
        image_size: Side of the square input (px).
    """

    decoder: str = ""
    transform: str = ""
    image_size: int = 0


@dataclass(frozen=True)
class Stored:
    """Where an image lies.

    Attributes:
        file: Its file inside the store's folder.
        offset: Its first byte there; 0 where the file is a database.
        bytes: How many there are.
        sha256: Hash of them.
    """

    file: str
    offset: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Entry(Stored):
    """One image of a store, and what it was made from.

    Attributes:
        number: Its place in the store, from 0.
        source_bytes: Size of the original file.
        source_sha256: Hash of the original file.
        polygons: `polygons_hash` of its sample.
    """

    number: int
    source_bytes: int
    source_sha256: str
    polygons: str


@dataclass(frozen=True)
class StoreIndex:
    """The index of a store.

    Attributes:
        store: The store's name.
        recipe: What its images were brought to size with.
        code: Hash of the code that wrote it.
        unavailable: Why nothing is in it: a library was not there. Empty otherwise.
        files: Size of every file of the store, but for the index.
        entries: Every image, by the key of its sample.
    """

    store: str
    recipe: Recipe
    code: str
    unavailable: str
    files: Mapping[str, int]
    entries: Mapping[str, Entry]


class Originals:
    """The encoded files of samples, read one after the other and remembered by size and hash.

    Attributes:
        samples: Whose files they are.
        seen: Size and sha256 of each file that was read, by key.
    """

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.samples = samples
        self.seen: dict[str, tuple[int, str]] = {}

    def __len__(self) -> int:
        return len(self.samples)

    def __iter__(self) -> Iterator[tuple[Sample, bytes]]:
        for sample in self.samples:
            data = sample.image_path.read_bytes()
            self.seen[sample.key] = (len(data), hashlib.sha256(data).hexdigest())
            yield sample, data

    def sizes(self) -> list[int]:
        """Return the size of every file in bytes, without reading it."""
        return [sample.image_path.stat().st_size for sample in self.samples]


class Found(NamedTuple):
    """What an opened store needs to know: its recipe, and an entry for each sample, in order."""

    recipe: Recipe
    entries: tuple[Entry, ...]


def write_index(folder: Path, index: StoreIndex) -> None:
    """Write a store's index."""
    content = {"schema": SCHEMA, **asdict(index)}
    write_text(folder / INDEX_NAME, json.dumps(content, ensure_ascii=False) + "\n")


def read_index(folder: Path) -> StoreIndex:
    """Read a store's index.

    Raises:
        StoreError: There is none, or it is not an index of this schema.
    """
    path = folder / INDEX_NAME
    if not path.is_file():
        raise StoreError(f"{path}: missing; {_remedy(folder)}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != SCHEMA:
            raise ValueError(f"schema {content['schema']}, not {SCHEMA}")
        return StoreIndex(
            store=content["store"],
            recipe=Recipe(**content["recipe"]),
            code=content["code"],
            unavailable=content["unavailable"],
            files=dict(content["files"]),
            entries={key: Entry(**entry) for key, entry in content["entries"].items()},
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise StoreError(f"{path}: not an index of a store ({error}); {_remedy(folder)}") from error


def find_entries(samples: Sequence[Sample], folder: Path | None) -> Found:
    """Find the image of every sample, and make sure that the store still fits the dataset.

    Args:
        samples: Those that will be read.
        folder: The store's.

    Raises:
        FileNotFoundError: No folder was given, or an original file is gone; the message names it.
        StoreError: There is no store, it could not be built, an image is missing in it or was
            made from another file or other polygons, or a file of it has another size.
    """
    if folder is None:
        raise FileNotFoundError("no folder of a built store was given, and this level reads one")
    index = read_index(folder)
    if index.unavailable:
        raise StoreError(f"{folder}: is empty ({index.unavailable}); {_remedy(folder)}")
    entries = tuple(_find_entry(sample, index, folder) for sample in samples)
    for name, size in index.files.items():
        _require_size(folder / name, size, folder)
    return Found(index.recipe, entries)


def files_of(samples: Sequence[Sample], folder: Path) -> list[Path]:
    """List the files of a store that a trial over these samples reads, each once.

    Of a store that could not be built it is the index that says why.

    Raises:
        StoreError: See `find_entries`.
    """
    if read_index(folder).unavailable:
        return [folder / INDEX_NAME]
    entries = find_entries(samples, folder).entries
    return [folder / name for name in dict.fromkeys(entry.file for entry in entries)]


def polygons_hash(sample: Sample) -> str:
    """Hash every coordinate of a sample's polygons, and where each begins."""
    digest = hashlib.sha256()
    for instance in sample.instances:
        points = np.ascontiguousarray(instance.polygon, dtype="<f8")
        digest.update(f"{len(points)}\n".encode())
        digest.update(points.tobytes())
    return digest.hexdigest()[:16]


def _find_entry(sample: Sample, index: StoreIndex, folder: Path) -> Entry:
    entry = index.entries.get(sample.key)
    if entry is None:
        raise StoreError(f"{folder}: holds no image of {sample.key!r}; {_remedy(folder)}")
    size = sample.image_path.stat().st_size
    if size != entry.source_bytes:
        raise StoreError(
            f"{folder}: {sample.key!r} was made from a file of {entry.source_bytes} bytes, and "
            f"{sample.image_path} has {size} now; {_remedy(folder)}"
        )
    if polygons_hash(sample) != entry.polygons:
        raise StoreError(
            f"{folder}: the polygons of {sample.key!r} are others than those it was made with; "
            f"{_remedy(folder)}"
        )
    return entry


def _require_size(path: Path, size: int, folder: Path) -> None:
    found = path.stat().st_size if path.is_file() else None
    if found != size:
        now = "is missing" if found is None else f"has {found} bytes"
        raise StoreError(f"{path}: {now}, and had {size} when built; {_remedy(folder)}")


def _remedy(folder: Path) -> str:
    return f"`snakemake --cores 8 --force {folder}.json` builds it anew"
