"""Which trial runs when: warm-ups, then pairs whose order inside is drawn by a seeded coin."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

SIDES = ("reference", "cell")
WARM_UP, EPOCH, STEADY = "warm_up", "epoch", "steady"
"""Kinds of trial: thrown away, but compared and observed; one epoch; a longer, looped run."""


@dataclass(frozen=True)
class Turn:
    """One trial to run: of which kind, in which pair, on which side, first or second."""

    kind: str
    pair: int
    side: str
    position: int

    @property
    def label(self) -> str:
        """Name the trial in messages."""
        kinds = {WARM_UP: "warm-up", EPOCH: f"pair {self.pair + 1}"}
        return f"{self.side}, {kinds.get(self.kind, f'looped pair {self.pair + 1}')}"


def warm_ups(count: int) -> list[Turn]:
    """List the trials that a fork server starts with, one side after the other."""
    return [Turn(WARM_UP, -1, SIDES[place % 2], place) for place in range(count)]


def pair_of(kind: str, pair: int, seed: str) -> list[Turn]:
    """Return both trials of a pair in the order drawn for it."""
    sides = list(SIDES)
    random.Random(f"{seed}/{kind}/{pair}").shuffle(sides)  # noqa: S311  reproducible, no secret
    return [Turn(kind, pair, side, position) for position, side in enumerate(sides)]


def log_ratios(trials: Iterable[Mapping[str, Any]]) -> list[float]:
    """The log-ratios of all whole pairs of epochs, above 0 where the cell took less time."""
    epochs: dict[tuple[int, str], float] = {
        (trial["pair"], trial["side"]): trial["epoch_s"]
        for trial in trials
        if trial["kind"] == EPOCH
    }
    pairs = sorted({pair for pair, side in epochs if (pair, "cell") in epochs})
    return [
        math.log(epochs[pair, "reference"] / epochs[pair, "cell"])
        for pair in pairs
        if epochs.get((pair, "reference"), 0) > 0 and epochs[pair, "cell"] > 0
    ]
