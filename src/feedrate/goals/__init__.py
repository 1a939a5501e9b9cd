"""The self-test's raw record in, its goals out: what each asked, what was measured, if it was met.

A goal is judged by rules that stand in this package, fixed before anything is measured; a summary
can be made anew from a record at any time, without a clock.
"""

from __future__ import annotations

from typing import Any

from feedrate.goals.accuracy import judge_aa, judge_patterns, judge_plants, judge_stopping
from feedrate.goals.effects import Record
from feedrate.goals.integrity import (
    judge_clock,
    judge_closure,
    judge_hidden,
    judge_honest,
    judge_time,
)

__all__ = ["SCHEMA", "summarise"]

SCHEMA = 1
HONEST = ("honest", "aa", "plant", "pattern", "clock")
"""Sections in which nothing is switched off: the gate must let all of them pass."""


def summarise(records: Record) -> dict[str, Any]:
    """Judge a self-test.

    Args:
        records: Content of ``results/selftest/records.json``.

    Returns:
        Content of ``results/selftest/summary.json``: ``goals`` (name, goal, measured, met, detail),
        and a section of figures for each: ``aa``, ``stopping``, ``plants``, ``patterns``,
        ``clock``, ``closure``, ``hidden``, ``honest``, ``time``.
    """
    found = {
        "aa": judge_aa(_valid(records, "aa")),
        "stopping": judge_stopping(_valid(records, "aa"), records["declared"]["stopping"]),
        "plants": judge_plants(_valid(records, "plant"), records["declared"]["shares"]),
        "patterns": judge_patterns(_of(records, "pattern"), records["declared"]),
        "clock": judge_clock(records["clock"], _valid(records, "clock")),
        "closure": judge_closure(_valid(records, "aa")),
        "hidden": judge_hidden(_of(records, "sabotage"), records["declared"]["sabotages"]),
        "honest": judge_honest([each for name in HONEST for each in _of(records, name)]),
        "time": judge_time(records),
    }
    facts = ("quick", "machine", "started_at", "ended_at", "budget_s", "elapsed_s")
    goals = [goal for section in found.values() for goal in section.pop("goals")]
    return {"schema": SCHEMA, **{name: records[name] for name in facts}, "goals": goals, **found}


def _valid(records: Record, section: str) -> list[Record]:
    """The comparisons that the gate lets pass: as in a study, the others have no figures."""
    return [each for each in _of(records, section) if each["gate"]["valid"] and each["available"]]


def _of(records: Record, section: str) -> list[Record]:
    return [each for each in records["comparisons"] if each["section"] == section]
