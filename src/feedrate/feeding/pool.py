"""Memory that is lent out with a batch, and comes back when nobody can see it any more.

Memory new to a process costs a page fault every 4 KiB and has to be cleared by the kernel first:
for 16 images of 640 px and their maps, 145 MB, that takes longer than drawing the maps.

How it is known that nobody sees an array any more: an array that was lent is a view made for this
one loan. A tensor made from it keeps that very view alive, and whatever is derived from the tensor
(slices, reshaped or detached tensors, numpy arrays, what autograd has saved) keeps the tensor's
storage alive. So the view dies with the last of them, and its end is what gives the memory back.
"""

from __future__ import annotations

import weakref
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch


@dataclass(frozen=True, eq=False)
class Slab:
    """Memory for one field of a batch; it outlives its loans.

    Attributes:
        array: The memory.
        notes: For each place of the batch, what its last writer noted down; None of fresh memory.
    """

    array: npt.NDArray[Any]
    notes: list[Any]


@dataclass(frozen=True, eq=False)
class Loan:
    """A slab in somebody's hands. Whoever writes must hold it; whoever reads holds a tensor of it.

    Attributes:
        array: To write into. Never handed to anybody who does not know of the loan: numpy forgets,
            of a view of a view, through which of them it came.
        notes: See `Slab`.
    """

    array: npt.NDArray[Any]
    notes: list[Any]

    def tensor(self) -> torch.Tensor:
        """Return the array as a tensor, which keeps the loan: copy nothing."""
        return torch.from_numpy(self.array)


class Pool:
    """Lends arrays of one shape, as many as are asked for.

    No locks: a loan may end anywhere, also inside of a collection of garbage inside of `lend`.

    Attributes:
        shape: Of an array; the first axis counts the places of a batch.
        dtype: Of an array.
        keep: The most slabs that are kept while nobody has them; more than that are let go.
    """

    def __init__(self, shape: tuple[int, ...], dtype: type, keep: int) -> None:
        self.shape, self.dtype, self.keep = shape, dtype, keep
        self._free: deque[Slab] = deque()

    def fill(self) -> None:
        """Get and touch all the memory that is kept, so that no batch pays for the first time."""
        while len(self._free) < self.keep:
            slab = self._new()
            slab.array.fill(0)
            self._free.append(slab)

    def lend(self, count: int) -> Loan:
        """Lend room for the first `count` places of a batch, contents undefined."""
        try:
            slab = self._free.pop()
        except IndexError:
            slab = self._new()
        array = slab.array[:count]
        weakref.finalize(array, _take_back, self._free, self.keep, slab).atexit = False
        return Loan(array, slab.notes)

    @property
    def idle(self) -> int:
        """Count the slabs that nobody has."""
        return len(self._free)

    def _new(self) -> Slab:
        return Slab(np.empty(self.shape, self.dtype), [None] * self.shape[0])


def _take_back(free: deque[Slab], keep: int, slab: Slab) -> None:
    if len(free) < keep:
        free.append(slab)
