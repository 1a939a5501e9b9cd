"""SPDL's pipeline of threads, fed sample by sample.

Set up as its documentation builds one, https://facebookresearch.github.io/spdl/latest/
getting_started/intro.html and ``.../concurrency.html``: a light source (the indices), a stage that
loads a sample with as many tasks as threads, an aggregation, a stage that collates, a sink that
holds the batches ready. Stages share one pool of `cell.workers` threads. Two settings differ from
its defaults, for the work is fixed: samples leave the first stage in the order they entered it, and
the first failure ends the run, where SPDL would log it and go on without the sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from feedrate import optional
from feedrate.cell import Cell
from feedrate.collate.batch import Batch, Collate
from feedrate.loaders.batches import refuse, require_workers
from feedrate.pipeline import Pipeline

spdl = optional.load("spdl.pipeline")


def unavailable() -> str | None:
    """Say why this loader cannot be used here, or nothing."""
    return optional.missing(spdl, "spdl-core")


@dataclass(frozen=True)
class SpdlLoader:
    """One SPDL pipeline an epoch: a stopped one cannot be started again.

    Attributes:
        dataset: Loads a sample.
        cell: Says how many threads, and how far ahead.
    """

    dataset: Pipeline
    cell: Cell

    def __iter__(self) -> Iterator[Batch]:
        """Start the threads of one epoch; they end with it, or when the iterator is dropped."""
        cell = self.cell
        running = (
            spdl.PipelineBuilder()
            .add_source(self.dataset.order)
            .pipe(self.dataset.__getitem__, concurrency=cell.workers, output_order="input")
            .aggregate(cell.batch_size)
            .pipe(Collate(self.dataset.clock))
            .add_sink(cell.workers * cell.prefetch_factor)
            .build(num_threads=cell.workers, max_failures=0)
        )
        running.start()
        return _deliver(running)


def _deliver(running: Any) -> Iterator[Batch]:
    try:
        yield from running
    except spdl.PipelineFailure as failure:
        # A group of one error a stage, whose cause is what really went wrong.
        raise failure.exceptions[0].__cause__ or failure from None
    finally:
        running.stop()


def build(dataset: Pipeline, cell: Cell) -> SpdlLoader:
    """Load `dataset.order` in batches of `cell.batch_size` with `cell.workers` threads.

    Raises:
        ValueError: There are no workers, or a level means nothing without worker processes.
    """
    require_workers(cell)
    refuse(cell, "start_method", "persistent_workers", "collate", "pin_memory")
    return SpdlLoader(dataset, cell)
