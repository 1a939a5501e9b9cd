"""What a sentence may say of a ratio: a verdict, or softer where the data lie at the margin.

A verdict asks whether a whole interval lies beyond the practical margin. Were sentences chosen by
it alone, an interval that ends about there would turn a flat yes into a flat no with every new
pair. So a sentence is chosen by a *leaning*, which knows two thresholds, one on each side of the
margin (`BAND`). Between them the wording is soft, and the same on either side of the margin. A
leaning is made from one row of a summary and remembers nothing.

Only the margin has a band. What Holm's correction forbids is inconclusive, as in the verdict.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

BAND = 0.2
"""Half the band, as a share of the margin: with 5 %, wordings are soft from 4 % to 6 %."""

WITHIN, ABOUT, BEYOND = "within", "about", "beyond"
PERHAPS = "perhaps "
"""Begins the leanings that are told softly."""


def leaning_of(row: Mapping[str, Any]) -> str:
    """Say which wording a row of a summary deserves.

    Args:
        row: Of `stats.summarise`, of an estimand whose verdicts are faster and slower.

    Returns:
        ``faster``, ``slower`` or ``equivalent`` where the interval keeps clear of the margin; the
        same after ``perhaps`` where it ends about there; else ``inconclusive``. A verdict without
        figures is returned as it is.
    """
    if not math.isfinite(row.get("low", math.nan)):
        return str(row["verdict"])
    low, high, margin = math.log(row["low"]), math.log(row["high"]), math.log1p(row["margin"])
    # A difference comes first: an interval that is all about the margin leans towards there being
    # one, on both sides of it.
    for word, nearest in (("faster", low), ("slower", -high)):
        where = where_lies(nearest, margin)
        if where != WITHIN and row["p_holm"] <= 1 - row["confidence_asked"]:
            return word if where == BEYOND else PERHAPS + word
    where = where_lies(max(-low, high), margin)
    return {WITHIN: "equivalent", ABOUT: f"{PERHAPS}equivalent"}.get(where, "inconclusive")


def where_lies(distance: float, margin: float) -> str:
    """Say whether a distance lies within the margin, about it, or beyond it; see `BAND`."""
    if distance > margin * (1 + BAND):
        return BEYOND
    return ABOUT if distance > margin * (1 - BAND) else WITHIN
