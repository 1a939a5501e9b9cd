"""What a pipeline tells about its work: who listens is not its business."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

Row = npt.NDArray[np.int64]


class Clock(Protocol):
    """What a pipeline tells about its work; `feedrate.stages.StageClock` listens."""

    def start(self) -> None:
        """A sample begins."""

    def start_batch(self) -> None:
        """What is a batch's own begins: its collation."""

    def lap(self, stage: str) -> None:
        """The time since the last lap belongs to this stage."""

    def count(self, counter: str, amount: int = 1) -> None:
        """Something countable happened: a decode, a map from memory, bytes from a file."""

    def row(self) -> Row:
        """Everything since `start`, one number a column."""


class SilentClock:
    """A clock for those who only want the batches."""

    def start(self) -> None:
        """Do nothing."""

    def start_batch(self) -> None:
        """Do nothing."""

    def lap(self, stage: str) -> None:
        """Do nothing."""

    def count(self, counter: str, amount: int = 1) -> None:
        """Do nothing."""

    def row(self) -> Row:
        """Return a row without columns."""
        return np.empty(0, np.int64)
