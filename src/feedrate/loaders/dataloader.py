"""PyTorch's own loader, set up as its documentation recommends for map-style datasets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cv2
from torch.utils.data import DataLoader

from feedrate.cell import Cell
from feedrate.collate.batch import Batch, Collate
from feedrate.pipeline import Pipeline


def build(dataset: Pipeline, cell: Cell) -> DataLoader[Batch]:
    """Load `dataset.order` in batches of `cell.batch_size` with `cell.workers` processes.

    Forked workers share what the parent preloaded. Workers that start from nothing
    (`cell.start_method`) are sent the pipeline, its caches included, and unpack their own copy.
    """
    return open_loader(dataset, dataset.order, cell, Collate(dataset.clock))


def open_loader(
    dataset: Any, order: Sequence[int], cell: Cell, collate: Callable[[Any], Any] | None = None
) -> DataLoader[Any]:
    """Load any map-style dataset with the workers, start method and batch size of a cell."""
    return DataLoader(
        dataset,
        batch_size=cell.batch_size,
        sampler=order,
        num_workers=cell.workers,
        collate_fn=collate,
        multiprocessing_context=cell.start_method if cell.workers else None,
        worker_init_fn=keep_to_one_thread if cell.workers else None,
    )


def keep_to_one_thread(worker: int) -> None:
    """Give a worker one OpenCV thread: its start may have forgotten what the parent had set.

    Torch does the same for its own threads.
    """
    cv2.setNumThreads(1)
