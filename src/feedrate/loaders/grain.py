"""Grain's map-style dataset, read by threads.

Set up as its tutorial does, https://google-grain.readthedocs.io/en/latest/tutorials/
dataset_basic_tutorial.html: a `MapDataset` over the indices, mapped to samples and batched, turned
into an `IterDataset` as late as possible, whose ``ReadOptions`` say how many threads read ahead and
how many elements (here: batches) they hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from feedrate import optional
from feedrate.cell import Cell
from feedrate.collate.batch import Batch, Collate
from feedrate.loaders.batches import refuse
from feedrate.pipeline import Pipeline

grain = optional.load("grain")


def unavailable() -> str | None:
    """Say why this loader cannot be used here, or nothing."""
    return optional.missing(grain, "grain")


@dataclass(frozen=True)
class GrainLoader:
    """One iterator of Grain's an epoch.

    Attributes:
        dataset: A `grain.IterDataset` of batches.
    """

    dataset: Any

    def __iter__(self) -> Iterator[Batch]:
        """Start one epoch; its threads end with the iterator."""
        return iter(self.dataset)


def build(dataset: Pipeline, cell: Cell) -> GrainLoader:
    """Load `dataset.order` in batches of `cell.batch_size` with `cell.workers` threads.

    Raises:
        ValueError: A level means nothing without worker processes.
    """
    refuse(cell, "start_method", "persistent_workers", "collate", "pin_memory")
    options = grain.ReadOptions(
        num_threads=cell.workers, prefetch_buffer_size=cell.workers * cell.prefetch_factor
    )
    batches = (
        grain.MapDataset.source(dataset.order)
        .map(dataset.__getitem__)
        .batch(cell.batch_size, batch_fn=Collate(dataset.clock))
    )
    return GrainLoader(batches.to_iter_dataset(options))
