"""Graphs of ``torchdata.nodes``, for its two ways to work in parallel.

Set up as torchdata's own guide builds the equivalent of a DataLoader,
https://meta-pytorch.org/data/main/migrate_to_nodes_from_utils.html: the sampler's indices are
batched first, one parallel mapper loads and collates a batch, a prefetcher holds ``workers *
prefetch_factor`` of them. Without workers the mapper is the plain one. The root is iterated itself
(``reset``, then ``next``), and made anew for each epoch: a ``Loader`` around it would keep threads
and processes until Python collects it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from feedrate import optional
from feedrate.cell import Cell
from feedrate.collate.batch import Batch
from feedrate.loaders.batches import MakeBatch
from feedrate.pipeline import Pipeline

nodes = optional.load("torchdata.nodes")


def unavailable() -> str | None:
    """Say why this loader cannot be used here, or nothing."""
    return optional.missing(nodes, "torchdata")


@dataclass(frozen=True)
class NodesLoader:
    """One graph of nodes an epoch.

    Attributes:
        make: Makes one batch.
        cell: Says how many, how far ahead, and how processes start.
        method: What works in parallel.
    """

    make: MakeBatch
    cell: Cell
    method: Literal["thread", "process"]

    def __iter__(self) -> Iterator[Batch]:
        """Start the workers of one epoch."""
        root = self._compose()
        root.reset()
        return _deliver(root)

    def _compose(self) -> Any:
        cell, order = self.cell, self.make.dataset.order
        source = nodes.Batcher(
            nodes.IterableWrapper(order), batch_size=cell.batch_size, drop_last=False
        )
        if not cell.workers:
            return nodes.Mapper(source, map_fn=self.make)
        node = nodes.ParallelMapper(
            source,
            map_fn=self.make,
            num_workers=cell.workers,
            in_order=True,
            method=self.method,
            multiprocessing_context=cell.start_method if self.method == "process" else None,
        )
        if cell.pin_memory:
            node = nodes.PinMemory(node)
        return nodes.Prefetcher(node, prefetch_factor=cell.workers * cell.prefetch_factor)


def _deliver(root: Any) -> Iterator[Batch]:
    yield from root


def open_nodes(dataset: Pipeline, cell: Cell, method: Literal["thread", "process"]) -> NodesLoader:
    """Load `dataset.order` in batches of `cell.batch_size` with `cell.workers` of either kind."""
    processes = method == "process" and cell.workers
    return NodesLoader(MakeBatch.of(dataset, cell.threads if processes else None), cell, method)
