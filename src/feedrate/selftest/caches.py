"""Faults of the stores: caches that are built and not used, or used and not built."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feedrate.sample import Fetched, Prepared, Sample
from feedrate.stores import decoded_ram, disk, ram

Request = Mapping[str, Any]
"""What a trial is told."""


def put(owner: object, **changes: Any) -> None:
    """Replace attributes of a module or a class, for the rest of this process."""
    for name, value in changes.items():
        setattr(owner, name, value)


@dataclass(frozen=True)
class Store:
    """A store that reads as it is told."""

    fetch: Callable[[int], Any]
    samples: Sequence[Sample]

    def __len__(self) -> int:
        return len(self.samples)

    def read(self, index: int) -> Any:
        """Fetch what the fault fetches."""
        return self.fetch(index)


def bypass_cache(request: Request) -> None:
    """Fill the cache, then read files and say so."""
    fill = ram.open_store

    def open_store(samples: Sequence[Sample], prepare: Any, folder: Path | None = None) -> Store:
        fill(samples, prepare)
        return Store(disk.open_store(samples, prepare).read, samples)

    put(ram, open_store=open_store)


def pretend_cache(request: Request) -> None:
    """Fill the cache, then read files and say that they came from memory."""
    fill = ram.open_store

    def open_store(samples: Sequence[Sample], prepare: Any, folder: Path | None = None) -> Store:
        fill(samples, prepare)
        return Store(
            lambda index: Fetched(samples[index].image_path.read_bytes(), "memory"), samples
        )

    put(ram, open_store=open_store)


def fill_late(request: Request) -> None:
    """Read a file when it is first asked for, and keep it."""

    def open_store(samples: Sequence[Sample], prepare: Any, folder: Path | None = None) -> Store:
        kept: dict[int, bytes] = {}

        def fetch(index: int) -> Fetched[bytes]:
            if index not in kept:
                kept[index] = samples[index].image_path.read_bytes()
            return Fetched(kept[index], "memory")

        return Store(fetch, samples)

    put(ram, open_store=open_store)


def decode_again(request: Request) -> None:
    """Keep encoded files in memory, and decode and resize in every read."""

    def open_store(
        samples: Sequence[Sample],
        prepare: Callable[[int, bytes], Prepared],
        folder: Path | None = None,
    ) -> Store:
        files = [sample.image_path.read_bytes() for sample in samples]
        return Store(lambda index: Fetched(prepare(index, files[index]), "memory"), samples)

    put(decoded_ram, open_store=open_store)
