"""Statistics without a clock: pairs drawn with a known effect, and how often it is found again.

The stopping rule looks at an interval several times and stops at a narrow one. Such an interval
may cover the truth a little less often than it says; here that is counted instead of believed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from feedrate.intervals import signed_rank_interval
from feedrate.stopping import CONFIDENCE, Stopping

Values = npt.NDArray[np.float64]
Tail = Literal["normal", "t3"] | npt.ArrayLike
_T3_SD = np.sqrt(3.0)
"""Standard deviation of Student's t with three degrees of freedom."""


class Coverage(NamedTuple):
    """How often intervals held the truth.

    Attributes:
        covered: Repeats whose interval did.
        repeats: All of them.
        mean_pairs: Pairs a repeat, on average, until the rule stopped.
    """

    covered: int
    repeats: int
    mean_pairs: float


def coverage_of_rule(
    rule: Stopping, noise_sd: float, tail: Tail, seed: int, repeats: int
) -> Coverage:
    """Simulate cells without an effect under a stopping rule.

    Args:
        rule: When a cell has enough pairs.
        noise_sd: Standard deviation of a pair's log-ratio: its scale, whatever its shape.
        tail: The shape: ``"normal"``, ``"t3"`` (Student's t with three degrees of freedom, heavy
            tails), or log-ratios to resample.
        seed: Of the draws.
        repeats: Simulated cells.

    Returns:
        How often the interval at which the rule stopped held the shape's own centre.

    Raises:
        ValueError: The log-ratios to resample do not vary.
    """
    rng = np.random.default_rng(seed)
    noise = draw_noise(rng, tail, (repeats, rule.most))
    return coverage(rule, noise_sd * noise, truth=0.0)


def coverage(rule: Stopping, series: Iterable[Values], truth: float) -> Coverage:
    """Count the intervals that hold the truth, each taken where the rule stops its series.

    Args:
        rule: When a cell has enough pairs.
        series: Each ``(rule.most,)`` log-ratios in the order in which pairs are measured.
        truth: The effect, a log-ratio.
    """
    covered, pairs = 0, []
    for log_ratios in series:
        pairs.append(pairs_until(rule, log_ratios))
        found = signed_rank_interval(log_ratios[: pairs[-1]], CONFIDENCE)
        covered += found.low <= truth <= found.high
    return Coverage(int(covered), len(pairs), float(np.mean(pairs)))


def pairs_until(rule: Stopping, log_ratios: Values) -> int:
    """How many of these pairs the rule asks for."""
    counts = range(rule.least, rule.most)
    return next((n for n in counts if rule.enough(list(log_ratios[:n]))), rule.most)


def draw_noise(rng: np.random.Generator, tail: Tail, shape: tuple[int, ...]) -> Values:
    """Draw noise of unit standard deviation whose centre (Hodges-Lehmann) is zero.

    Raises:
        ValueError: The log-ratios to resample do not vary.
    """
    if isinstance(tail, str):
        drawn = rng.standard_normal(shape) if tail == "normal" else rng.standard_t(3, shape)
        return drawn / (1.0 if tail == "normal" else _T3_SD)
    values = np.asarray(tail, np.float64)
    if values.size < 2 or not values.std() > 0:
        raise ValueError(f"{values.size} log-ratios to resample do not vary; give measured ones")
    centre = np.median(values[:, None] + values[None, :]) / 2
    return rng.choice((values - centre) / values.std(), shape)
