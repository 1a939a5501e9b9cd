"""The goals for the speed of feedrate's own loader, judged from the summaries of a study.

A goal is *met* where its whole interval is beyond it, *missed* where the whole interval falls
short, *open* in between, and *not measured here* where the study or the machine lacks its cells.
Experiments are found by their names, which `config/full.yaml` gives them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from feedrate import phrases
from feedrate.evidence import at, places
from feedrate.tables import records
from feedrate.waterfall import find_chain

SCHEMA = 1
DELIVERED, EXACT = "delivered", "delivered_exact"
"""Experiments of steps from the seed's pipeline to feedrate's loader."""
MADE, LADDER = "delivered_maps", "ladder"
PEERS = ("peers", "peers_scaled")
"""Experiments whose reference is that loader, and whose cells are others on the same work."""
TIMES, TIMES_MADE, OF_THE_BEST, OF_THE_LIMIT = 5.0, 8.0, 0.95, 0.8

ABSENT = "not measured here"
Row = dict[str, Any]
Limits = Mapping[tuple[str, str], Mapping[str, Any]]


def judge_speed(summaries: pd.DataFrame, limits: Limits) -> dict[str, Any]:
    """Judge every goal, for each dataset on each machine.

    Args:
        summaries: From `stats.summarise`, all experiments of a study.
        limits: Dataset and experiment: content of ``results/limits/{dataset}/{experiment}.json``.

    Returns:
        Content of ``results/speed/goals.json``: ``goals``, a row each with ``dataset``,
        ``machine_id``, ``name``, ``goal``, ``measured``, ``verdict`` and ``detail``.
    """
    goals = [
        {"dataset": dataset, "machine_id": machine, **row}
        for dataset, machine in places(summaries)
        for row in _goals(at(summaries, (dataset, machine)), dataset, machine, limits)
    ]
    return {"schema": SCHEMA, "goals": goals}


def _goals(table: pd.DataFrame, dataset: str, machine: str, limits: Limits) -> Iterator[Row]:
    yield _faster("The seed's pipeline", table, DELIVERED, TIMES)
    yield _faster("The seed's pipeline, with identical pixels", table, EXACT, None)
    yield _faster("Maps made by the reference", table, MADE, TIMES_MADE)
    for experiment in PEERS:
        yield _beside_peers(table, experiment)
    for experiment in (DELIVERED, EXACT):
        limit = limits.get((dataset, experiment), {})
        here = limit.get("machine", {}).get("machine_id") == machine
        yield _of_the_limit(table, experiment, limit if here else {})
    yield _ladder(table)


def _faster(name: str, table: pd.DataFrame, experiment: str, least: float | None) -> Row:
    goal = f"at least {least:g} times as fast" if least else "no goal: as far as it goes"
    row = _finished(table, experiment)
    if row is None or not math.isfinite(row["low"]):
        return _absent(name, goal, experiment, row)
    verdict = _verdict(row["low"], row["high"], least) if least else "stated"
    return _row(name, goal, phrases.as_fast(row), verdict, f"{experiment}/{row['cell']}")


def _beside_peers(table: pd.DataFrame, experiment: str) -> Row:
    """Hold the loader, which is the reference, against every peer; the best of them decides."""
    name = f"The best of {experiment.replace('_', ', ')}"
    goal = f"not slower: the interval above {OF_THE_BEST:g}"
    rows = _epochs(table, experiment)
    known = [row for row in rows if math.isfinite(row["low"])]
    lacking = [f"{row['cell']} {row['verdict']}" for row in rows if row not in known]
    if not known:
        return _absent(name, goal, experiment, rows[0] if rows else None)
    best = max(known, key=lambda row: float(row["ratio"]))
    verdicts = [_verdict(1 / row["high"], 1 / row["low"], OF_THE_BEST) for row in known]
    verdict = next((word for word in ("missed", "open") if word in verdicts), "met")
    measured = (
        f"{phrases.ratio(1 / best['ratio'])} as fast as {best['cell']} "
        f"({1 / best['high']:.2f} to {1 / best['low']:.2f})"
    )
    others = [f"{phrases.ratio(1 / row['ratio'])} {row['cell']}" for row in known]
    return _row(name, goal, measured, verdict, "; ".join([*others, *lacking]))


def _of_the_limit(table: pd.DataFrame, experiment: str, limit: Mapping[str, Any]) -> Row:
    name = f"What this machine could do at most, {experiment.replace('_', ' ')}"
    goal = f"at least {phrases.percent(OF_THE_LIMIT)} of it"
    row = _finished(table, experiment, "images_per_s")
    if row is None or not limit or not math.isfinite(row["cell_median"]):
        return _absent(name, goal, experiment, row)
    most, reached = limit["images_per_s"], float(row["cell_median"])
    parts = [
        f"{part} {phrases.milliseconds(found['centre'])}" for part, found in limit["parts"].items()
    ]
    detail = (
        f"{phrases.rate(reached)} of {phrases.rate(most['centre'])}: {phrases.listing(parts)} an "
        f"image, each alone, on {limit['cores']} cores"
    )
    verdict = _verdict(reached / most["high"], reached / most["low"], OF_THE_LIMIT)
    return _row(name, goal, phrases.percent(reached / most["centre"]), verdict, detail)


def _ladder(table: pd.DataFrame) -> Row:
    """State what is reached beyond JPEG files from disk, at the price of a store."""
    name, goal = "Beyond JPEG files from disk", "no goal: as far as it goes"
    rows = [row for row in _epochs(table, LADDER) if math.isfinite(row["low"])]
    rates = _epochs(table, LADDER, "images_per_s")
    if not rows:
        return _absent(name, goal, LADDER, None)
    rate_of = {row["cell"]: phrases.rate(float(row["cell_median"])) for row in rates}
    told = [f"{row['cell']} {rate_of[row['cell']]}" for row in rows]
    best = max(rows, key=lambda row: float(row["ratio"]))
    return _row(name, goal, phrases.as_fast(best), "stated", "; ".join(told))


def _finished(table: pd.DataFrame, experiment: str, estimand: str = "epoch_s") -> Row | None:
    """The cell at which an experiment arrives: after its last step, or the last of its cells."""
    rows = {str(row["cell"]): row for row in _epochs(table, experiment, estimand)}
    if not rows:
        return None
    return rows[[*rows, *find_chain(list(rows))][-1]]


def _epochs(table: pd.DataFrame, experiment: str, estimand: str = "epoch_s") -> list[Row]:
    return records(table[(table["experiment"] == experiment) & (table["estimand"] == estimand)])


def _verdict(low: float, high: float, least: float) -> str:
    if low >= least:
        return "met"
    return "missed" if high < least else "open"


def _absent(name: str, goal: str, experiment: str, row: Row | None) -> Row:
    if row is None:
        return _row(name, goal, "", ABSENT, f"this study has no experiment {experiment}")
    reason = f" ({row['warnings']})" if row["warnings"] else ""
    return _row(name, goal, "", ABSENT, f"{experiment}/{row['cell']}: {row['verdict']}{reason}")


def _row(name: str, goal: str, measured: str, verdict: str, detail: str) -> Row:
    return {
        "name": name, "goal": goal, "measured": measured, "verdict": verdict, "detail": detail,
    }  # fmt: skip
