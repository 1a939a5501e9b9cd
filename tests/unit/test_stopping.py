"""The rule that says when a cell has enough pairs: fixed beforehand, and kept."""

from __future__ import annotations

import math

import numpy as np
import pytest

from feedrate.config import Measuring
from feedrate.intervals import signed_rank_interval
from feedrate.stopping import Stopping, halfwidth

RULE = Stopping(least=6, most=12, target_halfwidth=0.05)
QUIET = [0.1, 0.101, 0.099, 0.1, 0.102, 0.098]
LOUD = [0.0, 0.4, -0.3, 0.2, -0.1, 0.5]


def test_the_rule_is_the_studys() -> None:
    measuring = Measuring(pairs=7, max_pairs=9, target_halfwidth=0.03)
    assert Stopping.of(measuring) == Stopping(7, 9, 0.03)


def test_never_before_the_least() -> None:
    assert not any(RULE.enough(QUIET[:count]) for count in range(6))
    assert RULE.enough(QUIET)


def test_a_wide_interval_goes_on_until_the_most() -> None:
    assert not RULE.enough(LOUD)
    assert not RULE.enough((2 * LOUD)[:11])
    assert RULE.enough(2 * LOUD)


def test_without_a_target_the_most_are_run() -> None:
    rule = Stopping(6, 8, 0)
    assert not rule.enough(QUIET)
    assert rule.enough([*QUIET, 0.1, 0.1])


def test_the_half_width_is_relative_to_the_centre() -> None:
    found = signed_rank_interval(LOUD)
    low, high = math.exp(found.low), math.exp(found.high)
    middle = math.sqrt(low * high)
    assert halfwidth(LOUD) == pytest.approx(high / middle - 1) == pytest.approx(middle / low - 1)
    assert halfwidth([value + 1 for value in LOUD]) == pytest.approx(halfwidth(LOUD))


def test_the_pairs_to_come_are_guessed_within_the_rule() -> None:
    assert RULE.expected([]) == RULE.expected(LOUD[:5]) == 6
    assert RULE.expected(QUIET) == 6
    assert RULE.expected(LOUD) == 12
    assert Stopping(6, 8, 0).expected(QUIET) == 8
    wide = list(0.06 * np.array([-1, 1, -0.4, 0.5, 0.1, -0.2]))
    assert 6 < RULE.expected(wide) < 12
