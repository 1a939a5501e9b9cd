"""Can it be fooled, what does it cost? Hidden faults, honest cells, the clock, the time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from feedrate import phrases
from feedrate.goals.effects import Record, epochs, estimate, goal, interval_of, say_change
from feedrate.intervals import MIN_PAIRS

CLOCK_COST = 0.01
"""Most that the stage clock may add to a batch."""
CLOSURE = 0.05
"""How far the sum of the stages may be from the whole."""


def judge_clock(cost: Record, pairs: Sequence[Record]) -> dict[str, Any]:
    """What the stage clock costs: batch by batch in one process, and as a study would see it."""
    wall, cpu = (
        interval_of(np.log(np.array(cost[f"on{unit}_s"]) / np.array(cost[f"off{unit}_s"])))
        for unit in ("", "_cpu")
    )
    met = goal(
        "The clock's own cost",
        f"the interval of clock on over off lies below {phrases.percent(CLOCK_COST)}",
        _say_cost(wall),
        wall["high"] < 1 + CLOCK_COST,
        f"{len(cost['on_s'])} batches in turn in one process; in processor time {_say_cost(cpu)}.",
    )
    through_pairs = [estimate(each) for each in pairs]
    return {"goals": [met], "wall": wall, "cpu": cpu, "pairs": through_pairs}


def judge_closure(against_themselves: Sequence[Record]) -> dict[str, Any]:
    """Do the stages of a trial add up to its whole, where one process does all of it?"""
    shares: dict[str, list[float]] = {}
    for each in against_themselves:
        if each["workers"] == 0:
            found = [trial["stages_s"] / trial["epoch_s"] for trial in epochs(each)]
            shares.setdefault(each["name"], []).extend(found)
    cells = {name: float(np.median(found)) for name, found in shares.items()}
    total = np.concatenate(list(shares.values()))
    middle, low, high = (float(np.quantile(total, share)) for share in (0.5, 0.05, 0.95))
    worst = max(cells, key=lambda name: abs(cells[name] - 1))
    met = goal(
        "Stages add up",
        f"the sum of the stages is within {phrases.percent(CLOSURE)} of the whole, 0 workers",
        f"{100 * middle:.1f} % of it (median)",
        abs(middle - 1) <= CLOSURE,
        f"{len(total)} trials, nine in ten between {phrases.percent(low)} and"
        f" {phrases.percent(high)}; furthest off: {worst}, {phrases.percent(cells[worst])}. What"
        " lacks is the loader's own work and letting go of memory.",
    )
    return {"goals": [met], "median": middle, "low": low, "high": high, "cells": cells}


def judge_hidden(comparisons: Sequence[Record], says: Mapping[str, str]) -> dict[str, Any]:
    """Treatments switched off: all must be refused, and never come out slow or fast.

    A treatment that this machine cannot offer, such as a cold page cache, is not counted.
    """
    rows = [
        {
            "name": each["name"],
            "says": says[each["name"]],
            "caught": not each["gate"]["valid"],
            "words": each["refused"] or next(iter(each["gate"]["failures"]), ""),
            "complaints": len(each["gate"]["failures"]) or int(bool(each["refused"])),
            "otherwise": _otherwise(each),
        }
        for each in comparisons
        if each["available"]
    ]
    caught = sum(row["caught"] for row in rows)
    missed = ", ".join(row["name"] for row in rows if not row["caught"])
    met = goal(
        "Treatments switched off",
        "all of them come out invalid",
        f"{caught} of {len(rows)}",
        caught == len(rows),
        f"Not noticed: {missed}." if missed else "None was taken for slow or fast.",
    )
    return {"goals": [met], "rows": rows}


def judge_honest(comparisons: Sequence[Record]) -> dict[str, Any]:
    """Cells with nothing switched off: a gate that refuses everything would prove nothing.

    What this machine cannot offer is not counted.
    """
    rows = [
        {
            "section": each["section"],
            "name": each["name"],
            "valid": each["gate"]["valid"],
            "failures": each["gate"]["failures"] or [each["refused"]] * bool(each["refused"]),
        }
        for each in comparisons
        if each["available"]
    ]
    valid = sum(row["valid"] for row in rows)
    met = goal(
        "Honest cells",
        "none of them comes out invalid",
        f"{len(rows) - valid} of {len(rows)} refused",
        valid == len(rows),
        next((row["failures"][0] for row in rows if row["failures"]), ""),
    )
    return {"goals": [met], "rows": rows}


def judge_time(records: Record) -> dict[str, Any]:
    """The self-test's own time."""
    spent, budget = records["elapsed_s"], records["budget_s"]
    met = goal(
        "Time",
        f"at most {budget / 60:.0f} minutes on two cores",
        f"{spent / 60:.1f} minutes",
        spent <= budget,
        f"Planned: {sum(each['planned_s'] for each in records['sections']) / 60:.0f} minutes.",
    )
    return {"goals": [met], "sections": records["sections"]}


def _say_cost(found: Record) -> str:
    middle, low, high = (say_change(found[name]) for name in ("ratio", "low", "high"))
    return f"{middle} ({low} to {high})"


def _otherwise(comparison: Record) -> dict[str, Any] | None:
    """What would have been told of a cell if nobody had noticed."""
    enough = len(list(epochs(comparison))) >= 2 * MIN_PAIRS
    return estimate(comparison) if enough else None
