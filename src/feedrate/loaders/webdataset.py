"""WebDataset: shards are streamed from front to back, and never sought in.

Its documentation (https://github.com/webdataset/webdataset, README) streams ``WebDataset(shards)``
through torch's DataLoader with batches made in the workers and ``batch_size=None``; so does this.
One thing differs, for the work is fixed. WebDataset deals whole shards to workers, and then which
images share a batch, in which order and in how many batches depends on how many workers there are.
Here a worker makes every n-th batch and streams the shards that hold its images, passing over the
others: the order is that of the work, and bytes that nobody wants are read, by each worker. That is
clocked and counted as reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from feedrate import optional
from feedrate.cell import Cell
from feedrate.collate.batch import Batch
from feedrate.loaders.batches import MakeBatch, cut, refuse, worker_settings
from feedrate.pipeline import Pipeline
from feedrate.sample import Fetched
from feedrate.stores.tar import TarStore

webdataset = optional.load("webdataset")

SLACK_BYTES = 20 << 10
"""At a shard's end: what an archive is padded with, and a reader need not read."""


def unavailable() -> str | None:
    """Say why this loader cannot be used here, or nothing."""
    return optional.missing(webdataset, "webdataset")


class ShardStream:
    """A store whose images come as the shards' streams bring them.

    Args:
        store: Knows where each image lies.
        order: The images that will be asked for, in this order.
    """

    def __init__(self, store: TarStore, order: Sequence[int]) -> None:
        self._store = store
        self._arriving = (item for run in _rising(store, order) for item in self._stream(run))
        self._file, self._end = "", 0

    def __len__(self) -> int:
        return len(self._store)

    def read(self, index: int) -> Fetched[bytes]:
        """Take the next image off the stream.

        Raises:
            ValueError: It is another one than `index`; the message names the shard.
        """
        entry = self._store.entries[index]
        key, data = next(self._arriving, ("nothing", b""))
        if key != f"{entry.number:06d}":
            path = self._store.folder / entry.file
            raise ValueError(f"{path}: {entry.number:06d} was due, and {key} came")
        return Fetched(data, "file", self._move_on(entry.file, entry.offset + entry.bytes))

    def _stream(self, run: Sequence[int]) -> Iterator[tuple[str, bytes]]:
        """Stream the shards that hold these images, once, and pass over all others."""
        entries = [self._store.entries[index] for index in run]
        keys = {f"{entry.number:06d}" for entry in entries}
        shards = dict.fromkeys(str(self._store.folder / entry.file) for entry in entries)
        samples: Iterable[dict[str, Any]] = webdataset.WebDataset(
            list(shards),
            shardshuffle=False,
            workersplitter=None,
            select_files=lambda name: name[:6] in keys and not name.endswith(".json"),
        )
        for sample in samples:
            (data,) = (value for name, value in sample.items() if not name.startswith("__"))
            yield sample["__key__"], data

    def _move_on(self, file: str, end: int) -> int:
        """Count the bytes from the last image's end to this one's: all of them are read."""
        start, self._end = self._end, end
        before, self._file = self._file, file
        if file == before and end > start:
            return end - start
        rest = (self._store.folder / before).stat().st_size - start if before else 0
        return max(0, rest - SLACK_BYTES) + end


class StreamedBatches(IterableDataset[Batch]):
    """The batches of the work; each of several workers makes its share.

    Args:
        dataset: Its store is `feedrate.stores.tar`.
        batches: The indices of each.
    """

    def __init__(self, dataset: Pipeline, batches: list[list[int]]) -> None:
        self.dataset, self.batches = dataset, batches

    def __iter__(self) -> Iterator[Batch]:
        """Stream the shards and make batches of what comes."""
        info = get_worker_info()
        own = self.batches[info.id :: info.num_workers] if info else self.batches
        stream = ShardStream(self.dataset.store, [index for batch in own for index in batch])
        return map(MakeBatch.of(replace(self.dataset, store=stream)), own)


def build(dataset: Pipeline, cell: Cell) -> DataLoader[Batch]:
    """Load `dataset.order` in batches of `cell.batch_size` with `cell.workers` processes.

    Raises:
        ValueError: The images do not come from the shards of ``images: tar``.
    """
    refuse(cell, "collate")
    if not isinstance(dataset.store, TarStore):
        raise ValueError(
            f"images: {cell.images} cannot be streamed with loader: {cell.loader}; say images: tar"
        )
    batches = StreamedBatches(dataset, cut(dataset.order, cell.batch_size))
    return DataLoader(batches, batch_size=None, collate_fn=_as_it_is, **worker_settings(cell))


def _rising(store: TarStore, order: Sequence[int]) -> list[list[int]]:
    """Cut an order where it steps back: there the stream begins anew."""
    runs: list[list[int]] = []
    for index in order:
        number = store.entries[index].number
        if not runs or number <= store.entries[runs[-1][-1]].number:
            runs.append([])
        runs[-1].append(index)
    return runs


def _as_it_is(batch: Any) -> Any:
    return batch
