"""What a cache of so many images takes: seconds to fill it, memory, and the epoch it then gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from feedrate.cell import Cell
from feedrate.forkserver import ForkServer
from feedrate.index import write_index
from feedrate.matrix import Conditions, plugin_modules
from feedrate.pairs import ENTRY, IMPORTED_LATE, TRIAL_MODULE, trial_spec
from feedrate.sample import Sample

WITHOUT = "disk"
CACHES = (WITHOUT, "ram", "decoded_ram")
"""Levels of ``images``; what the first holds is what a process needs anyway."""
MEMORY_SHARE = 0.5
"""Of the memory that is free, the most that a cache may be expected to take."""
REPEATS, REPEATS_BELOW = 3, 2000
"""Runs of each cache of fewer images than this; one of those with more."""
TIMEOUT_S = 3600.0
Row = dict[str, Any]


def read_caches(
    base: Cell,
    conditions: Conditions,
    samples: Sequence[Sample],
    counts: Sequence[int],
    folder: Path,
    progress: Callable[[int, int], None],
) -> list[Row]:
    """Run one epoch over each cache and number of images, every time in a fresh process.

    Args:
        base: The study's base cell; one process loads, and the kernel makes the maps.
        conditions: Of the study.
        samples: Different pages; they are given again under other names until there are enough.
        counts: Numbers of images, ascending.
        folder: Where the indices may be written.
        progress: Told the number of runs done and to do.

    Returns:
        A row a run: ``images`` (the level), ``count``, ``preload_s``, ``epoch_s``, ``pss_bytes``.
        A cache that would not fit has one row with the reason, ``skipped``.
    """
    alone: dict[str, str | int] = {"workers": 0, "consumer": "none", "epochs": 1, "ablate": "none"}
    made: dict[str, str | int] = {"targets": "kernel", "page_cache": "as_found"}
    cells = [base.with_levels({**alone, **made, "images": level}) for level in CACHES]
    modules = {name for cell in cells for name in plugin_modules(cell, conditions.plugins)}
    rows: list[Row] = []
    with ForkServer([TRIAL_MODULE, *IMPORTED_LATE, *sorted(modules)], ENTRY) as server:
        runs = [(count, cell) for count in counts for cell in cells]
        for done, (count, cell) in enumerate(runs):
            progress(done, len(runs))
            row = {"images": cell.images, "count": count}
            skipped = _too_large(rows, cell.images, count)
            if skipped:
                rows.append({**row, "skipped": skipped})
                continue
            index = folder / f"{count}.parquet"
            if not index.exists():
                write_index(index, _repeated(samples, count))
            spec = replace(trial_spec(cell, conditions, index, folder), images=count, deliver=count)
            for _ in range(REPEATS if count < REPEATS_BELOW else 1):
                seen = server.call(spec.to_json(), TIMEOUT_S)
                figures = {name: seen[name] for name in ("epoch_s", "pss_bytes")}
                rows.append({**row, "preload_s": seen["startup"]["preload_s"], **figures})
        progress(len(runs), len(runs))
    return rows


def _repeated(samples: Sequence[Sample], count: int) -> Iterator[Sample]:
    """The same files under as many names as wanted: a cache keeps each of them apart."""
    for number in range(count):
        sample = samples[number % len(samples)]
        yield replace(sample, key=f"{number:06}_{sample.key}")


def _too_large(rows: Sequence[Row], level: str, count: int) -> str:
    """Say why a cache is not tried, from what a smaller one took; empty where it may fit."""
    of_level, without = (
        {
            row["count"]: row["pss_bytes"]
            for row in rows
            if row["images"] == name and "pss_bytes" in row
        }
        for name in (level, WITHOUT)
    )
    seen = max(of_level.keys() & without.keys(), default=0)
    if level == WITHOUT or not seen:
        return ""
    expected = count / seen * (of_level[seen] - without[seen])
    free = psutil.virtual_memory().available
    if expected <= MEMORY_SHARE * free:
        return ""
    return (
        f"{count} images would take about {expected / 1e9:.1f} GB of {free / 1e9:.1f} GB that are "
        f"free; at most {MEMORY_SHARE:.0%} of them are taken"
    )
