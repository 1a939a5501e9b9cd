"""Loaders with an effect planted in them, of which they say exactly how large it was.

Each wraps PyTorch's loader as `feedrate.loaders.dataloader` sets it up. A plant at 0 workers
follows a batch by a spin of a share of that batch's own, just measured duration; what it really
spun is in its `facts`, so the true effect of every trial is known without a model of the machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any

from torch.utils.data import get_worker_info

from feedrate.cell import Cell
from feedrate.collate.batch import Batch
from feedrate.loaders import dataloader
from feedrate.pipeline import Loaded, Pipeline

SPUN = "spun_s"
"""The fact that a planted loader leaves behind: seconds spent in its spins."""
STARTUP_S = 0.25
"""What `slow_startup` spins while it is built."""

Pause = Callable[[float], float]
"""Takes a number of seconds and returns how many they really were."""


def spin(seconds: float) -> float:
    """Keep the processor busy; returns how long it really took, in seconds."""
    began = time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        pass
    return passed


def sleep(seconds: float) -> float:
    """Leave the processor to others; returns how long it really took, in seconds."""
    began = time.perf_counter()
    time.sleep(seconds)
    return time.perf_counter() - began


@dataclass(eq=False)
class Paced:
    """A loader that pauses after its batches.

    Attributes:
        loader: The loader underneath.
        share_of: The pause after a batch, as a share of its own duration, by the batch's number.
        pause: Spins or sleeps.
        facts: Read by the trial after the run.
    """

    loader: Iterable[Batch]
    share_of: Callable[[int], float]
    pause: Pause = spin
    facts: dict[str, float] = field(default_factory=lambda: {SPUN: 0.0})

    def __iter__(self) -> Iterator[Batch]:
        # The workers start here, not at the first batch: as without the plant.
        return self._follow(iter(self.loader))

    def _follow(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        number = 0
        while True:
            began = time.perf_counter()
            batch = next(batches, None)
            if batch is None:
                return
            share = self.share_of(number)
            if share:
                self.facts[SPUN] += self.pause(share * (time.perf_counter() - began))
            number += 1
            yield batch


def follow_each(share: float, dataset: Pipeline, cell: Cell, pause: Pause = spin) -> Paced:
    """Pause after every batch."""
    return Paced(dataloader.build(dataset, cell), lambda number: share, pause)


spin_2, spin_5, spin_10, spin_25, spin_50 = (
    partial(follow_each, share) for share in (0.02, 0.05, 0.10, 0.25, 0.50)
)
"""The planted effects that are to be found again, as loaders."""

sleep_each = partial(follow_each, 1.0, pause=sleep)
"""As long as every batch took, asleep: time passes and no processor works."""


def slow_first_epoch(dataset: Pipeline, cell: Cell) -> Paced:
    """Take twice as long for each batch, until every image was delivered once."""
    batches = len(dataset) // cell.batch_size
    return Paced(dataloader.build(dataset, cell), lambda number: float(number < batches))


def slow_some_batches(dataset: Pipeline, cell: Cell) -> Paced:
    """Take six times as long for every third batch, never for the first."""
    return Paced(dataloader.build(dataset, cell), lambda number: 5.0 * (number % 3 == 2))


def slow_startup(dataset: Pipeline, cell: Cell) -> Iterable[Batch]:
    """Take long to be built, and load as ever."""
    spin(STARTUP_S)
    return dataloader.build(dataset, cell)


def slow_one_worker(dataset: Pipeline, cell: Cell) -> Iterable[Batch]:
    """Take four times as long for every sample of the second worker."""
    return dataloader.build(SlowInOneWorker(**_fields_of(dataset)), cell)


@dataclass(frozen=True, eq=False)
class SlowInOneWorker(Pipeline):
    """A pipeline whose second worker needs four times as long."""

    def __getitem__(self, index: int) -> Loaded:
        began = time.perf_counter()
        loaded = super().__getitem__(index)
        worker = get_worker_info()
        if worker is not None and worker.id == 1:
            spin(3.0 * (time.perf_counter() - began))
        return loaded


def _fields_of(pipeline: Pipeline) -> dict[str, Any]:
    return {item.name: getattr(pipeline, item.name) for item in fields(pipeline)}
