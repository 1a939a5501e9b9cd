"""The encoded files in a few tar archives that stay open: one read an image, no file to open.

The archives are shards as webdataset reads them (https://github.com/webdataset/webdataset): an
image ``000017.jpg``, and right behind it ``000017.json`` with its key, size, polygons, ignore tags
and texts. An index of offsets makes them a store of random access: `os.pread` gets exactly one
member.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import weakref
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, pairwise
from pathlib import Path

from feedrate.sample import Fetched, Prepared, Sample
from feedrate.stores.layout import Entry, Originals, PrepareSample, Stored, files_of, find_entries

__all__ = ["ORIGIN", "TarStore", "files_of", "open_store", "write_store"]

ORIGIN = "file"
"""Where every image comes from inside an epoch; the exercise gate holds the store to it."""

SHARDS = 8
"""Archives of a dataset: a streaming loader gives whole ones to its workers, of which the configs
ask for up to eight."""

MODE = 0o644


class TarStore:
    """Open archives. `os.pread` moves no position, so forked workers may share descriptors.

    Attributes:
        folder: Where the shards lie.
        entries: One a sample.
    """

    def __init__(self, folder: Path, entries: tuple[Entry, ...]) -> None:
        self.folder, self.entries = folder, entries
        self._shards: dict[str, int] = {}
        weakref.finalize(self, _close, self._shards)
        for name in dict.fromkeys(entry.file for entry in entries):
            self._shards[name] = os.open(folder / name, os.O_RDONLY)

    def __len__(self) -> int:
        return len(self.entries)

    def __reduce__(self) -> tuple[type[TarStore], tuple[Path, tuple[Entry, ...]]]:
        # A worker that starts from nothing opens its own.
        return type(self), (self.folder, self.entries)

    def read(self, index: int) -> Fetched[bytes]:
        """Read one member.

        Raises:
            OSError: The archive ends inside of it; the error names it.
        """
        entry = self.entries[index]
        data = os.pread(self._shards[entry.file], entry.bytes, entry.offset)
        if len(data) != entry.bytes:
            raise OSError(
                f"{self.folder / entry.file}: {len(data)} bytes at {entry.offset}, "
                f"must be {entry.bytes}; build the store again"
            )
        return Fetched(data, "file", len(data))


def open_store(
    samples: Sequence[Sample],
    prepare: Callable[[int, bytes], Prepared],
    folder: Path | None = None,
) -> TarStore:
    """Open the archives; the preload is the index.

    Raises:
        feedrate.stores.layout.StoreError: The store is missing, stale or altered.
    """
    entries = find_entries(samples, folder).entries
    return TarStore(Path(folder or ""), entries)


def write_store(folder: Path, originals: Originals, prepare: PrepareSample) -> Iterator[Stored]:
    """Write the shards, equally long to an image; see `feedrate.stores.building.WriteStore`."""
    files, shards = enumerate(originals), min(SHARDS, len(originals))
    ends = [len(originals) * place // shards for place in range(1, shards + 1)]
    for shard, (start, end) in enumerate(pairwise([0, *ends])):
        name = f"shard-{shard:06d}.tar"
        with tarfile.open(folder / name, "w", format=tarfile.USTAR_FORMAT) as archive:
            for number, (sample, data) in islice(files, end - start):
                ending = sample.image_path.suffix.lower() or ".bin"
                offset = _add(archive, f"{number:06d}{ending}", data)
                _add(archive, f"{number:06d}.json", _annotation(sample))
                yield Stored(name, offset, len(data), hashlib.sha256(data).hexdigest())


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> int:
    """Add a member that tells nothing of when and by whom; return where its content begins."""
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), MODE
    offset = archive.offset + tarfile.BLOCKSIZE  # such short names take one header block
    archive.addfile(member, io.BytesIO(data))
    return int(offset)


def _annotation(sample: Sample) -> bytes:
    content = {
        "key": sample.key,
        "width": sample.width,
        "height": sample.height,
        "polygons": [item.polygon.tolist() for item in sample.instances],
        "ignore": [item.ignore for item in sample.instances],
        "text": [item.text for item in sample.instances],
    }
    return json.dumps(content, ensure_ascii=False).encode()


def _close(shards: dict[str, int]) -> None:
    for descriptor in shards.values():
        os.close(descriptor)
