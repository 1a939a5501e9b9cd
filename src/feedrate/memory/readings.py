"""One reading run, in a fresh fork of a clean server: fill a cache, start workers, read memory.

PSS counts a page that n processes share as 1/n; USS counts only the pages that no other process
has; RSS counts every page in full in every process, so that shared ones seem to multiply (proc(5)).
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from feedrate.cell import Cell
from feedrate.index import read_places
from feedrate.loaders.dataloader import open_loader
from feedrate.memory.caches import CACHES, EMPTY, CachedSamples, Origin
from feedrate.targets.params import TargetParams

PROC = Path("/proc")

PRIVATE = ("Private_Clean", "Private_Dirty", "Private_Hugetlb")

LEAD_IN = 3
"""Empty batches a worker: one is handed over, and it may hold two more ready."""

READ_EVERY = 4
"""Batches between two readings."""


class UnreadableError(RuntimeError):
    """The system does not let this user see the memory of a process."""


@dataclass(frozen=True)
class Reading:
    """What one run is told; plain values, for it travels as JSON.

    Attributes:
        cache: A key of `CACHES`.
        start_method: How workers start.
        workers: Loader processes.
        index: The accepted samples (`feedrate.index`).
        places: Which of them are kept.
        batches: Batches of one pass over them: a multiple of `workers`.
        maps_dir, image_size, params: See `feedrate.memory.caches.Origin`.
    """

    cache: str
    start_method: str
    workers: int
    index: str
    places: list[int]
    batches: int
    maps_dir: str
    image_size: int
    params: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain data."""
        return asdict(self)

    @property
    def batch_size(self) -> int:
        """Samples a batch."""
        return len(self.places) // self.batches

    @property
    def lead_in(self) -> int:
        """Empty batches in front."""
        return LEAD_IN * self.workers

    def order(self) -> list[int]:
        """Empty batches, then as many passes as workers, so that each worker reads every sample.

        Batch i goes to worker i mod W. Pass p begins p batches later in the dataset, so what one
        worker read in one pass is read by the next worker in the next.
        """
        shifted = [
            (batch + shift) % self.batches
            for shift in range(max(self.workers, 1))
            for batch in range(self.batches)
        ]
        size = self.batch_size
        return [EMPTY] * (self.lead_in * size) + [
            sample for batch in shifted for sample in range(batch * size, (batch + 1) * size)
        ]


def run(request: Mapping[str, Any]) -> dict[str, Any]:
    """Fill the cache, iterate over it, and read the memory of every process in between.

    Returns:
        ``cache_bytes``, ``first_batch_s`` (from ``iter()`` to the first, empty batch),
        ``shm_bytes`` (shared memory of all processes, most at any moment), ``checksums`` (of each
        pass; all equal if every worker read the same content) and ``moments``. Or ``unreadable``,
        the reason why there is nothing.
    """
    try:
        return _run(Reading(**request))
    except UnreadableError as error:
        return {"unreadable": str(error)}


def _run(reading: Reading) -> dict[str, Any]:
    samples = read_places(Path(reading.index), reading.places)
    origin = Origin(Path(reading.maps_dir), reading.image_size, TargetParams(**reading.params))
    watch = _Watch()
    watch.read("before")
    dataset = CACHES[reading.cache](samples, origin)
    watch.read("preloaded")
    first_batch_s, sums = _iterate(dataset, reading, watch)
    passes = range(reading.lead_in, len(sums), reading.batches)
    return {
        "cache_bytes": dataset.bytes(),
        "first_batch_s": first_batch_s,
        "shm_bytes": max(_shared_memory_bytes(moment) for moment in watch.moments),
        "checksums": [sum(sums[start : start + reading.batches]) for start in passes],
        "moments": watch.moments,
    }


def _iterate(dataset: CachedSamples, reading: Reading, watch: _Watch) -> tuple[float, list[int]]:
    """Take all batches; returns the seconds to the first, and the sum of each one's checksums."""
    levels = ("start_method", "workers", "batch_size")
    cell = Cell.model_validate({name: getattr(reading, name) for name in levels})
    loader = open_loader(dataset, reading.order(), cell)
    began = time.perf_counter()
    iterator = iter(loader)
    sums = [int(next(iterator).sum())]
    first_batch_s = time.perf_counter() - began
    sums += [int(next(iterator).sum()) for _ in range(1, reading.workers)]
    watch.read("workers_up")  # each has handed over an empty batch
    while len(sums) < len(loader):  # not beyond: at their end the workers go
        sums.append(int(next(iterator).sum()))
        done = len(sums) - reading.lead_in
        if done > 0 and done % READ_EVERY == 0:
            watch.read("batch", done)
    watch.read("end")
    return first_batch_s, sums


class _Watch:
    """Reads the process tree, and remembers."""

    def __init__(self) -> None:
        self.moments: list[dict[str, Any]] = []
        self._began = time.perf_counter()

    def read(self, moment: str, batch: int | None = None) -> None:
        """Read every process; takes some ten milliseconds, outside of anything timed."""
        seconds = time.perf_counter() - self._began
        entry = {"moment": moment, "batch": batch, "seconds": seconds, "processes": read_tree()}
        self.moments.append(entry)


def read_tree() -> list[dict[str, Any]]:
    """Read the memory of this process and of all below it.

    Returns:
        A row a process: ``role`` (``main``, ``worker``; ``starter`` is what a start method keeps
        beside them), ``pid``, ``pss_bytes``, ``uss_bytes``, ``rss_bytes``, and ``shm_bytes``, the
        part of PSS that is shared memory.

    Raises:
        UnreadableError: The system does not let this user look, or does not count.
    """
    own = psutil.Process()
    workers = {child.pid for child in multiprocessing.active_children()}
    roles = {own.pid: "main"}
    for child in own.children(recursive=True):
        roles[child.pid] = "worker" if child.pid in workers else "starter"
    rows = []
    for pid, role in roles.items():
        try:
            rows.append({"role": role, "pid": pid, **read_process(pid)})
        except ProcessLookupError:
            continue  # it has just ended, and holds nothing
    return rows


def read_process(pid: int) -> dict[str, int]:
    """Read one process's memory, in bytes.

    Raises:
        ProcessLookupError: It has ended.
        UnreadableError: The system does not let this user look, or does not count.
    """
    path = PROC / str(pid) / "smaps_rollup"
    try:
        lines = path.read_text(encoding="ascii").splitlines()[1:]
    except (PermissionError, FileNotFoundError) as error:
        if not psutil.pid_exists(pid):
            raise ProcessLookupError(f"process {pid} has ended") from error
        raise UnreadableError(f"{path}: {error.strerror}; memory cannot be told apart") from error
    kilobytes = {name: int(rest.split()[0]) for name, _, rest in (x.partition(":") for x in lines)}
    return {
        "pss_bytes": 1024 * kilobytes["Pss"],
        "uss_bytes": 1024 * sum(kilobytes.get(name, 0) for name in PRIVATE),
        "rss_bytes": 1024 * kilobytes["Rss"],
        "shm_bytes": 1024 * kilobytes.get("Pss_Shmem", 0),
    }


def _shared_memory_bytes(moment: Mapping[str, Any]) -> int:
    return sum(row["shm_bytes"] for row in moment["processes"])
