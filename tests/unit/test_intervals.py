"""The signed-rank interval: published critical values, hand-computed bounds, coverage."""

from __future__ import annotations

import numpy as np
import pytest

from feedrate.intervals import signed_rank_interval

# Walsh averages left out at either end at a two-sided 5 %: the critical value T of the Wilcoxon
# signed-rank table, with the exact confidence 1 - 2 P(T+ <= T) (Hollander & Wolfe, table A.4).
CRITICAL = {6: (0, 1 - 2 / 64), 7: (2, 1 - 6 / 128), 8: (3, 1 - 10 / 256), 10: (8, 1 - 50 / 1024)}


@pytest.mark.parametrize("count", CRITICAL)
def test_published_critical_values(count: int) -> None:
    skipped, confidence = CRITICAL[count]
    powers = 2.0 ** np.arange(count)
    walsh = sorted((a + b) / 2 for i, a in enumerate(powers) for b in powers[i:])
    interval = signed_rank_interval(powers)
    assert interval.low == walsh[skipped]
    assert interval.high == walsh[-1 - skipped]
    assert interval.confidence == pytest.approx(confidence, abs=1e-12)


def test_six_values_by_hand() -> None:
    interval = signed_rank_interval([6, 1, 5, 2, 4, 3])
    assert (interval.low, interval.centre, interval.high) == (1.0, 3.5, 6.0)
    assert interval.confidence == 0.96875


def test_eight_values_by_hand() -> None:
    # Averages from below: 1, 1.5, 2, 2.5 (1 and 4); from above: 128, 96, 80, 72 (16 and 128).
    interval = signed_rank_interval([1, 2, 4, 8, 16, 32, 64, 128])
    assert (interval.low, interval.high) == (2.5, 72.0)


def test_ten_values_by_hand() -> None:
    # Pair sums of 1..10: 2, 3, 4 twice, 5 twice, 6 thrice: the ninth is 6, hence 3; 8 by symmetry.
    interval = signed_rank_interval(range(1, 11))
    assert (interval.low, interval.centre, interval.high) == (3.0, 5.5, 8.0)


def test_shift_and_sign() -> None:
    values = np.random.default_rng(3).normal(size=9)
    plain, moved = signed_rank_interval(values), signed_rank_interval(-values + 2)
    assert moved.centre == pytest.approx(2 - plain.centre)
    assert (moved.low, moved.high) == pytest.approx((2 - plain.high, 2 - plain.low))


def test_coverage_is_the_stated_one() -> None:
    draws, truth = 2000, 0.1
    samples = np.random.default_rng(11).logistic(loc=truth, size=(draws, 8))
    intervals = [signed_rank_interval(sample) for sample in samples]
    covered = np.mean([interval.low <= truth <= interval.high for interval in intervals])
    stated = intervals[0].confidence
    four_errors = 4 * np.sqrt(stated * (1 - stated) / draws)
    assert abs(covered - stated) < four_errors


def test_higher_confidence_is_wider() -> None:
    values = np.random.default_rng(5).normal(size=12)
    narrow, wide = (signed_rank_interval(values, level) for level in (0.90, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high
    assert wide.confidence >= 0.99


@pytest.mark.parametrize(
    ("values", "confidence", "message"),
    [
        ([1.0] * 5, 0.95, "5 pairs given, at least 6"),
        ([1, 2, 3, 4, 5, float("nan")], 0.95, "not a finite number"),
        ([1, 2, 3, 4, 5, float("inf")], 0.95, "not a finite number"),
        ([1, 2, 3, 4, 5, 6], 0.99, r"6 pairs cannot give 99\.0% confidence"),
    ],
)
def test_errors(values: list[float], confidence: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        signed_rank_interval(values, confidence)


def test_more_pairs_than_a_power_of_two_can_count_still_have_an_interval():
    rng = np.random.default_rng(0)
    found = signed_rank_interval(rng.normal(0.01, 0.1, 1100))
    assert 0.95 <= found.confidence < 0.9501
    assert found.low < 0.01 < found.high
    assert found.high - found.low < 0.02
