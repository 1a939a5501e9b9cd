"""PyTorch's own loader, set up as its documentation recommends for map-style datasets."""

from __future__ import annotations

from collections.abc import Iterable

from torch.utils.data import DataLoader

from feedrate.cell import Cell
from feedrate.collate.batch import Batch, Collate
from feedrate.pipeline import Pipeline


def build(dataset: Pipeline, cell: Cell) -> Iterable[Batch]:
    """Load `dataset.order` in batches of `cell.batch_size` with `cell.workers` processes.

    Workers are forked, so that what the parent preloaded is shared, not copied.
    """
    return DataLoader(
        dataset,  # type: ignore[arg-type]  # any object with __getitem__ and __len__ will do
        batch_size=cell.batch_size,
        sampler=dataset.order,
        num_workers=cell.workers,
        collate_fn=Collate(dataset.clock),
        multiprocessing_context="fork" if cell.workers else None,
    )
