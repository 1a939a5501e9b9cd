"""Stored maps, made shard by shard; `feedrate.verification` holds them against the reference."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from feedrate.files import atomic_folder, write_bytes
from feedrate.index import Index
from feedrate.sample import Polygon, Sample
from feedrate.targets.codecs import Codec, Drawn
from feedrate.targets.kernel import build_targets, empty_targets
from feedrate.targets.layout import (
    MapError,
    MapFile,
    Recipe,
    ShardIndex,
    file_names,
    polygons_hash,
    write_index,
)
from feedrate.targets.params import TargetParams

PolygonsOf = Callable[[Sample], tuple[Sequence[Polygon], Sequence[bool]]]
"""A sample's polygons in the frame of the maps, and their ignore flags."""

Progress = Callable[[int], None]
"""Told the number of maps done so far."""


def shard_of(samples: Sequence[Sample] | Index, shard: int, shards: int) -> list[Sample]:
    """Pick the samples of one shard: every `shards`-th by key, the same on every machine.

    Raises:
        ValueError: The shard is not one of ``0 ... shards - 1``.
    """
    if not 0 <= shard < shards:
        raise ValueError(f"shard {shard} of {shards}: must be 0 to {shards - 1}")
    keys = set(sorted(sample.key for sample in samples)[shard::shards])
    chosen = (sample for sample in samples if sample.key in keys)
    return sorted(chosen, key=lambda sample: sample.key)


def build_shard(
    samples: Sequence[Sample],
    polygons_of: PolygonsOf,
    directory: Path,
    codec: Codec,
    size: tuple[int, int],
    params: TargetParams,
    code: str,
    progress: Progress | None = None,
) -> None:
    """Make the maps of one shard with the kernel; a sample without polygons gets maps, too.

    The folder appears whole, replacing an older one, or not at all: an interrupted shard starts
    again, finished ones are kept. One map is held at a time.

    Args:
        samples: Those of the shard, as `shard_of` picks them.
        polygons_of: Gives a sample's polygons in the frame of the maps.
        directory: The shard's folder.
        codec: Writes the files.
        size: ``(height, width)`` of the maps.
        params: How the maps are made.
        code: Hash of the code that makes them, for the index.
        progress: Told the number of maps done so far.

    Raises:
        MapError: The codec cannot store a map; the message names the sample.
    """
    names = file_names((sample.key for sample in samples), codec.suffix)
    with atomic_folder(directory) as unfinished:
        maps, buffers = dict[str, MapFile](), empty_targets(size)
        for done, sample in enumerate(samples, 1):
            polygons, ignore = polygons_of(sample)
            targets = build_targets(polygons, ignore, size, params, out=buffers)
            drawn = Drawn(polygons, ignore, size, params, targets)
            maps[sample.key] = _write_map(unfinished, names[sample.key], sample.key, codec, drawn)
            if progress:
                progress(done)
        write_index(unfinished, ShardIndex(Recipe(codec.name, size, params, code), maps))


def _write_map(directory: Path, name: str, key: str, codec: Codec, drawn: Drawn) -> MapFile:
    try:
        data = codec.encode(drawn)
    except ValueError as error:
        raise MapError(f"{key}: the codec {codec.name} cannot store its maps: {error}") from error
    write_bytes(directory / name, data)
    made_from = polygons_hash(drawn.polygons, drawn.ignore)
    return MapFile(name, made_from, hashlib.sha256(data).hexdigest(), len(data))
