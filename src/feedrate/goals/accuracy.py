"""Can it be believed? Cells against themselves, planted effects, and where they show."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from feedrate import phrases
from feedrate.goals.effects import (
    Record,
    estimate,
    goal,
    log_ratios,
    say_share,
    share_of,
    true_log_ratio,
    verdict,
)
from feedrate.simulation import coverage_of_rule
from feedrate.stopping import Stopping

FALSE_POSITIVES = 0.05
"""Most intervals of a cell against itself that may exclude 1; missed only beyond chance."""
COVERAGE = 0.90
"""Least share of intervals that hold a planted effect."""
SHOWN = 1.10
"""An estimand shows a pattern where its whole interval lies above this many times as long. What is
planted is far larger, and noise that happens to exclude 1 far smaller."""
SIMULATED, SIMULATION_SEED = 2000, 5


def judge_aa(comparisons: Sequence[Record]) -> dict[str, Any]:
    """Cells against themselves: how often an interval excludes 1, and how small an effect shows."""
    rows = [
        {"name": each["name"], "repeat": each["repeat"], **estimate(each)} for each in comparisons
    ]
    false = sum(row["excludes"] for row in rows)
    share = share_of(false, len(rows))
    wide = np.array([row["halfwidth"] for row in rows])
    seen = {"median": float(np.median(wide)), "most": float(np.quantile(wide, 0.9))}
    verdicts = [verdict(row["low"], row["high"]) for row in rows]
    met = goal(
        "A cell against itself",
        f"at most {phrases.percent(FALSE_POSITIVES)} of the intervals exclude 1"
        " (missed where the exact interval lies above)",
        say_share(share),
        share["low"] <= FALSE_POSITIVES,
        f"Half of all intervals reach {phrases.percent(seen['median'])} or less either way, nine in"
        f" ten {phrases.percent(seen['most'])}: a smaller effect cannot be seen here.",
    )
    counts = {name: verdicts.count(name) for name in ("shorter", "longer", "equivalent", "open")}
    return {"goals": [met], "rows": rows, "false": share, "smallest": seen, "verdicts": counts}


def judge_stopping(comparisons: Sequence[Record], rule: Mapping[str, Any]) -> dict[str, Any]:
    """Adding pairs until the interval is narrow: how often it then still holds the truth."""
    pooled = np.concatenate([log_ratios(each) for each in comparisons])
    found = coverage_of_rule(
        Stopping(**rule), float(pooled.std()), pooled, SIMULATION_SEED, SIMULATED
    )
    share = share_of(found.covered, found.repeats)
    met = goal(
        "Stopping when the interval is narrow",
        f"at least {phrases.percent(COVERAGE)} of the intervals hold the truth",
        say_share(share),
        share["share"] >= COVERAGE,
        f"{found.repeats} cells simulated from the {len(pooled)} pairs of the cells against"
        f" themselves; {found.mean_pairs:.1f} pairs each on average.",
    )
    return {"goals": [met], "coverage": share, "mean_pairs": found.mean_pairs, **rule}


def judge_plants(comparisons: Sequence[Record], shares: Mapping[str, float]) -> dict[str, Any]:
    """Planted effects: does the interval hold the effect that was really planted?"""
    levels: list[dict[str, Any]] = []
    goals: list[dict[str, Any]] = []
    for name, planted in shares.items():
        rows = [_plant(each) for each in comparisons if each["name"] == name]
        covered = share_of(sum(row["covers"] for row in rows), len(rows))
        shown = share_of(sum(row["excludes"] for row in rows), len(rows))
        levels.append({"planted": planted, "rows": rows, "covered": covered, "shown": shown})
    total = [row for level in levels for row in level["rows"]]
    overall = share_of(sum(row["covers"] for row in total), len(total))
    wanted = f"the interval holds the planted effect in at least {phrases.percent(COVERAGE)}"
    for level in levels:
        if not level["rows"]:
            continue
        truth = float(np.median([row["truth"] for row in level["rows"]]))
        name = f"Planted: {phrases.percent(level['planted'])} of each batch"
        detail = (
            f"Really {phrases.percent(truth - 1)} longer; the interval excludes 1 in"
            f" {level['shown']['count']} of {level['shown']['of']}."
        )
        goals.append(_coverage_goal(name, wanted, level["covered"], detail))
    detail = "Every repeat has its own truth: the time that its trials really spun."
    return {
        "goals": [_coverage_goal("Planted effects, all", wanted, overall, detail), *goals],
        "levels": levels,
        "overall": overall,
    }


def judge_patterns(comparisons: Sequence[Record], declared: Record) -> dict[str, Any]:
    """Effects planted in one place: which estimand shows them, and which must not."""
    rows, right, asked = [], 0, 0
    for each in comparisons:
        pattern = declared["patterns"][each["name"]]
        if not each["gate"]["valid"]:
            asked += len(declared["estimands"]) - len(pattern["open"])  # and none of them right
            continue
        entries = {}
        for estimand in declared["estimands"]:
            expected = None if estimand in pattern["open"] else estimand in pattern["shows"]
            found = estimate(each, estimand)
            shown = found["low"] > SHOWN
            entries[estimand] = {"expected": expected, "shown": shown, **found}
            asked += expected is not None
            right += expected is not None and shown == expected
        rows.append({"name": each["name"], "says": pattern["says"], "entries": entries})
    met = goal(
        "Where an effect shows",
        "each estimand shows the effects that concern it, and no other",
        f"{right} of {asked} as declared beforehand",
        right == asked,
        f"Shown means: the whole interval lies above {SHOWN:g} times as long.",
    )
    return {"goals": [met], "rows": rows, "estimands": declared["estimands"], "shown_from": SHOWN}


def _plant(comparison: Record) -> dict[str, Any]:
    truth, found = math.exp(true_log_ratio(comparison)), estimate(comparison)
    return {**found, "truth": truth, "covers": found["low"] <= truth <= found["high"]}


def _coverage_goal(name: str, wanted: str, share: Record, detail: str) -> dict[str, Any]:
    return goal(name, wanted, say_share(share), share["share"] >= COVERAGE, detail)
