"""What the fresh pairs say, for the answer: the settings, their gain, their price; or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from feedrate import phrases

Advice = Mapping[str, Any]
"""Content of ``results/recommendation/{dataset}.json``; empty where nothing was asked or made."""

UNCONFIRMED = "Measured, not yet confirmed on fresh pairs."
CHOSEN = "The pairs that tell it also chose it; what fresh pairs confirm stands above."
ALONE = "Measured alone, not together with the confirmed settings."
NOT_ADVISED = "It is not part of what is recommended for this machine."


def say_confirmation(advice: Advice) -> str:
    """Say what to change, its gain and its price, or that nothing helps; empty without advice."""
    if not advice:
        return ""
    said = " ".join(advice["sentences"])
    if not advice["confirmed"]:
        return f"Nothing helps here. {said}"
    return f"Set {phrases.listing(_levels(advice))}. {said}"


def say_standing(advice: Advice) -> str:
    """Say how an advice on one cell of the matrix stands to what fresh pairs confirmed."""
    if not advice:
        return UNCONFIRMED
    return ALONE if advice["confirmed"] else NOT_ADVISED


def say_settled(advice: Advice, factor: str, level: str) -> str:
    """Say what the confirmed settings make of a factor; empty where they leave it as it is.

    Args:
        advice: The recommendation.
        factor: Of the cell that is asked about, such as ``targets``.
        level: Its level there.
    """
    chosen = advice["changes"].get(factor) if advice else None
    if chosen is None:
        return ""
    if str(chosen) == level:
        return f"{factor}~{level} is part of the confirmed settings."
    return f"The confirmed settings have {factor}~{chosen} instead of {factor}~{level}."


def _levels(advice: Advice) -> list[str]:
    return [f"{factor}~{level}" for factor, level in advice["changes"].items()]
