"""The section on the goals for speed: which were met, which missed, which not measured here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from feedrate import phrases

Row = Mapping[str, Any]
NO_GOAL = "stated"


def goals_of(content: Mapping[str, Any], dataset: str, machine_id: str) -> list[Row]:
    """The goals of one dataset on one machine, from ``results/speed/goals.json``."""
    place = (dataset, machine_id)
    return [row for row in content.get("goals", []) if (row["dataset"], row["machine_id"]) == place]


def say_goals(goals: Sequence[Row]) -> str:
    """Count the verdicts: ``Speed: 3 goals met, 1 missed and 1 not measured here``."""
    counts = Counter(row["verdict"] for row in goals if row["verdict"] != NO_GOAL)
    words = [f"{count} {verdict}" for verdict, count in counts.items()]
    return f"Goals for speed: {phrases.listing(words)}"
