"""When a dearer start-up is paid back by a faster epoch."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
RESAMPLES = 2000


def break_even(
    extra_s: Values, saved_s: Values, repeats: float, confidence: float, seed: int
) -> dict[str, float]:
    """Epochs after which the saving has paid for the start-up, from paired data.

    Args:
        extra_s: ``(pairs,)`` seconds the cell's start-up costs more than the reference's.
        saved_s: ``(pairs,)`` seconds the cell's epoch takes less.
        repeats: How often the measured work delivers each distinct image.
        confidence: Of the percentile bounds.
        seed: Of the bootstrap over pairs.

    Returns:
        ``extra_startup_s saved_s`` (medians), ``break_even_epochs`` of the measured work with its
        percentile bounds ``break_even_low break_even_high``, and ``break_even_passes``: the
        same for passes that deliver each image once, if all of the extra start-up grows with the
        number of images (true of a preload). inf means never.
    """
    rng = np.random.default_rng(seed)
    chosen = rng.integers(0, extra_s.size, size=(RESAMPLES, extra_s.size))
    extras, savings = np.median(extra_s[chosen], axis=1), np.median(saved_s[chosen], axis=1)
    drawn = [_epochs(float(e), float(s)) for e, s in zip(extras, savings, strict=True)]
    tail = (1 - confidence) / 2
    # No interpolation between an infinite and a finite bound.
    low, high = np.quantile(drawn, [tail, 1 - tail], method="inverted_cdf")
    extra, saved = float(np.median(extra_s)), float(np.median(saved_s))
    epochs = _epochs(extra, saved)
    return {
        "extra_startup_s": extra,
        "saved_s": saved,
        "break_even_epochs": epochs,
        "break_even_low": float(low),
        "break_even_high": float(high),
        "break_even_passes": epochs * repeats,
    }


def _epochs(extra_s: float, saved_s: float) -> float:
    if saved_s <= 0:
        return math.inf
    return max(extra_s, 0.0) / saved_s
