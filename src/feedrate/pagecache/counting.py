"""How many pages of a file are in memory: asked of the kernel with ``mincore``.

Sources: mincore(2); ``can_do_mincore`` in mm/mincore.c of Linux, which since 5.2 answers 'all of
them', whatever the truth, to who neither owns the file nor may write to it.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from feedrate.machine import file_system_of

UNMAPPED_UID = 65534
"""Owner, as we see it, of a file whose real owner has no place in this user namespace."""

_MAP_FAILED = ctypes.c_void_p(-1).value
_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, *(ctypes.c_int,) * 3, ctypes.c_long)
_libc.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
_libc.mincore.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)


class NotAvailableError(RuntimeError):
    """A level of the page cache cannot be had, or not be proved, here; the message says why."""


@dataclass(frozen=True)
class Residency:
    """How much of some files is in the page cache.

    Attributes:
        files: Files counted, each once.
        bytes: Their sizes, added up.
        resident: Share of their pages in memory, from 0 to 1.
    """

    files: int
    bytes: int
    resident: float


@dataclass(frozen=True)
class FilePages:
    """The pages of one file.

    Attributes:
        path: The file.
        size: Its bytes.
        pages: Pages that it fills; an empty file has none.
        resident: Of these, how many are in memory.
    """

    path: Path
    size: int
    pages: int
    resident: int

    def __str__(self) -> str:
        return f"{locate(self.path)}: {self.resident} of {self.pages} pages in the page cache"


def residency(paths: Iterable[Path]) -> Residency:
    """Count the pages of files that are in memory; nothing is read, nothing stays mapped.

    Raises:
        NotAvailableError: The kernel does not tell the truth about a file, or there are no pages.
        OSError: A file is missing or cannot be read.
    """
    return sum_up(count_pages(paths))


def count_pages(paths: Iterable[Path]) -> list[FilePages]:
    """Count file by file, each path once. Raises what `residency` raises."""
    return [_count(path) for path in dict.fromkeys(paths)]


def sum_up(counted: Sequence[FilePages]) -> Residency:
    """Add up the files, every page alike.

    Raises:
        NotAvailableError: There are no pages: no file, or empty ones only.
    """
    pages = sum(file.pages for file in counted)
    if not pages:
        name = locate(counted[0].path) if counted else "no file given"
        raise NotAvailableError(f"{name}: 0 pages to count; give at least one file with content")
    resident = sum(file.resident for file in counted)
    return Residency(len(counted), sum(file.size for file in counted), resident / pages)


def locate(path: Path) -> str:
    """Name a file and its file system in messages: as seen from the working directory."""
    here, whole = Path.cwd(), path.resolve()
    shown = whole.relative_to(here) if whole.is_relative_to(here) else path
    return f"{shown} ({file_system_of(path)})"


def _count(path: Path) -> FilePages:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        found = os.fstat(descriptor)
        _require_truth(path, found.st_uid)
        pages = -(-found.st_size // mmap.PAGESIZE)
        resident = _resident(path, descriptor, found.st_size) if pages else 0
        return FilePages(path, found.st_size, pages, resident)
    finally:
        os.close(descriptor)


def _require_truth(path: Path, owner: int) -> None:
    user = os.geteuid()
    trusted = user == owner or (user == 0 and owner != UNMAPPED_UID)
    effective = os.access in os.supports_effective_ids
    if not trusted and not os.access(path, os.W_OK, effective_ids=effective):
        raise NotAvailableError(
            f"{locate(path)}: belongs to user {owner} and user {user} may not write to it, so "
            "Linux does not tell what the page cache holds of it; copy it to files of your own"
        )


def _resident(path: Path, descriptor: int, size: int) -> int:
    """Count a file's pages in memory. A mapping that nobody touches brings none in."""
    address = _libc.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, descriptor, 0)
    if address == _MAP_FAILED:
        raise _uncountable(path, "mmap")
    try:
        pages = (ctypes.c_ubyte * -(-size // mmap.PAGESIZE))()
        if _libc.mincore(address, size, pages):
            raise _uncountable(path, "mincore")
        return sum(page & 1 for page in bytes(pages))  # the other bits are reserved
    finally:
        _libc.munmap(address, size)


def _uncountable(path: Path, call: str) -> NotAvailableError:
    reason = os.strerror(ctypes.get_errno())
    return NotAvailableError(
        f"{locate(path)}: {call} says {reason!r}, so its pages cannot be counted; "
        "put the dataset on a local disk"
    )
