"""Stored maps, held against their index, the dataset, and the reference."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal

from feedrate.index import Index
from feedrate.maps import PolygonsOf, Progress
from feedrate.sample import Sample
from feedrate.targets.agreement import StoredMap, check_map
from feedrate.targets.codecs import Codec
from feedrate.targets.layout import INDEX_NAME, MapError, MapFile, Recipe, read_index, shard_folders
from feedrate.targets.params import TargetParams

MAPS_A_PROCESS = 16
"""A process takes about half a second to start: fewer maps than this are not worth one."""

MAPS_AT_ONCE = 256
"""Maps handed to the processes at a time, so that memory does not grow with the dataset."""


def verify_maps(
    samples: Sequence[Sample] | Index,
    polygons_of: PolygonsOf,
    shard_directories: Sequence[Path],
    codec: Codec,
    size: tuple[int, int],
    params: TargetParams,
    code: str,
    progress: Progress | None = None,
    processes: int | None = None,
    recompute: int | Literal["all"] = "all",
) -> dict[str, Any]:
    """Compare stored maps with the reference, made anew from the polygons.

    Whether a map is missing, stale or altered is checked of every one, whatever the sample.

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
        recompute: How many maps to make anew, as `sampled_keys` draws them.

    Returns:
        The verdict, ready for JSON: how many maps, how many of them recomputed, their bytes, the
        largest error seen and the largest allowed, the recipe.

    Raises:
        MapError: A map is missing, has no sample (an orphan), is stale (made from other polygons,
            parameters, size or code), altered since it was written, or wrong by more than its
            codec may be. The first bad one is named.
    """
    recipe = Recipe(codec.name, size, params, code)
    stored = _read_shards(shard_directories, recipe)
    _compare_keys(samples, stored, shard_directories)
    chosen = sampled_keys([sample.key for sample in samples], recompute)
    checks = (
        StoredMap(*stored[s.key], *polygons_of(s), codec, size, params, s.key in chosen)
        for s in samples
    )
    largest = 0.0
    for done, error in enumerate(_run(checks, _worthwhile(processes, len(samples))), 1):
        largest = max(largest, error or 0.0)
        if progress:
            progress(done)
    return {
        "schema": 1,
        "maps": len(samples),
        "recomputed": len(chosen),
        "bytes": sum(entry.bytes for _, entry in stored.values()),
        "max_error": largest,
        "allowed_error": codec.max_error(params),
        "builder": "kernel",
        "checked_against": "reference",
        "shards": len(shard_directories),
        **asdict(recipe),
    }


def sampled_keys(keys: Sequence[str], count: int | Literal["all"]) -> frozenset[str]:
    """Draw keys by their hashes: the same ones whatever their order, and on every machine."""
    wanted = len(keys) if count == "all" else count
    return frozenset(sorted(keys, key=lambda key: hashlib.sha256(key.encode()).digest())[:wanted])


def _run(checks: Iterable[StoredMap], processes: int) -> Iterator[float | None]:
    if processes < 2:
        yield from map(check_map, checks)
        return
    remaining = iter(checks)
    # Spawned, not forked: numba and OpenCV may have started threads here.
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        while some := list(islice(remaining, MAPS_AT_ONCE)):
            yield from pool.map(check_map, some, chunksize=4)


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
    samples: Iterable[Sample],
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
    inside = (path for d in directories for path in d.rglob("*"))
    found = {path for path in inside if path.is_file() and path.name[0] != "."}
    for parent in {directory.parent for directory in directories}:
        found |= set(shard_folders(parent)) - set(directories)
    for path in sorted(found - listed):
        raise MapError(f"{path}: orphan, no sample of the study has it; delete it")
