"""When a dearer start-up, or a store that was built, is paid back by a faster epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
RESAMPLES = 2000


def break_even(
    extra_s: Values,
    saved_s: Values,
    repeats: float,
    confidence: float,
    seed: int,
    build_s: float = 0.0,
) -> dict[str, float]:
    """Epochs after which the saving has paid for the start-up and the building, from paired data.

    Args:
        extra_s: ``(pairs,)`` seconds the cell's start-up costs more than the reference's.
        saved_s: ``(pairs,)`` seconds the cell's epoch takes less.
        repeats: How often the measured work delivers each distinct image.
        confidence: Of the percentile bounds.
        seed: Of the bootstrap over pairs.
        build_s: Seconds that building the cell's store takes, beyond the reference's; the share of
            the measured images.

    Returns:
        ``extra_startup_s saved_s`` (medians), ``extra_build_s`` (as given), ``break_even_epochs``
        of the measured work with its percentile bounds ``break_even_low break_even_high``, and
        ``break_even_passes``: the same for passes that deliver each image once, if all of the
        extra start-up grows with the number of images (true of a preload). inf means never.
    """
    rng = np.random.default_rng(seed)
    chosen = rng.integers(0, extra_s.size, size=(RESAMPLES, extra_s.size))
    extras, savings = np.median(extra_s[chosen], axis=1), np.median(saved_s[chosen], axis=1)
    drawn = [_epochs(float(e) + build_s, float(s)) for e, s in zip(extras, savings, strict=True)]
    tail = (1 - confidence) / 2
    # No interpolation between an infinite and a finite bound.
    low, high = np.quantile(drawn, [tail, 1 - tail], method="inverted_cdf")
    extra, saved = float(np.median(extra_s)), float(np.median(saved_s))
    epochs = _epochs(extra + build_s, saved)
    return {
        "extra_startup_s": extra,
        "extra_build_s": build_s,
        "saved_s": saved,
        "break_even_epochs": epochs,
        "break_even_low": float(low),
        "break_even_high": float(high),
        "break_even_passes": epochs * repeats,
    }


def build_share_s(record: Mapping[str, Any], side: str) -> float:
    """Seconds that building a side's store took beforehand: the share of the measured images.

    Args:
        record: Of a measured cell; ``stores`` has the manifest of each side that reads a store.
        side: ``cell`` or ``reference``.

    Returns:
        Seconds of the wall; 0 where nothing was built.
    """
    store = record.get("stores", {}).get(side)
    if not store or not store["images"]:
        return 0.0
    return float(store["build"]["wall_s"] * record["work"]["images"] / store["images"])


def _epochs(extra_s: float, saved_s: float) -> float:
    if saved_s <= 0:
        return math.inf
    return max(extra_s, 0.0) / saved_s
