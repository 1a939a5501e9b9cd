"""PyTorch's own loader, set up as its documentation recommends for map-style datasets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import torch
from torch.utils.data import DataLoader

from feedrate.cell import Cell
from feedrate.collate.batch import Batch, Collate
from feedrate.pipeline import Pipeline


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
        num_workers=cell.workers,
        collate_fn=collate,
        pin_memory=bool(cell.pin_memory),
        # Without workers there is nothing that these could be said of.
        multiprocessing_context=cell.start_method if cell.workers else None,
        worker_init_fn=partial(set_threads, threads=cell.threads) if cell.workers else None,
        prefetch_factor=cell.prefetch_factor if cell.workers else None,
        persistent_workers=bool(cell.persistent_workers and cell.workers),
    )


@dataclass(frozen=True)
class LateCollation:
    """Samples travel one by one, and become batches in the process that consumes them.

    Attributes:
        loader: Gives lists of samples.
        collate: Puts a list together.
    """

    loader: DataLoader[Any]
    collate: Callable[[Any], Batch]

    def __iter__(self) -> Iterator[Batch]:
        """Go through one epoch."""
        return map(self.collate, self.loader)


def as_list(items: Sequence[Any]) -> list[Any]:
    """Leave the samples of a batch apart."""
    return list(items)


def set_threads(worker: int, threads: int) -> None:
    """Give a worker its threads: its start may have forgotten what the parent had set."""
    cv2.setNumThreads(threads)
    torch.set_num_threads(threads)
