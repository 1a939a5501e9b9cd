"""feedrate's own loader inside the matrix: threads write each sample straight into its batch.

The same parts as `feedrate.build_loader` (`feedrate.feeding`), put under a cell's pipeline: its
store is read, its decoder decodes, its transform fits and normalises, its source is asked for
maps, its clock runs. Where a level can write to a place it is given, it does: `simplejpeg` and
`simplejpeg_scaled` decode into a thread's own memory, `opencv` and `fused` paint into the batch,
and the `kernel` draws there. What comes in memory of its own, from any other level, is copied to
its place; that is clocked as ``collate``.

All threads work on one batch at a time, so that `prefetch_factor` batches are ahead, not as many
for each thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from feedrate.cell import Cell
from feedrate.clock import Row
from feedrate.collate.batch import Batch
from feedrate.feeding import painting
from feedrate.feeding.crew import Crew
from feedrate.feeding.tray import MAP_FIELDS, Tray, Trays, put_maps, put_square
from feedrate.loaders.batches import cut, refuse
from feedrate.loaders.inplace import Hand, write_in_place
from feedrate.pipeline import Pipeline

load_compiled = painting.load_compiled
"""A trial calls it before anything else, so that loading compiled code is a figure of its own."""


@dataclass(frozen=True, eq=False)
class Placed:
    """A sample that lies in its batch.

    Attributes:
        row: What the clock saw.
        maker: The thread that loaded it.
        maps: Names of the fields of the batch that it has maps for.
    """

    row: Row
    maker: int
    maps: frozenset[str]


@dataclass(frozen=True, eq=False)
class Bench:
    """Makes batches of a pipeline's samples; a `feedrate.feeding.crew.Maker`."""

    dataset: Pipeline
    hand: Hand
    trays: Trays

    def begin(self, count: int) -> Tray:
        """Borrow room for a batch."""
        return self.trays.lend(count)

    def make(self, tray: Tray, place: int, index: int) -> Placed:
        """Load one sample, and copy to its place what does not lie there yet."""
        clock, hand = self.dataset.clock, self.hand
        hand.tray, hand.place = tray, place
        try:
            loaded = self.dataset[index]
        finally:
            hand.tray = None
        clock.start_batch()
        put_square(loaded.image, tray.images, place)
        maps = put_maps(loaded.targets, tray, place)
        clock.lap("collate")
        return Placed(loaded.row + clock.row(), loaded.maker, maps)

    def finish(self, tray: Tray, indices: Sequence[int], made: list[Placed]) -> Batch:
        """Put a batch together; copies nothing."""
        present = frozenset[str]().union(*(each.maps for each in made))
        maps = {name: getattr(tray, name).tensor() for name in MAP_FIELDS if name in present}
        shrink_masks, threshold_masks = (
            maps[name][:, 0] if name in maps else None
            for name in ("shrink_masks", "threshold_masks")
        )
        return Batch(
            images=tray.image_tensor(),
            shrink_maps=maps.get("shrink_maps"),
            threshold_maps=maps.get("threshold_maps"),
            shrink_masks=shrink_masks,
            threshold_masks=threshold_masks,
            indices=torch.tensor(indices),
            rows=torch.from_numpy(np.stack([each.row for each in made])),
            worker=made[0].maker,
            threads=(torch.get_num_threads(), cv2.getNumThreads()),
            makers=tuple(each.maker for each in made),
        )


@dataclass(frozen=True, eq=False)
class DirectLoader:
    """Batches in order.

    Attributes:
        bench: Makes them.
        batches: The indices of each.
        workers: Threads; 0 works in the thread that asks.
        ahead: Batches that are ready or in the making behind the one that is yielded.
        crew: Threads that stay from epoch to epoch; None where each epoch starts its own.
    """

    bench: Bench
    batches: list[list[int]]
    workers: int
    ahead: int
    crew: Crew | None

    def __iter__(self) -> Iterator[Batch]:
        """Go through one epoch."""
        crew = self.crew or Crew(self.workers)
        try:
            yield from crew.deliver(self.bench, self.batches, self.ahead)
        finally:
            if crew is not self.crew:
                crew.close()


def build(dataset: Pipeline, cell: Cell) -> DirectLoader:
    """Load `dataset.order` in batches of `cell.batch_size` with `cell.workers` threads.

    Gets all memory that its batches will lie in, so that the epoch does not pay for the first time.

    Raises:
        ValueError: A level means nothing without worker processes.
    """
    refuse(cell, "start_method", "collate", "pin_memory")
    hand = Hand()
    pixels = np.uint8 if dataset.payload == "uint8" else np.float32
    trays = Trays(cell.batch_size, dataset.image_size, pixels, keep=cell.prefetch_factor + 2)
    trays.fill(with_maps=cell.targets != "none")
    return DirectLoader(
        Bench(write_in_place(dataset, cell, hand), hand, trays),
        cut(dataset.order, cell.batch_size),
        cell.workers,
        cell.prefetch_factor,
        Crew(cell.workers) if cell.persistent_workers else None,
    )
