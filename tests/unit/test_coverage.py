"""Statistics without a clock: pairs with a known effect, and intervals that hold it as often as
they say, whatever the noise; under the stopping rule as well as with a fixed number of pairs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import binom

from feedrate.simulation import coverage, coverage_of_rule, draw_noise, pairs_until
from feedrate.stopping import Stopping

Values = npt.NDArray[np.float64]
ADAPTIVE, FIXED = Stopping(6, 12, 0.05), Stopping(8, 8, 0)
REPEATS, EFFECT, SD = 600, np.log(1.2), 0.06
CHANCE = 1e-3
"""How seldom a test may fail although the coverage is what it claims."""


def fewest(rate: float) -> int:
    """The least intervals that must hold the truth if they do so at this rate."""
    return int(binom.ppf(CHANCE, REPEATS, rate))


def sides(rng: np.random.Generator, noise: Callable[[tuple[int, ...]], Values]) -> Values:
    """Log-ratios of pairs whose two sides have the same kind of noise, and a known effect."""
    shape = (REPEATS, ADAPTIVE.most)
    return EFFECT + SD / np.sqrt(2) * (noise(shape) - noise(shape))


def heavy(rng: np.random.Generator, shape: tuple[int, ...]) -> Values:
    return draw_noise(rng, "t3", shape)


def contaminated(rng: np.random.Generator, shape: tuple[int, ...]) -> Values:
    """One trial in ten is hit by something that only ever makes it slower."""
    hit = rng.random(shape) < 0.1
    return rng.standard_normal(shape) + hit * rng.lognormal(1, 0.7, shape)


def skewed(rng: np.random.Generator, shape: tuple[int, ...]) -> Values:
    return rng.lognormal(0, 0.8, shape)


def drifting(rng: np.random.Generator, shape: tuple[int, ...]) -> Values:
    """The machine slows by several times the noise; the order inside a pair is a coin's."""
    order = rng.integers(0, 2, shape)
    return rng.standard_normal(shape) + 0.3 * (2 * np.arange(shape[1]) + order)


NOISES = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "heavy tails": heavy,
    "contaminated": contaminated,
    "skewed": skewed,
}


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize(("rule", "rate"), [(FIXED, 0.95), (ADAPTIVE, 0.94)])
def test_an_interval_covers_a_known_effect(rule: Stopping, rate: float, noise: str) -> None:
    """A fixed number of pairs must reach 95 %; looking after each pair may cost one per cent."""
    rng = np.random.default_rng([7, len(noise)])
    drawn = sides(rng, lambda shape: NOISES[noise](rng, shape))
    found = coverage(rule, drawn[:, : rule.most], float(EFFECT))
    assert found.covered >= fewest(rate)


def test_a_drift_common_to_both_sides_leaves_the_coverage() -> None:
    rng = np.random.default_rng(11)
    first = rng.integers(0, 2, (REPEATS, ADAPTIVE.most))
    time = 2 * np.arange(ADAPTIVE.most)
    slope = 0.5 * SD  # a pair: far more than the noise over all of them
    noise = SD / np.sqrt(2) * rng.standard_normal((2, REPEATS, ADAPTIVE.most))
    reference = noise[0] + slope * (time + first)
    cell = noise[1] + slope * (time + 1 - first) - EFFECT
    found = coverage(ADAPTIVE, reference - cell, float(EFFECT))
    assert found.covered >= fewest(0.94)
    apart = coverage(
        FIXED, np.flip(np.sort(reference, axis=1), axis=1)[:, :8] - cell[:, :8], EFFECT
    )
    assert apart.covered < fewest(0.94)  # what pairing is for


@pytest.mark.parametrize(("rho", "rate"), [(-0.3, 0.94), (0.0, 0.94), (0.2, 0.90)])
def test_pairs_that_follow_each_other_cost_a_known_little(rho: float, rate: float) -> None:
    """Correlated pairs are what a signed-rank interval does not allow for: here is its price."""
    rng = np.random.default_rng(13)
    shocks = rng.standard_normal((REPEATS, ADAPTIVE.most))
    series = shocks.copy()
    for pair in range(1, ADAPTIVE.most):
        series[:, pair] = rho * series[:, pair - 1] + np.sqrt(1 - rho**2) * shocks[:, pair]
    assert coverage(ADAPTIVE, EFFECT + SD * series, float(EFFECT)).covered >= fewest(rate)


def test_strong_correlation_would_be_noticed() -> None:
    """The bounds above can fail: pairs that hardly move on their own cover far too seldom."""
    rng = np.random.default_rng(13)
    walk = np.cumsum(rng.standard_normal((REPEATS, ADAPTIVE.most)), axis=1)
    assert coverage(ADAPTIVE, SD * walk, 0.0).covered < fewest(0.90)


def test_a_wrong_effect_is_not_covered() -> None:
    rng = np.random.default_rng(17)
    drawn = sides(rng, rng.standard_normal)
    assert coverage(ADAPTIVE, drawn, 0.0).covered < REPEATS * 0.05


@pytest.mark.parametrize("tail", ["normal", "t3"])
@pytest.mark.parametrize("noise_sd", [0.02, 0.05, 0.08])
def test_the_stopping_rule_keeps_its_coverage(tail: str, noise_sd: float) -> None:
    found = coverage_of_rule(ADAPTIVE, noise_sd, tail, seed=3, repeats=REPEATS)
    assert found.repeats == REPEATS
    assert found.covered >= fewest(0.94)


def test_measured_log_ratios_can_be_resampled() -> None:
    skew = np.random.default_rng(5).lognormal(0, 0.5, 40) - 3  # wherever its centre lies
    found = coverage_of_rule(ADAPTIVE, 0.05, skew, seed=3, repeats=REPEATS)
    assert found.covered >= fewest(0.93)
    with pytest.raises(ValueError, match="do not vary"):
        coverage_of_rule(ADAPTIVE, 0.05, [0.1, 0.1], seed=3, repeats=1)


def test_more_noise_asks_for_more_pairs() -> None:
    pairs = [
        coverage_of_rule(ADAPTIVE, sd, "normal", 3, 100).mean_pairs for sd in (0.01, 0.05, 0.2)
    ]
    assert pairs[0] == 6
    assert pairs[0] < pairs[1] < pairs[2] <= 12


def test_equal_seeds_give_equal_coverage() -> None:
    first, again, other = (coverage_of_rule(ADAPTIVE, 0.05, "t3", s, 100) for s in (1, 1, 2))
    assert first == again != other


def test_pairs_until_is_where_the_rule_is_first_content() -> None:
    rng = np.random.default_rng(19)
    for log_ratios in SD * rng.standard_normal((40, ADAPTIVE.most)):
        pairs = pairs_until(ADAPTIVE, log_ratios)
        assert ADAPTIVE.enough(list(log_ratios[:pairs]))
        assert not any(ADAPTIVE.enough(list(log_ratios[:n])) for n in range(pairs))
