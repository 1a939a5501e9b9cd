"""The encoded files in one LMDB database: a memory-mapped tree of pages (https://lmdb.tech/doc).

Keys are the images' numbers, for LMDB takes keys of 511 bytes at most.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from feedrate.optional import load, missing
from feedrate.sample import Fetched, Prepared, Sample
from feedrate.stores.layout import Entry, Originals, PrepareSample, Stored, files_of, find_entries

__all__ = ["MAPPED", "ORIGIN", "LmdbStore", "files_of", "open_store", "unavailable", "write_store"]

_lmdb = load("lmdb")

ORIGIN = "file"
"""Where every image comes from inside an epoch; the exercise gate holds the store to it."""

MAPPED = True
"""Files are read through a memory map: the kernel counts no read calls for it."""

FILE = "data.mdb"

IMAGES_AT_ONCE = 64
"""Images a transaction: LMDB keeps what is not committed in memory."""

SPARE_BYTES = 16 << 20
"""For the branches of the tree and the list of free pages; the file takes what it needs of it."""


_OPEN: WeakValueDictionary[tuple[int, int], Any] = WeakValueDictionary()
"""What this process has open, by device and inode: LMDB refuses to open a file twice."""

_OPENING = threading.Lock()


def unavailable() -> str | None:
    """Say why the store cannot be used here, None where it can."""
    return missing(_lmdb, "lmdb")


class LmdbStore:
    """A database that every process opens for itself, at its first read.

    LMDB forbids the use of an environment behind a fork: a child closes what it inherits.

    Attributes:
        folder: Where the database lies.
        entries: One a sample.
    """

    def __init__(self, folder: Path, entries: tuple[Entry, ...]) -> None:
        self.folder, self.entries = folder, entries
        self._opened: tuple[int, Any] = (0, None)

    def __len__(self) -> int:
        return len(self.entries)

    def __reduce__(self) -> tuple[type[LmdbStore], tuple[Path, tuple[Entry, ...]]]:
        return type(self), (self.folder, self.entries)

    def read(self, index: int) -> Fetched[bytes]:
        """Copy one image out of the map.

        Raises:
            OSError: The database does not hold it; the error names it.
        """
        entry = self.entries[index]
        with self._environment().begin() as view:
            data = view.get(_key(entry.number))
        if data is None or len(data) != entry.bytes:
            found = "nothing" if data is None else f"{len(data)} bytes"
            raise OSError(
                f"{self.folder / FILE}: {found} at number {entry.number}, "
                f"must be {entry.bytes} bytes; build the store again"
            )
        return Fetched(data, "file", len(data))

    def _environment(self) -> Any:
        process, environment = self._opened
        if process != os.getpid():
            environment = _open(self.folder)
            self._opened = (os.getpid(), environment)
        return environment


def open_store(
    samples: Sequence[Sample],
    prepare: Callable[[int, bytes], Prepared],
    folder: Path | None = None,
) -> LmdbStore:
    """Look into the index; the database is opened at the first read of each process.

    Raises:
        feedrate.stores.layout.StoreError: The store is missing, stale or altered.
    """
    entries = find_entries(samples, folder).entries
    return LmdbStore(Path(folder or ""), entries)


def write_store(folder: Path, originals: Originals, prepare: PrepareSample) -> Iterator[Stored]:
    """Write the database; see `feedrate.stores.building.WriteStore`."""
    page = mmap.PAGESIZE
    pages = sum(-(-size // page) + 2 for size in originals.sizes())
    most = -(-(pages * page * 5 // 4 + SPARE_BYTES) // page) * page
    # Nobody else knows of the folder yet: without locks there is no file of locks.
    with _lmdb.open(str(folder), map_size=most, lock=False, sync=False) as environment:
        files = enumerate(originals)
        while group := list(islice(files, IMAGES_AT_ONCE)):
            with environment.begin(write=True) as transaction:
                for number, (_, data) in group:
                    transaction.put(_key(number), data, append=True)
            for _, (_, data) in group:
                yield Stored(FILE, 0, len(data), hashlib.sha256(data).hexdigest())


def _open(folder: Path) -> Any:
    found = (folder / FILE).stat()
    key = (found.st_dev, found.st_ino)
    with _OPENING:
        environment = _OPEN.get(key)
        if environment is None:
            environment = _lmdb.open(str(folder), readonly=True, lock=False, create=False)
            _OPEN[key] = environment
        return environment


def _close_inherited() -> None:
    for environment in list(_OPEN.values()):
        environment.close()
    _OPEN.clear()


os.register_at_fork(after_in_child=_close_inherited)


def _key(number: int) -> bytes:
    return f"{number:08d}".encode()
