"""What each step contributes on the way from one pipeline to another, counted from both ends.

An experiment of steps has a cell after each step, and the last cell without each step. Which step
is which is read off the names of its cells, for a name lists all that differs from the reference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from feedrate.tables import records


@dataclass(frozen=True)
class Gain:
    """How many times as fast, with its interval; NaN where that was not measured."""

    ratio: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        """Whether there is a figure."""
        return math.isfinite(self.low)


@dataclass(frozen=True)
class Step:
    """One change.

    Attributes:
        name: What is changed: ``decoder~simplejpeg``.
        after: The pipeline after this step and all before it, against the reference.
        added: What adding it to those before it contributes.
        without: The last pipeline without this step, against the reference.
        removed: What the last pipeline owes to it: this much is lost where it alone is taken away.
    """

    name: str
    after: Gain
    added: Gain
    without: Gain
    removed: Gain


NOTHING = Gain(1.0, 1.0, 1.0)
"""The reference against itself, before any step."""


def read_steps(summaries: pd.DataFrame, experiment: str) -> list[Step]:
    """Read a waterfall from the summary of its experiment.

    Args:
        summaries: From `stats.summarise`, one dataset on one machine.
        experiment: Its name.

    Returns:
        The steps in their order; none where the experiment is no waterfall.
    """
    rows = summaries[(summaries["experiment"] == experiment) & (summaries["estimand"] == "epoch_s")]
    gains = {row["cell"]: Gain(row["ratio"], row["low"], row["high"]) for row in records(rows)}
    chain = find_chain(list(gains))
    if not chain:
        return []
    whole, before = frozenset(chain[-1].split("+")), frozenset[str]()
    steps = list[Step]()
    named = {frozenset(cell.split("+")): gain for cell, gain in gains.items()}
    for place, cell in enumerate(chain):
        parts = frozenset(cell.split("+"))
        so_far = gains[chain[place - 1]] if place else NOTHING
        without = named[whole - (parts - before)]
        steps.append(
            Step(
                name="+".join(part for part in cell.split("+") if part not in before),
                after=gains[cell],
                added=compare(gains[cell], so_far),
                without=without,
                removed=compare(gains[chain[-1]], without),
            )
        )
        before = parts
    return steps


def find_chain(cells: Sequence[str]) -> list[str]:
    """Find the cells that follow each other, if all the others are the last one without a step.

    Args:
        cells: The cells of an experiment by name, in the order of the study.

    Returns:
        The cells after each step; none where there is no such chain of two steps or more.
    """
    parts = [frozenset(cell.split("+")) for cell in cells]
    length = 1
    while length < len(parts) and parts[length - 1] < parts[length]:
        length += 1
    chain = parts[:length]
    steps = [now - before for now, before in zip(chain, [frozenset[str](), *chain], strict=False)]
    without = {chain[-1] - step for step in steps[:-1]} if chain else set()
    complete = length > 1 and without == set(parts[length:])
    return list(cells[:length]) if complete else []


def compare(one: Gain, other: Gain) -> Gain:
    """How many times as much as another gain, both against the same reference.

    The two were measured apart, so that their errors are independent; the bounds of their
    difference on the log scale are recovered from their own (Zou & Donner 2008, equation 8).
    """
    centre = math.log(one.ratio / other.ratio)
    below = math.hypot(math.log(one.ratio / one.low), math.log(other.high / other.ratio))
    above = math.hypot(math.log(one.high / one.ratio), math.log(other.ratio / other.low))
    return Gain(math.exp(centre), math.exp(centre - below), math.exp(centre + above))
