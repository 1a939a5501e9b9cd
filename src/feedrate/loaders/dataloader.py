"""PyTorch's own loader, set up as its documentation recommends for map-style datasets.

https://docs.pytorch.org/docs/stable/data.html: a sampler's order, a collate function that runs in
the workers, threads set in each of them, and the settings that a cell names.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch.utils.data import DataLoader

from feedrate.cell import Cell
from feedrate.collate.batch import Batch, Collate
from feedrate.loaders import PIPED
from feedrate.loaders.batches import worker_settings
from feedrate.pipeline import Loaded, Pipeline


def build(dataset: Pipeline, cell: Cell) -> DataLoader[Batch] | LateCollation:
    """Load `dataset.order` in batches of `cell.batch_size` with `cell.workers` processes.

    Forked workers share what the parent preloaded. Workers that start from nothing
    (`cell.start_method`) are sent the pipeline, its caches included, and unpack their own copy.
    """
    collate = Collate(dataset.clock)
    if cell.collate == "main":
        return LateCollation(open_loader(dataset, dataset.order, cell, as_list), collate)
    return open_loader(dataset, dataset.order, cell, collate)


def open_loader(
    dataset: Any, order: Sequence[int], cell: Cell, collate: Callable[[Any], Any] | None = None
) -> DataLoader[Any]:
    """Load any map-style dataset with the workers and their settings that a cell asks for."""
    return DataLoader(
        dataset,
        batch_size=cell.batch_size,
        sampler=order,
        collate_fn=collate,
        **worker_settings(cell),
    )


@dataclass(frozen=True)
class LateCollation:
    """Samples travel one by one, and become batches in the process that consumes them.

    Attributes:
        loader: Gives lists of samples.
        collate: Puts a list together.
        facts: Read by the trial after the run. Tensors travel in shared memory, these samples'
            arrays through a pipe.
    """

    loader: DataLoader[Any]
    collate: Callable[[Any], Batch]
    facts: dict[str, int] = field(default_factory=lambda: {PIPED: 0})

    def __iter__(self) -> Iterator[Batch]:
        """Go through one epoch."""
        for items in self.loader:
            self.facts[PIPED] += sum(count_piped_bytes(item) for item in items)
            yield self.collate(items)


def count_piped_bytes(item: Loaded) -> int:
    """Count the bytes of a sample's arrays, where another process has sent them."""
    if item.process == os.getpid():
        return 0
    maps = () if item.targets is None else vars(item.targets).values()
    return sum(each.nbytes for each in (item.image, *maps) if each is not None)


def as_list(items: Sequence[Any]) -> list[Any]:
    """Leave the samples of a batch apart."""
    return list(items)
