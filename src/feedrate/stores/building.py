"""Stores that lie on disk, built before any trial opens them; the clock says what that costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, Protocol

from feedrate.files import atomic_folder, sha256_of
from feedrate.sample import Sample
from feedrate.stores.layout import (
    Entry,
    Originals,
    PrepareSample,
    Recipe,
    Stored,
    StoreIndex,
    polygons_hash,
    write_index,
)

SCHEMA = 1


class WriteStore(Protocol):
    """The contract of ``write_store`` in the module of a built store."""

    def __call__(
        self, folder: Path, originals: Originals, prepare: PrepareSample
    ) -> Iterator[Stored]:
        """Write every image, in order, and say where each was put; the same from the same.

        Args:
            folder: Empty, for nothing but this store.
            originals: The encoded files.
            prepare: Decodes and brings to size, for the stores that keep the result.
        """


def build_store(
    name: str,
    write: WriteStore,
    samples: Sequence[Sample],
    prepare: PrepareSample,
    folder: Path,
    recipe: Recipe,
    code: str,
    unavailable: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Build a store; its folder appears whole, replacing an older one, or not at all.

    Args:
        name: The store's.
        write: Writes the images.
        samples: All of the dataset.
        prepare: Decodes a sample's file and brings it to size.
        folder: Of the store.
        recipe: What `prepare` works with; empty where the store needs none.
        code: Hash of the code that writes it.
        unavailable: Why it cannot be written here; then the store is empty and says so, for its
            cells are to be recorded as not available and nothing else is to fail.
        progress: Told the number of images written so far.

    Returns:
        The manifest: ``store available images bytes dataset_bytes build made_with code files``.
        ``build`` is seconds of the wall and of the processor, from the first original read to the
        index written; hashing the store for the manifest is not counted.

    Raises:
        OSError: An original cannot be read; the error names it.
        ValueError: An original cannot be decoded; the message names it.
    """
    with atomic_folder(folder) as unfinished:
        began_s, worked_s = perf_counter(), process_time()
        originals, entries = Originals([] if unavailable else samples), dict[str, Entry]()
        if not unavailable:
            for number, stored in enumerate(write(unfinished, originals, prepare)):
                sample = samples[number]
                entries[sample.key] = _entry(number, stored, sample, originals)
                if progress:
                    progress(number + 1)
        sizes = {path.name: path.stat().st_size for path in sorted(unfinished.iterdir())}
        write_index(unfinished, StoreIndex(name, recipe, code, unavailable or "", sizes, entries))
        cost = {"wall_s": perf_counter() - began_s, "cpu_s": process_time() - worked_s}
        files = {
            path.name: {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
            for path in sorted(unfinished.iterdir())
        }
    return {
        "schema": SCHEMA,
        "store": name,
        "available": {"ok": not unavailable, "reason": unavailable or ""},
        "images": len(entries),
        "bytes": sum(file["bytes"] for file in files.values()),
        "dataset_bytes": sum(entry.source_bytes for entry in entries.values()),
        "build": cost,
        "made_with": asdict(recipe),
        "code": code,
        "files": files,
    }


def _entry(number: int, stored: Stored, sample: Sample, originals: Originals) -> Entry:
    size, digest = originals.seen[sample.key]
    return Entry(
        **asdict(stored),
        number=number,
        source_bytes=size,
        source_sha256=digest,
        polygons=polygons_hash(sample),
    )
