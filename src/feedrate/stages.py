"""The stages of a pipeline, the same words everywhere, and the clock that times them."""

from __future__ import annotations

import threading
from time import perf_counter_ns

import numpy as np
import numpy.typing as npt

from feedrate.witness import COUNTERS as DECODED_BY

STAGES = ("read", "decode", "transform", "filter", "targets", "collate", "transfer", "consume")
"""In the order a sample passes through them. ``transfer`` is what the consumer's side does before
it consumes: normalising what travelled as uint8, the copy to an accelerator."""

WORKER_STAGES = STAGES[:6]
"""The stages that run inside a loader; the others belong to the consumer's process."""

SAMPLE_STAGES = WORKER_STAGES[:5]
"""Those of one sample; collating is a batch's."""

COUNTERS = (
    "image_file",
    "image_memory",
    "decode",
    "target_file",
    "target_memory",
    "target_computed",
    "image_file_bytes",
    "target_file_bytes",
    *DECODED_BY,
)
"""What the exercise gate counts."""

BEGAN = "began_ns"
"""When a sample began, on the clock that all processes of a machine share."""

COLUMNS = (*(f"{stage}_ns" for stage in WORKER_STAGES), *COUNTERS, BEGAN)

_PLACE_OF_STAGE = {stage: place for place, stage in enumerate(WORKER_STAGES)}
_PLACE_OF_COUNTER = {name: len(WORKER_STAGES) + place for place, name in enumerate(COUNTERS)}


class StageClock(threading.local):
    """Times the stages of one sample after the other, and counts what happened in them.

    A row of int64 rides with each sample from inside the workers to the trial: no patched loader,
    no shared memory. Costs about a microsecond a sample.

    Every thread that uses it has a row of its own, so that threads may load samples side by side;
    a process that it is sent to starts with a fresh one.
    """

    def __init__(self) -> None:
        self._row: npt.NDArray[np.int64] = np.zeros(len(COLUMNS), np.int64)
        self._last_ns = 0

    def __reduce__(self) -> tuple[type[StageClock], tuple[()]]:
        return type(self), ()

    def start(self) -> None:
        """Begin a sample."""
        self.start_batch()
        self._row[-1] = self._last_ns

    def start_batch(self) -> None:
        """Begin what is a batch's own: its row is added to that of the first sample."""
        self._row = np.zeros(len(COLUMNS), np.int64)
        self._last_ns = perf_counter_ns()

    def lap(self, stage: str) -> None:
        """Give the time since the last lap to a stage."""
        now_ns = perf_counter_ns()
        self._row[_PLACE_OF_STAGE[stage]] += now_ns - self._last_ns
        self._last_ns = now_ns

    def count(self, counter: str, amount: int = 1) -> None:
        """Add to a counter."""
        self._row[_PLACE_OF_COUNTER[counter]] += amount

    def row(self) -> npt.NDArray[np.int64]:
        """Return what was seen since `start`: ``(len(COLUMNS),)`` int64."""
        return self._row
