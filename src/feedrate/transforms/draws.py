"""Seeds of random transforms: another one in every process, the same ones in every run.

A generator that is forked or sent along with its transform goes on alike in every loader process:
all workers then draw the same flips, and draw them again in every epoch. So each process has a
seed derived from its own name, which says its number among its parent's children
(`multiprocessing`'s ``ForkProcess-3``): workers differ, and so do those that a loader starts for
its next epoch.
"""

from __future__ import annotations

import multiprocessing
import os

import numpy as np


def seed_of_process(seed: int) -> int:
    """Derive a 32-bit seed for this process from one for all of them."""
    name = multiprocessing.current_process().name
    sequence = np.random.SeedSequence(seed, spawn_key=tuple(name.encode()))
    return int(sequence.generate_state(1)[0])


class Draws:
    """A generator of random numbers for whichever process asks.

    Attributes:
        seed: One for all processes.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._made = (0, np.random.default_rng(seed))

    @property
    def generator(self) -> np.random.Generator:
        """The generator of this process; it goes on from one call to the next."""
        process, generator = self._made
        if process != os.getpid():
            generator = np.random.default_rng(seed_of_process(self.seed))
            self._made = (os.getpid(), generator)
        return generator
