"""What judges share: the signature, where an interval lies, and how a row is handed back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from feedrate.evidence import INCONCLUSIVE, REFUTED, SUPPORTED, Evidence, Judgement, name_of

Judge = Callable[[Evidence, Mapping[str, str], Mapping[str, Any]], Judgement]
Parameters = Mapping[str, Any]
Row = Mapping[str, Any]


def judged(verdict: str, reason: str, cell: Mapping[str, str], row: Row) -> Judgement:
    """Hand back a verdict with the ratio and interval of the row that decided."""
    return Judgement(verdict, reason, name_of(cell), row["ratio"], row["low"], row["high"])


def inverted(row: Row) -> dict[str, Any]:
    """The same comparison with the two sides exchanged."""
    return {**row, "ratio": 1 / row["ratio"], "low": 1 / row["high"], "high": 1 / row["low"]}


def within(low: float, high: float, claimed_low: float, claimed_high: float) -> str:
    """Supported where an interval lies inside the range, refuted where it lies outside."""
    if claimed_low <= low and high <= claimed_high:
        return SUPPORTED
    return REFUTED if high < claimed_low or low > claimed_high else INCONCLUSIVE


def above(low: float, high: float, bound: float) -> str:
    """Supported where a whole interval lies above a bound, refuted where below."""
    if low > bound:
        return SUPPORTED
    return REFUTED if high < bound else INCONCLUSIVE


def negation(judge: Judge, name: str, question: str) -> Judge:
    """The judge of the opposite claim: what supports one refutes the other."""

    def opposite(evidence: Evidence, cell: Mapping[str, str], parameters: Parameters) -> Judgement:
        found = judge(evidence, cell, parameters)
        swapped = {SUPPORTED: REFUTED, REFUTED: SUPPORTED}.get(found.verdict, found.verdict)
        return found._replace(verdict=swapped)

    opposite.__name__, opposite.__doc__ = name, question
    return opposite


def said(yes: bool) -> str:
    """Supported or refuted: of what was counted there is no interval."""
    return SUPPORTED if yes else REFUTED
