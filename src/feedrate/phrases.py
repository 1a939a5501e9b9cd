"""Numbers as people read them: one wording everywhere, in the ledger, the figures and the page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def ratio(value: float) -> str:
    """``1.32x``; three digits, more only where they would all be zero."""
    return f"{value:.2f}x" if value >= 0.1 else f"{value:.2g}x"


def as_fast(row: Mapping[str, Any]) -> str:
    """Say a speed-up with its evidence: ``1.32x as fast (95 % interval 1.28 to 1.36, 8 pairs)``."""
    if not math.isfinite(row["low"]):
        return f"of unknown speed (only {row['pairs']} pairs, no interval)"
    return f"{ratio(row['ratio'])} as fast ({interval(row)})"


def interval(row: Mapping[str, Any]) -> str:
    """Say the interval of a row of the summary, with the confidence asked for and the pairs."""
    return (
        f"{percent(row['confidence_asked'])} interval {row['low']:.2f} to {row['high']:.2f}, "
        f"{row['pairs']} pairs"
    )


def about_margin(row: Mapping[str, Any]) -> str:
    """Say that a difference lies where it begins to matter: ``about the 5 % that matter``."""
    return f"about the {percent(row['margin'])} that matter"


def percent(share: float) -> str:
    """``35 %``; one decimal below ten per cent, where it matters."""
    value = 100 * share
    return f"{value:.1f} %" if abs(value) < 9.95 and round(value, 1) % 1 else f"{value:.0f} %"


def seconds(value: float) -> str:
    """Seconds or milliseconds, three digits."""
    return f"{digits(value)} s" if abs(value) >= 1 else milliseconds(1e3 * value)


def milliseconds(value_ms: float) -> str:
    """Milliseconds, three digits."""
    return f"{digits(value_ms)} ms"


def digits(value: float) -> str:
    """Three digits, never in scientific notation: ``2.80``, ``410``, ``12345``, ``0.0600``."""
    if abs(value) >= 100 or value == 0:
        return f"{value:.0f}"
    return f"{value:.{max(2 - math.floor(math.log10(abs(value))), 0)}f}"


def megabytes(value: float) -> str:
    """Decimal megabytes or gigabytes."""
    return f"{value / 1e9:.2f} GB" if abs(value) >= 1e9 else f"{value / 1e6:.0f} MB"


def rate(images_per_s: float) -> str:
    """Images per second; one decimal below ten."""
    digits = 0 if images_per_s >= 9.95 else 1
    return f"{images_per_s:.{digits}f} images/s"


def epochs(value: float) -> str:
    """A number of epochs; infinite is never."""
    if math.isinf(value):
        return "never"
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


def listing(words: list[str]) -> str:
    """Join words as prose does: ``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
