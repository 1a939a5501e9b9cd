"""The encoded files in memory, byte for byte as on disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from feedrate.sample import Fetched, Prepared, Sample

ORIGIN = "memory"
"""Where every image comes from inside an epoch; the exercise gate holds the store to it."""


@dataclass(frozen=True)
class RamStore:
    """One bytes object per sample; forked workers share them."""

    files: tuple[bytes, ...]

    def __len__(self) -> int:
        return len(self.files)

    def read(self, index: int) -> Fetched[bytes]:
        """Hand over one file's content; nothing is copied."""
        return Fetched(self.files[index], "memory")


def open_store(
    samples: Sequence[Sample],
    prepare: Callable[[int, bytes], Prepared],
    folder: Path | None = None,
) -> RamStore:
    """Read every file: the preload."""
    return RamStore(tuple(sample.image_path.read_bytes() for sample in samples))
