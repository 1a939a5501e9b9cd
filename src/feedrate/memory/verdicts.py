"""From readings to bytes a worker: what it holds beyond a worker that has no cache to hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from feedrate.memory.caches import BASELINE

FEW, MOST = 0.1, 0.9
"""Shares of a cache below which a worker duplicates none of it, and above which all of it."""

Entry = Mapping[str, Any]


def judge(cells: Sequence[Entry]) -> list[dict[str, Any]]:
    """Give a verdict on every cache and every way of starting workers.

    A worker's own bytes (USS) at the end, when each has read the whole cache, less those of a
    worker that has no cache, started alike; the mean over workers.

    Raises:
        ValueError: There is no baseline for a start method, or a cell did not read its cache.
    """
    require_read(cells)
    return [
        _verdict(cell, _baseline(cell, cells))
        for cell in cells
        if cell["workers"] and cell["cache"] != BASELINE
    ]


def require_read(cells: Sequence[Entry]) -> None:
    """Check that every pass of every reading of a cache saw the same content.

    Raises:
        ValueError: One did not; the message names it.
    """
    expected: dict[str, int] = {}
    for cell in cells:
        sums = {*cell["checksums"], expected.setdefault(cell["cache"], cell["checksums"][0])}
        if len(sums) > 1 or (sums == {0}) != (cell["cache"] == BASELINE):
            raise ValueError(
                f"{cell['cache']}, {cell['start_method']}, {cell['workers']} workers: the passes "
                f"read contents with the checksums {sorted(sums)}; one and the same was expected"
            )


def _baseline(cell: Entry, cells: Sequence[Entry]) -> Entry:
    start = (cell["start_method"], cell["workers"])
    for other in cells:
        if (other["cache"], other["start_method"], other["workers"]) == (BASELINE, *start):
            return other
    raise ValueError(f"{start[0]}, {start[1]} workers: there is no reading without a cache")


def _verdict(cell: Entry, baseline: Entry) -> dict[str, Any]:
    size = cell["cache_bytes"]
    at_start, at_end = (_beyond(cell, baseline, name) for name in ("workers_up", "end"))
    rss = _worker_mean(cell, "end", "rss_bytes") - _worker_mean(baseline, "end", "rss_bytes")
    share = at_end / size
    return {
        "cache": cell["cache"],
        "start_method": cell["start_method"],
        "workers": cell["workers"],
        "cache_bytes": size,
        "duplicated_bytes_per_worker_at_start": round(at_start),
        "duplicated_bytes_per_worker": round(at_end),
        "duplicated_share": share,
        "rss_bytes_per_worker": round(rss),
        "tree_bytes": _tree_bytes(cell) - _tree_bytes(baseline),
        "answer": "no" if share < FEW else "yes" if share > MOST else "in part",
        "sentence": _say(cell, at_start, at_end),
    }


def _beyond(cell: Entry, baseline: Entry, moment: str) -> float:
    """Return a worker's own bytes at a moment, beyond those of one without a cache."""
    own, without = (_worker_mean(each, moment, "uss_bytes") for each in (cell, baseline))
    return own - without


def _worker_mean(cell: Entry, moment: str, key: str) -> float:
    rows = _processes(cell, moment)
    return fmean(row[key] for row in rows if row["role"] == "worker")


def _tree_bytes(cell: Entry) -> int:
    """Return what all processes hold together at the end: a shared page counts once."""
    return sum(row["pss_bytes"] for row in _processes(cell, "end"))


def _processes(cell: Entry, moment: str) -> Sequence[Mapping[str, Any]]:
    rows: Sequence[Mapping[str, Any]] = next(
        entry["processes"] for entry in cell["moments"] if entry["moment"] == moment
    )
    return rows


def _say(cell: Entry, at_start: float, at_end: float) -> str:
    size = cell["cache_bytes"]
    share = at_end / size
    beginning = (
        f"With {cell['start_method']}, each of {cell['workers']} workers holds {_mb(at_end)} of "
        f"its own of a cache of {_mb(size)} ({cell['cache'].replace('_', ' ')})"
    )
    if share < FEW:
        return f"{beginning}: not duplicated."
    extent = "duplicated" if share > MOST else f"{share:.0%} duplicated"
    if cell["start_method"] != "fork":
        return f"{beginning}: {extent} from the start, for it is sent the whole cache."
    return (
        f"{beginning}: {extent}. It starts with {_mb(at_start)} and grows as it reads, for reading "
        "an object writes its reference count, and a page written to is copied."
    )


def _mb(value: float) -> str:
    return f"{max(value, 0) / 1e6:.0f} MB"
