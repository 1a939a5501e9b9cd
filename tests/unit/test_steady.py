"""Simulated runs of a known shape: the steady-state test names them, and invents nothing."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from feedrate.steady import LATEST, MIN_ROUNDS, Steadiness, judge_run

Values = npt.NDArray[np.float64]
Shape = Callable[[Values], Values]
PERIOD, BATCH = 10, 16


def flat(x: Values) -> Values:
    return np.zeros_like(x)


def step(at: float, by: float) -> Shape:
    return lambda x: np.where(x < at, 0.0, by)


def run(
    shape: Shape = flat,
    seed: int = 1,
    *,
    rounds: int = 40,
    workers: int = 2,
    noise: float = 0.05,
    content: float = 0.2,
    tail: str = "normal",
    late: tuple[int, ...] = (),
) -> Steadiness:
    """Judge a run whose round times follow `shape` (log, over 0..1), content and noise.

    A round of a worker each arrives in one burst, as in-order delivery has it. The rounds `late`
    take twice as long.
    """
    rng = np.random.default_rng(seed)
    width = max(workers, 1)
    batch_s = np.exp(rng.normal(0, content, PERIOD))
    held_s = batch_s[np.arange(rounds * width) % PERIOD].reshape(rounds, width).sum(axis=1)
    drawn = rng.standard_normal(rounds) if tail == "normal" else rng.standard_t(3, rounds) / 3**0.5
    took_s = held_s * np.exp(shape(np.arange(rounds) / rounds) + noise * drawn)
    took_s[list(late)] *= 2
    burst = np.tile(np.arange(width)[::-1] * 1e-4, rounds)
    arrived_s = np.repeat(np.cumsum(took_s), width) - burst
    return judge_run(arrived_s, np.full(rounds * width, BATCH), workers, PERIOD)


def verdicts(shape: Shape, repeats: int = 40, **how: float | int | str) -> list[str]:
    return [run(shape, seed, **how).verdict for seed in range(repeats)]  # type: ignore[arg-type]


@pytest.mark.parametrize("workers", [0, 1, 2, 4])
@pytest.mark.parametrize("tail", ["normal", "t3"])
def test_a_flat_run_is_seldom_called_anything_else(workers: int, tail: str) -> None:
    """At most a tenth false alarms: 9 of 40 would have a chance below 1 % at a rate of 10 %."""
    assert verdicts(flat, workers=workers, tail=tail, noise=0.08).count("flat") > 40 - 9


@pytest.mark.parametrize(
    ("shape", "verdict"),
    [
        (step(0.15, -0.4), "warms up"),
        (step(0.15, 0.4), "slows down"),
        (step(0.6, 0.3), "no steady state"),
        (step(0.6, -0.3), "no steady state"),
        (lambda x: 0.6 * x, "no steady state"),
        (lambda x: 0.8 * np.exp(-x / 0.08), "warms up"),
        (lambda x: 0.3 * (np.floor(8 * x) % 2), "no steady state"),
    ],
    ids=["warm-up", "early slowdown", "late step", "late gain", "ramp", "fade", "flapping"],
)
def test_a_known_shape_gets_its_name(shape: Shape, verdict: str) -> None:
    found = verdicts(shape, repeats=20)
    assert found.count(verdict) >= 18


def test_content_that_returns_is_no_change() -> None:
    """Batches that differ by half of themselves, without noise: the rate is still flat."""
    found = run(content=0.5, noise=1e-4)
    assert found.verdict == "flat"
    assert len(found.segments) == 1


def test_without_its_period_the_same_content_would_not_be_flat() -> None:
    batch_s = np.where(np.arange(PERIOD) < PERIOD // 2, 1.0, 1.6)
    arrived_s = np.cumsum(np.tile(batch_s, 6))
    images = np.full(arrived_s.size, BATCH)
    assert judge_run(arrived_s, images, 0, PERIOD).verdict == "flat"
    assert judge_run(arrived_s, images, 0, 1).verdict == "no steady state"


def test_one_late_batch_is_no_change() -> None:
    assert run(late=(17,)).verdict == "flat"
    assert run(late=(9, 30)).verdict == "flat"


def test_no_steady_state_has_no_rate_and_keeps_its_segments() -> None:
    found = run(step(0.6, 0.3))
    assert math.isnan(found.images_per_s)
    assert (found.from_batch, found.share) == (-1, 0.0)
    before, after = found.segments[0].images_per_s, found.segments[-1].images_per_s
    assert before / after == pytest.approx(math.exp(0.3), rel=0.1)


def test_the_rate_is_the_steady_segments_not_the_runs() -> None:
    shape, found = step(0.2, -0.5), run(step(0.2, -0.5), noise=0.01)
    assert shape(np.array([0.1]))[0] == 0
    assert found.verdict == "warms up"
    assert found.from_batch == 16  # a fifth of forty rounds of two workers
    rate = run(flat, noise=0.01).images_per_s
    assert found.images_per_s == pytest.approx(rate * math.exp(0.5), rel=0.03)
    assert found.share == pytest.approx(0.8, abs=0.03)


def test_segments_cover_the_run_but_its_first_and_last_round() -> None:
    found = run(step(0.2, -0.5))
    edges = [segment.first for segment in found.segments] + [found.segments[-1].last + 1]
    assert edges[0] == 2
    assert edges[-1] == 2 * 39
    assert all(
        a.last + 1 == b.first for a, b in zip(found.segments, found.segments[1:], strict=False)
    )


def test_the_warm_up_may_take_a_third_and_no_more() -> None:
    assert run(step(LATEST - 0.05, -0.5), noise=0.01).verdict == "warms up"
    assert run(step(LATEST + 0.10, -0.5), noise=0.01).verdict == "no steady state"


def test_a_difference_too_small_to_matter_is_flat() -> None:
    assert run(step(0.6, 0.03), noise=0.002).verdict == "flat"


@pytest.mark.parametrize(("rounds", "verdict"), [(MIN_ROUNDS, "too short"), (24, "flat")])
def test_a_short_run_is_not_judged(rounds: int, verdict: str) -> None:
    found = run(rounds=rounds, workers=2)
    assert found.verdict == verdict
    assert math.isnan(found.images_per_s) is (verdict == "too short")


def test_a_run_that_hardly_repeats_its_content_is_too_short() -> None:
    arrived_s = np.arange(1.0, 41.0)
    assert judge_run(arrived_s, np.full(40, BATCH), 0, 30).verdict == "too short"


@pytest.mark.parametrize(
    ("arrived_s", "period", "message"),
    [([1.0, 2.0], 0, "period 0"), ([], 4, "0 batches"), ([2.0, 1.0], 1, "out of order")],
)
def test_what_is_no_run_is_refused(arrived_s: list[float], period: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        judge_run(arrived_s, [BATCH] * len(arrived_s), 0, period)
