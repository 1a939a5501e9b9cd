"""Stored maps: made shard by shard, and verified against the reference, every one of them."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from feedrate.files import write_bytes
from feedrate.sample import Polygon, Sample
from feedrate.targets.agreement import StoredMap, check_map
from feedrate.targets.codecs import Codec
from feedrate.targets.kernel import build_targets, empty_targets
from feedrate.targets.layout import (
    INDEX_NAME,
    MapError,
    MapFile,
    Recipe,
    ShardIndex,
    polygons_hash,
    read_index,
    shard_folders,
    write_index,
)
from feedrate.targets.params import TargetParams

PolygonsOf = Callable[[Sample], tuple[Sequence[Polygon], Sequence[bool]]]
"""A sample's polygons in the frame of the maps, and their ignore flags."""

Progress = Callable[[int], None]
"""Told the number of maps done so far."""

MAPS_A_PROCESS = 16
"""A process takes about half a second to start: fewer maps than this are not worth one."""


def shard_of(samples: Sequence[Sample], shard: int, shards: int) -> list[Sample]:
    """Pick the samples of one shard: every `shards`-th by key, the same on every machine.

    Raises:
        MapError: Two keys share a stem, so their maps would share a file.
        ValueError: The shard is not one of ``0 ... shards - 1``.
    """
    if not 0 <= shard < shards:
        raise ValueError(f"shard {shard} of {shards}: must be 0 to {shards - 1}")
    _refuse_shared_stems(samples)
    return sorted(samples, key=lambda sample: sample.key)[shard::shards]


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

    The folder appears whole, replacing an older one, or not at all. One map is held at a time.

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
        MapError: Two keys share a stem, so their maps would share a file.
    """
    _refuse_shared_stems(samples)
    unfinished = directory.with_name(f".{directory.name}.tmp")
    shutil.rmtree(unfinished, ignore_errors=True)  # what a killed run has left
    unfinished.mkdir(parents=True)
    try:
        maps, buffers = dict[str, MapFile](), empty_targets(size)
        for done, sample in enumerate(samples, 1):
            polygons, ignore = polygons_of(sample)
            data = codec.encode(build_targets(polygons, ignore, size, params, out=buffers))
            name = Path(sample.key).stem + codec.suffix
            write_bytes(unfinished / name, data)
            made_from, content = polygons_hash(polygons, ignore), hashlib.sha256(data).hexdigest()
            maps[sample.key] = MapFile(name, made_from, content, len(data))
            if progress:
                progress(done)
        write_index(unfinished, ShardIndex(Recipe(codec.name, size, params, code), maps))
        if directory.exists():
            shutil.rmtree(directory)
        unfinished.rename(directory)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def verify_maps(
    samples: Sequence[Sample],
    polygons_of: PolygonsOf,
    shard_directories: Sequence[Path],
    codec: Codec,
    size: tuple[int, int],
    params: TargetParams,
    code: str,
    progress: Progress | None = None,
    processes: int | None = None,
) -> dict[str, Any]:
    """Compare every stored map with the reference, made anew from the polygons.

    Args:
        samples: All samples that must have a map.
        polygons_of: Gives a sample's polygons in the frame of the maps.
        shard_directories: All shards.
        codec: Reads the files.
        size: ``(height, width)`` of the maps.
        params: How the maps should be made.
        code: Hash of the code that should have made them.
        progress: Told the number of maps done so far.
        processes: Processes to share the work; None: one a usable core.

    Returns:
        The verdict, ready for JSON: how many maps, their bytes, the largest error, the recipe.

    Raises:
        MapError: A map is missing, has no sample (an orphan), is stale (made from other polygons,
            parameters, size or code), altered since it was written, or wrong by more than 1e-6.
    """
    _refuse_shared_stems(samples)
    recipe = Recipe(codec.name, size, params, code)
    stored = _read_shards(shard_directories, recipe)
    _compare_keys(samples, stored, shard_directories)
    checks = (StoredMap(*stored[s.key], *polygons_of(s), codec, size, params) for s in samples)
    errors = list[float]()
    for error in _run(checks, _worthwhile(processes, len(samples))):
        errors.append(error)
        if progress:
            progress(len(errors))
    return {
        "schema": 1,
        "maps": len(errors),
        "bytes": sum(entry.bytes for _, entry in stored.values()),
        "max_error": max(errors, default=0.0),
        "builder": "kernel",
        "checked_against": "reference",
        "shards": len(shard_directories),
        **asdict(recipe),
    }


def _run(checks: Iterable[StoredMap], processes: int) -> Iterator[float]:
    if processes < 2:
        yield from map(check_map, checks)
        return
    # Spawned, not forked: numba and OpenCV may have started threads here.
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        yield from pool.map(check_map, checks, chunksize=4)


def _worthwhile(processes: int | None, maps: int) -> int:
    usable = processes or len(os.sched_getaffinity(0))
    return min(usable, maps // MAPS_A_PROCESS)


def _read_shards(directories: Sequence[Path], recipe: Recipe) -> dict[str, tuple[Path, MapFile]]:
    stored = dict[str, tuple[Path, MapFile]]()
    for directory in directories:
        index = read_index(directory)
        for field, wanted in vars(recipe).items():
            if (seen := getattr(index.recipe, field)) != wanted:
                raise MapError(
                    f"{directory / INDEX_NAME}: stale, {field} is {seen}, the study has {wanted}; "
                    "build this shard again"
                )
        for key, entry in index.maps.items():
            if key in stored:
                raise MapError(f"{directory / entry.file}: {key!r} is in {stored[key][0]} already")
            stored[key] = directory / entry.file, entry
    return stored


def _compare_keys(
    samples: Sequence[Sample],
    stored: Mapping[str, tuple[Path, MapFile]],
    directories: Sequence[Path],
) -> None:
    """Refuse a map without a sample, a sample without a map, and files nobody asked for."""
    keys = {sample.key for sample in samples}
    for key, (path, _) in stored.items():
        if key not in keys:
            raise MapError(f"{path}: orphan, no sample has the key {key!r}")
        if not path.is_file():
            raise MapError(f"{path}: missing; build its shard again")
    for key in sorted(keys - stored.keys()):
        raise MapError(f"{key}: its map is missing in every shard; build the maps again")
    listed = {path for path, _ in stored.values()} | {d / INDEX_NAME for d in directories}
    # Names with a dot are not maps: Snakemake leaves its time stamp in a folder it made.
    found = {path for d in directories for path in d.iterdir() if path.name[0] != "."}
    for parent in {directory.parent for directory in directories}:
        found |= set(shard_folders(parent)) - set(directories)
    for path in sorted(found - listed):
        raise MapError(f"{path}: orphan, no sample of the study has it; delete it")


def _refuse_shared_stems(samples: Sequence[Sample]) -> None:
    counts = Counter(Path(sample.key).stem for sample in samples)
    stem, count = counts.most_common(1)[0] if counts else ("", 0)
    if count > 1:
        keys = [sample.key for sample in samples if Path(sample.key).stem == stem]
        raise MapError(f"{' and '.join(keys)}: these keys share a stem, so their maps a file")
