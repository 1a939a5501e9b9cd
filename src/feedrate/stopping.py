"""When a cell has enough pairs: a rule that is fixed before the first of them is measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from feedrate.config import Measuring
from feedrate.intervals import signed_rank_interval

CONFIDENCE = 0.95
"""Of the interval that the rule looks at. A study that judges at another still stops by this one:
a trial cannot know how it will be judged."""


@dataclass(frozen=True)
class Stopping:
    """After the least number of pairs, look at the interval after each; stop when it is narrow.

    Looking often makes the interval cover a little less often than it says; how much less is part
    of the self-test.

    Attributes:
        least: Pairs before the first look.
        most: Pairs after which it stops whatever the interval.
        target_halfwidth: Relative half-width of the ratio's interval that is narrow enough.
    """

    least: int
    most: int
    target_halfwidth: float

    @classmethod
    def of(cls, measuring: Measuring) -> Stopping:
        """Take the rule out of a study's settings."""
        return cls(measuring.pairs, measuring.max_pairs, measuring.target_halfwidth)

    def enough(self, log_ratios: Sequence[float]) -> bool:
        """Whether no more pairs are to be measured after these."""
        if len(log_ratios) < self.least:
            return False
        return len(log_ratios) >= self.most or halfwidth(log_ratios) < self.target_halfwidth

    def expected(self, log_ratios: Sequence[float]) -> int:
        """Guess how many pairs there will be: a half-width shrinks as one over root n."""
        if not self.target_halfwidth:
            return self.most
        if len(log_ratios) < self.least:
            return self.least
        needed = len(log_ratios) * (halfwidth(log_ratios) / self.target_halfwidth) ** 2
        return min(max(math.ceil(needed), len(log_ratios)), self.most)


def halfwidth(log_ratios: Sequence[float]) -> float:
    """Half of the ratio's interval, relative to its centre: 0.05 is five per cent either way."""
    found = signed_rank_interval(log_ratios, CONFIDENCE)
    return math.expm1((found.high - found.low) / 2)
