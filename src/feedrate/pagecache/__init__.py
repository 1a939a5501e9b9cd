"""The page cache: all of the files in memory, or none of them, and the proof.

`prepare` brings files to a level and proves it by counting pages (`counting`). What cannot be
proved is not available, with the reason: it never counts as cold. The kernel evicts idle pages and
other processes map files, so whoever measures counts again before and after (`residency`).

Sources: posix_fadvise(2), proc_pid_io(5).
"""

from __future__ import annotations

import mmap
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import psutil

from feedrate.machine import MEMORY_FILE_SYSTEMS, file_system_of
from feedrate.pagecache.counting import (
    FilePages,
    NotAvailableError,
    Residency,
    count_pages,
    locate,
    residency,
    sum_up,
)

__all__ = [
    "COLD_MOST",
    "WARM_LEAST",
    "NotAvailableError",
    "Residency",
    "prepare",
    "require_level",
    "residency",
]

WARM_LEAST = 0.99
"""Share of pages that must be in memory for `warm`."""

COLD_MOST = 0.01
"""Share of pages that may be left in memory for `cold`."""

TRIES = 4
PAUSE_S = 0.05
"""Between two tries: a page that is in one of the kernel's queues stays for the moment."""

BLOCK_BYTES = 1 << 20


def prepare(level: str, paths: Iterable[Path]) -> Residency | None:
    """Bring files to a level of the page cache and prove it.

    Args:
        level: ``warm``: every file is read whole. ``cold``: every file is written out and evicted.
            ``as_found``: every file is read once; what stays of it is reported, not required.
        paths: The files.

    Returns:
        What was counted in the end; None where `as_found` cannot be counted.

    Raises:
        NotAvailableError: The level was not reached, or cannot be proved; the message names the
            file that is furthest from it.
        OSError: A file is missing or cannot be read.
        ValueError: There is no such level.
    """
    files = list(dict.fromkeys(paths))
    if level == "warm":
        return _warm(files)
    if level == "cold":
        return _cold(files)
    if level == "as_found":
        return _read_once(files)
    raise ValueError(f"page_cache: {level!r} is no level; use warm, cold or as_found")


def require_level(level: str, paths: Iterable[Path]) -> int:
    """Find out, before anything is measured, whether a level can be had for these files.

    `cold` is tried whole. The files must become warm, or another cache than the page cache holds
    them (ZFS has its own). They must become cold. Reading them must then move bytes from storage,
    or something that nobody can evict serves them. They are warm afterwards.

    Returns:
        Bytes that storage moved for one cold reading of all files; 0 for the other levels. A file
        system that compresses moves fewer than the files have.

    Raises:
        NotAvailableError: It cannot; the message says why.
        OSError: A file is missing or cannot be read.
        ValueError: There is no such level.
    """
    files = list(dict.fromkeys(paths))
    prepare("warm" if level == "cold" else level, files)
    if level != "cold":
        return 0
    prepare("cold", files)
    moved = _storage_bytes_of_reading(files)
    if not moved:
        raise NotAvailableError(
            f"{locate(files[0])}: evicted, but reading everything "
            "moved 0 bytes from storage; put the dataset on a local disk"
        )
    return moved


def _warm(files: Sequence[Path]) -> Residency:
    for _ in range(TRIES):
        _read(files)
        counted = count_pages(files)
        found = sum_up(counted)
        if found.resident >= WARM_LEAST:
            return found
    worst = max(counted, key=lambda file: file.pages - file.resident)
    free_gib = os.sysconf("SC_AVPHYS_PAGES") * mmap.PAGESIZE / 2**30
    raise NotAvailableError(
        f"{worst} after it was read {TRIES} times ({_share(counted)}; {free_gib:.1f} GiB of memory "
        "unused): take fewer images, more memory, or a file system that uses the page cache"
    )


def _cold(files: Sequence[Path]) -> Residency:
    for attempt in range(TRIES):
        time.sleep(PAUSE_S * bool(attempt))
        for path in files:
            _evict(path)
        counted = count_pages(files)
        found = sum_up(counted)
        if found.resident <= COLD_MOST:
            return found
    worst = max(counted, key=lambda file: file.resident)
    raise NotAvailableError(
        f"{worst} after fsync and posix_fadvise(DONTNEED) ({_share(counted)}): "
        f"{_why_it_stays(worst.path)}"
    )


def _read_once(files: Sequence[Path]) -> Residency | None:
    _read(files)
    try:
        return residency(files)
    except NotAvailableError:
        return None


def _read(files: Sequence[Path]) -> None:
    block = bytearray(BLOCK_BYTES)
    for path in files:
        with path.open("rb", buffering=0) as stream:
            while stream.readinto(block):
                pass


def _storage_bytes_of_reading(files: Sequence[Path]) -> int:
    before = psutil.Process().io_counters().read_bytes
    _read(files)
    return int(psutil.Process().io_counters().read_bytes - before)


def _evict(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)  # a page that is not on the disk yet cannot be dropped
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    except OSError as error:
        raise NotAvailableError(
            f"{locate(path)}: fsync or posix_fadvise says {error.strerror!r}; "
            "put the dataset on a local disk"
        ) from error
    finally:
        os.close(descriptor)


def _share(counted: Sequence[FilePages]) -> str:
    found = sum_up(counted)
    files = "1 file" if found.files == 1 else f"{found.files} files"
    return f"{100 * found.resident:.1f} % of the pages of {files}"


def _why_it_stays(path: Path) -> str:
    file_system = file_system_of(path)
    if file_system in MEMORY_FILE_SYSTEMS:
        return f"{file_system} is memory and has no disk to evict to; put the dataset on a disk"
    users = ", ".join(_processes_that_map(path))
    if users:
        return f"mapped by process {users}; end it and measure again"
    return "something holds them, in or outside of this container; put the dataset on a local disk"


def _processes_that_map(path: Path) -> Iterator[str]:
    """Name the processes that have a file mapped, as far as we may look."""
    ending = f" {path.resolve()}"
    for process in psutil.process_iter(["name"]):
        try:
            maps = Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # ended meanwhile, or not ours to look into
        if any(line.endswith(ending) for line in maps.splitlines()):
            yield f"{process.pid} ({process.info['name']})"
