"""The encoded files, opened and read anew each time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from feedrate.sample import Fetched, Prepared, Sample

ORIGIN = "file"
"""Where every image comes from inside an epoch; the exercise gate holds the store to it."""


@dataclass(frozen=True)
class DiskStore:
    """Paths; the page cache may still answer, `Fetched.origin` says "file" all the same."""

    paths: tuple[Path, ...]

    def __len__(self) -> int:
        return len(self.paths)

    def read(self, index: int) -> Fetched[bytes]:
        """Read one whole file."""
        data = self.paths[index].read_bytes()
        return Fetched(data, "file", len(data))


def open_store(
    samples: Sequence[Sample],
    prepare: Callable[[int, bytes], Prepared],
    folder: Path | None = None,
) -> DiskStore:
    """Open nothing yet: the preload is empty."""
    return DiskStore(tuple(sample.image_path for sample in samples))
