"""The caches that are compared: the same maps, held by few large objects or by many small ones.

A forked process shares its parent's pages until one of them writes. Reading a Python object writes
its reference count, which lies in front of its content: an array of megabytes has one, a list of
rows has one a row, and each of those costs a page.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feedrate.registry import resolve
from feedrate.sample import Sample
from feedrate.targets.params import TargetParams

Parts = Sequence[Any]
"""What is kept of one sample: objects with the buffer protocol."""

EMPTY = -1
"""The index of an item for which nothing is read."""

BASELINE = "none"


@dataclass(frozen=True, eq=False)
class CachedSamples:
    """A map-style dataset that only reads its cache: nothing else takes memory in a worker.

    Attributes:
        cache: The parts of every sample; empty for the baseline.
    """

    cache: Sequence[Parts] | Mapping[int, Parts]

    def __len__(self) -> int:
        return len(self.cache)

    def __getitem__(self, index: int) -> int:
        """Read every byte that is kept of a sample; returns their CRC-32."""
        if index == EMPTY or not self.cache:
            return 0
        checksum = 0
        for part in self.cache[index]:
            checksum = zlib.crc32(part, checksum)
        return checksum

    def bytes(self) -> int:
        """Add up the objects that hold the content (a view holds what it looks at)."""
        every = self.cache.values() if isinstance(self.cache, Mapping) else self.cache
        return sum(_bytes_of(part) for parts in every for part in parts)


@dataclass(frozen=True)
class Origin:
    """Where the content of a cache lies.

    Attributes:
        maps_dir: Folder of the maps stored with the ``npz`` codec.
        image_size: Side of a map (px).
        params: How they were drawn.
    """

    maps_dir: Path
    image_size: int
    params: TargetParams


def hold_nothing(samples: Sequence[Sample], origin: Origin) -> CachedSamples:
    """Hold nothing: what the processes need anyway, to be taken off the other readings."""
    return CachedSamples({})


def hold_arrays(samples: Sequence[Sample], origin: Origin) -> CachedSamples:
    """Keep a dictionary with two float32 arrays a sample: the level ``npz_ram``."""
    size = (origin.image_size, origin.image_size)
    keys = [sample.key for sample in samples]
    source = resolve("targets", "npz_ram")(keys, origin.maps_dir, size, origin.params)
    maps = [source.maps[key] for key in keys]
    return CachedSamples({i: (m.shrink_map, m.threshold_map) for i, m in enumerate(maps)})


def hold_objects(samples: Sequence[Sample], origin: Origin) -> CachedSamples:
    """Keep a list with one ``bytes`` object for every row of both maps: the same content."""
    arrays = hold_arrays(samples, origin).cache
    return CachedSamples(
        [[row.tobytes() for plane in arrays[i] for row in plane] for i in range(len(samples))]
    )


def hold_files(samples: Sequence[Sample], origin: Origin) -> CachedSamples:
    """Keep a tuple with one ``bytes`` object an image file: the level ``ram``."""
    store = resolve("images", "ram")(samples, None)
    return CachedSamples(tuple((content,) for content in store.files))


CACHES: dict[str, Callable[[Sequence[Sample], Origin], CachedSamples]] = {
    BASELINE: hold_nothing,
    "dict_of_arrays": hold_arrays,
    "list_of_objects": hold_objects,
    "encoded_images": hold_files,
}
"""Name: what fills it."""


def _bytes_of(part: Any) -> int:
    return int(part.nbytes) if hasattr(part, "nbytes") else sys.getsizeof(part)
