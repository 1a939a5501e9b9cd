"""A pool of threads from the standard library, each of which makes whole batches.

Decoders and OpenCV let go of the interpreter's lock, so threads can share the work of decoding;
what they make needs no queue between processes. Set up after the documentation of
``concurrent.futures``, https://docs.python.org/3/library/concurrent.futures.html: one pool, futures
in the order of the work, and the pool shut down with ``cancel_futures`` when nobody wants the rest.
At most ``workers * prefetch_factor`` batches are held ready or in the making, as with torch's
loader.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from feedrate.cell import Cell
from feedrate.collate.batch import Batch
from feedrate.loaders.batches import MakeBatch, cut, refuse
from feedrate.pipeline import Pipeline


@dataclass(frozen=True)
class ThreadLoader:
    """Batches in order, made by threads.

    Attributes:
        make: Makes one batch.
        batches: The indices of each.
        workers: How many threads; 0 makes them in the thread that asks.
        ahead: The most batches that are ready or in the making.
    """

    make: MakeBatch
    batches: list[list[int]]
    workers: int
    ahead: int

    def __iter__(self) -> Iterator[Batch]:
        """Start the threads of one epoch; they end with it, or when the iterator is dropped."""
        rest = iter(self.batches)
        if not self.workers:
            return map(self.make, rest)
        pool = ThreadPoolExecutor(self.workers)
        held = deque(pool.submit(self.make, indices) for indices in islice(rest, self.ahead))
        return self._deliver(pool, held, rest)

    def _deliver(
        self, pool: ThreadPoolExecutor, held: deque[Future[Batch]], rest: Iterator[list[int]]
    ) -> Iterator[Batch]:
        try:
            while held:
                yield self._take(pool, held, rest)
        finally:
            pool.shutdown(cancel_futures=True)

    def _take(
        self, pool: ThreadPoolExecutor, held: deque[Future[Batch]], rest: Iterator[list[int]]
    ) -> Batch:
        batch = held.popleft().result()
        held.extend(pool.submit(self.make, indices) for indices in islice(rest, 1))
        return batch


def build(dataset: Pipeline, cell: Cell) -> ThreadLoader:
    """Load `dataset.order` in batches of `cell.batch_size` with `cell.workers` threads.

    Raises:
        ValueError: A level means nothing without worker processes.
    """
    refuse(cell, "start_method", "persistent_workers", "collate", "pin_memory")
    batches = cut(dataset.order, cell.batch_size)
    ahead = cell.workers * cell.prefetch_factor
    return ThreadLoader(MakeBatch.of(dataset), batches, cell.workers, ahead)
