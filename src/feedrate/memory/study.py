"""All readings of one dataset: caches, start methods, numbers of workers; one fresh fork each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from feedrate.cell import Cell
from feedrate.forkserver import ForkServer
from feedrate.index import count_samples
from feedrate.machine import fingerprint
from feedrate.matrix import Conditions
from feedrate.memory.caches import CACHES
from feedrate.memory.readings import Reading
from feedrate.memory.verdicts import judge
from feedrate.pairs import IMPORTED_LATE
from feedrate.targets.codecs.npz import CODEC
from feedrate.work import work_order

MODULE = "feedrate.memory.readings"
ENTRY = f"{MODULE}:run"

SCHEMA = 1
CACHE_BYTES = 200_000_000
"""The caches are cut to this: what is asked is a share, and a spawned worker is sent all of it."""

BATCHES = 8
"""Batches of one pass."""

FLOATS_A_PIXEL = 2
"""The ``npz`` codec keeps a shrink map and a threshold map, each float32."""

FORK_ONLY = "encoded_images"
"""Not read with other starts: they take seconds, and send any cache whole to each worker."""

WORKERS = 2
"""Loader processes, where there are any."""


def measure_memory(
    base: Cell,
    conditions: Conditions,
    dataset: str,
    index: Path,
    maps_root: Path,
    progress: Callable[[int, int], None],
) -> dict[str, Any]:
    """Read how much of each cache each process holds of its own.

    Args:
        base: The study's base cell: its start method is read too, if it is a third one.
        conditions: Of the study.
        dataset: The dataset's name.
        index: The dataset's accepted samples.
        maps_root: Folder with one folder of stored maps a codec.
        progress: Told the number of readings done and to do.

    Returns:
        The content of ``results/memory/{dataset}.json``: ``cells``, and ``verdicts`` from
        `feedrate.memory.verdicts.judge`; ``available`` says why where there are none.

    Raises:
        feedrate.forkserver.TrialError: A reading failed.
        ValueError: The dataset has fewer images than the study asks for.
    """
    readings = list(plan_readings(base, conditions, index, maps_root))
    cells: list[dict[str, Any]] = []
    reason = ""
    with ForkServer([MODULE, *IMPORTED_LATE], ENTRY) as server:
        for number, reading in enumerate(readings):
            progress(number, len(readings))
            result = server.call(reading.to_json(), conditions.measuring.timeout_s)
            reason = result.get("unreadable", "")
            if reason:
                break
            cells.append({**_name(reading), **result})
    progress(len(readings), len(readings))
    first = readings[0]
    return {
        "schema": SCHEMA,
        "dataset": dataset,
        "levels": base.model_dump(),
        "images": len(first.places),
        "batch_size": first.batch_size,
        "batches_a_pass": first.batches,
        "available": {"ok": not reason, "reason": reason},
        "cells": [] if reason else cells,
        "verdicts": [] if reason else judge(cells),
        "machine": fingerprint(),
    }


def plan_readings(
    base: Cell, conditions: Conditions, index: Path, maps_root: Path
) -> Iterator[Reading]:
    """List the readings in the order they are taken."""
    side = conditions.targets.image_size
    places = _choose(conditions, index, CACHE_BYTES // (FLOATS_A_PIXEL * 4 * side * side))
    methods = dict.fromkeys(("fork", "spawn", base.start_method))
    starts = [("fork", 0), *((method, WORKERS) for method in methods)]
    for cache in CACHES:
        for start_method, workers in starts:
            if cache == FORK_ONLY and start_method != "fork":
                continue
            yield Reading(
                cache=cache,
                start_method=start_method,
                workers=workers,
                index=str(index),
                places=places,
                batches=_batches(len(places)),
                maps_dir=str(maps_root / CODEC.name),
                image_size=side,
                params=conditions.targets.model_dump(exclude={"image_size"}),
            )


def _name(reading: Reading) -> dict[str, Any]:
    return {name: getattr(reading, name) for name in ("cache", "start_method", "workers")}


def _choose(conditions: Conditions, index: Path, most: int) -> list[int]:
    """Draw the images as a trial does; as many as make whole batches."""
    images = conditions.work.images
    chosen, _ = work_order(count_samples(index), images, 0, conditions.seed)
    kept = max(min(images, most), WORKERS)  # one a worker, however large the maps are
    return chosen[: kept // _batches(kept) * _batches(kept)]


def _batches(images: int) -> int:
    """Batches of a pass: the same number for every worker."""
    return min(BATCHES, images // WORKERS * WORKERS)
