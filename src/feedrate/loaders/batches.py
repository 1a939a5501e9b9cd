"""What the loaders share: which indices make a batch, how one is made, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import torch

from feedrate.cell import Cell
from feedrate.collate.batch import Batch, Collate
from feedrate.pipeline import Pipeline


@dataclass(frozen=True)
class MakeBatch:
    """Indices in, their batch out: the work of one call, in whichever thread or process.

    Attributes:
        dataset: Loads a sample.
        collate: Puts samples together.
        threads: Threads of OpenCV and torch to set before, where the call runs in a process that
            may have forgotten what its parent had set; None where it runs in the same process.
    """

    dataset: Pipeline
    collate: Callable[[Sequence[Any]], Batch]
    threads: int | None = None

    @classmethod
    def of(cls, dataset: Pipeline, threads: int | None = None) -> MakeBatch:
        """Collate with the dataset's own clock."""
        return cls(dataset, Collate(dataset.clock), threads)

    def __call__(self, indices: Sequence[int]) -> Batch:
        """Load the samples one after the other, and put them together."""
        if self.threads is not None:
            set_threads(0, self.threads)
        return self.collate([self.dataset[index] for index in indices])


def cut(order: Sequence[int], size: int) -> list[list[int]]:
    """Cut an order into batches; the last one may be short."""
    return [list(order[start : start + size]) for start in range(0, len(order), size)]


def set_threads(worker: int, threads: int) -> None:
    """Give a worker its threads: its start may have forgotten what the parent had set."""
    cv2.setNumThreads(threads)
    torch.set_num_threads(threads)


def refuse(cell: Cell, *factors: str) -> None:
    """Refuse what a loader has no say over, so that no cell claims what did not happen.

    Args:
        cell: Its loader is named in the message.
        factors: Of which only the default can be had.

    Raises:
        ValueError: One of them has another level; the message says which would be right.
    """
    for factor in factors:
        level, usual = getattr(cell, factor), Cell.model_fields[factor].default
        if level != usual:
            raise ValueError(
                f"{factor}: {level} cannot be had with loader: {cell.loader}; leave it at {usual}"
            )


def require_workers(cell: Cell) -> None:
    """Refuse a cell without workers, for a loader that cannot load in the main thread.

    Raises:
        ValueError: The cell has none.
    """
    if not cell.workers:
        raise ValueError(f"workers: 0 cannot be had with loader: {cell.loader}; give it 1 or more")


def worker_settings(cell: Cell) -> dict[str, Any]:
    """Say what a cell asks of loader processes, in the words of torch's `DataLoader`."""
    shared = {"num_workers": cell.workers, "pin_memory": bool(cell.pin_memory)}
    if not cell.workers:
        return shared  # without workers there is nothing that the others could be said of
    return shared | {
        "multiprocessing_context": cell.start_method,
        "worker_init_fn": partial(set_threads, threads=cell.threads),
        "prefetch_factor": cell.prefetch_factor,
        "persistent_workers": bool(cell.persistent_workers),
    }
