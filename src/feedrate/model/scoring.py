"""Predictions against cells that the model has not seen: ``results/model/{dataset}.json``."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from feedrate.cell import REFERENCE
from feedrate.model.baselines import BASELINES
from feedrate.model.costs import FREED
from feedrate.model.fitting import Names
from feedrate.model.measured import Measured
from feedrate.model.prediction import QUANTILE_90, Model, name_bottleneck
from feedrate.work import is_network

SCHEMA = 1
LEAST_CELLS = 40
"""Unseen cells that a score must rest on."""

GOALS = {"median_abs_error": 0.10, "coverage_90": 0.80, "times_less_error": 2.0}
"""Of the model: at most, at least, and at least against each of the first two baselines."""

RIVALS = ("serial_amdahl", "linear_in_workers")
WORST = 8


def score(model: Model, cells: Sequence[Measured], calibration: Names) -> dict[str, Any]:
    """Hold a model against the cells that are not of its calibration.

    Args:
        model: Fitted to the calibration.
        cells: From `feedrate.model.measured.read_cells`.
        calibration: Names of the cells that the model has seen.

    Returns:
        Content of ``results/model/{dataset}.json``, but for its head: ``scores`` of the model and
        of each baseline (None where fewer than `LEAST_CELLS` cells are unseen, with the reason in
        ``too_few``), ``predictions`` (a row an unseen cell), ``worst``, ``goals``, ``what_if`` and
        what was ``fitted``.
    """
    seen = [each for each in cells if (each.experiment, each.cell) in calibration]
    unseen = [each for each in cells if each not in seen and _predictable(each)]
    rows = [_row(model, seen, each) for each in unseen]
    enough = len(rows) >= LEAST_CELLS
    scores = {"model": _score(rows, "predicted"), **_baseline_scores(model, seen, rows)}
    return {
        "cells": {"calibration": len(seen), "unseen": len(rows), "measured": len(cells)},
        "too_few": "" if enough else _too_few(len(rows)),
        "scores": scores if enough else dict.fromkeys(scores),
        "goals": judge_goals(scores) if enough else [],
        "repeat_error": _repeat_error(cells),
        "predictions": rows,
        "worst": sorted(rows, key=lambda row: -row["abs_error"])[:WORST],
        "what_if": _what_if(model, cells),
        "scaling": _scaling(model, cells),
        "fitted": {
            "contention": {stage: asdict(law) for stage, law in model.laws.items()},
            "spread": model.spread,
            "noise": model.noise,
            "effects": [
                {
                    "change": sorted(f"{factor}~{level}" for factor, level in effect.change),
                    "residual": effect.residual,
                    "source": effect.source,
                }
                for effect in model.knowledge.effects
            ],
        },
    }


def judge_goals(scores: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Judge each goal: what was asked, what came out, met or missed."""
    own = scores["model"]
    error, coverage = own["median_abs_error"], own["coverage_90"]
    times = min(_times(scores[name]["median_abs_error"], error) for name in RIVALS)
    judged = (
        ("median_abs_error", error, error <= GOALS["median_abs_error"]),
        ("coverage_90", coverage, coverage >= GOALS["coverage_90"]),
        ("times_less_error", times, times >= GOALS["times_less_error"]),
    )
    return [
        {"goal": name, "asked": GOALS[name], "measured": float(seen), "met": bool(met)}
        for name, seen, met in judged
    ]


def _predictable(cell: Measured) -> bool:
    """Whether a cell is one to predict: no repeat of its reference, no network on a CPU."""
    return cell.cell != REFERENCE and not is_network(str(cell.levels["consumer"]))


def _row(model: Model, seen: Sequence[Measured], cell: Measured) -> dict[str, Any]:
    expected, found = model.ratio(cell.levels, cell.reference), model.predict(cell.levels)
    return {
        "cell": cell.name,
        "measured": cell.ratio,
        "predicted": expected.ratio,
        "low": expected.low,
        "high": expected.high,
        "abs_error": _error(expected.ratio, cell.ratio),
        "covered": bool(expected.low <= cell.ratio <= expected.high),
        "epoch_s": cell.epoch_s,
        "predicted_epoch_s": found.epoch_s,
        "predicted_images_per_s": found.images_per_s,
        "stall_fraction": cell.stall_fraction,
        "predicted_stall_fraction": found.stall_fraction,
        "bottleneck": name_bottleneck(cell.stages_ms, cell.stall_fraction),
        "predicted_bottleneck": found.bottleneck,
        "unknown": list(found.costs.unknown),
        "baselines": {name: rival(model, seen, cell) for name, rival in BASELINES.items()},
        "reason": _reason(model, cell),
    }


def _reason(model: Model, cell: Measured) -> str:
    """Where a prediction goes astray first: an unknown level, a stage, or neither."""
    found = model.predict(cell.levels)
    if found.costs.unknown:
        return f"nothing is known of {', '.join(found.costs.unknown)}"
    expected = found.stages_ms
    apart = {stage: cell.stages_ms[stage] - ms for stage, ms in expected.items()}
    stage = max(apart, key=lambda name: abs(apart[name]))
    share = abs(apart[stage]) / max(sum(cell.stages_ms.values()), 1e-9)
    if share < 0.05:
        return "its stages are as expected: what lies between them is not"
    return f"{stage} took {cell.stages_ms[stage]:.2f} ms instead of {expected[stage]:.2f} ms"


def _baseline_scores(
    model: Model, seen: Sequence[Measured], rows: Sequence[Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Score each baseline; its interval is as wide as its errors on the calibration say."""
    found = {}
    for name, rival in BASELINES.items():
        others = {each.name: [one for one in seen if one is not each] for each in seen}
        missed = [abs(math.log(rival(model, others[one.name], one) / one.ratio)) for one in seen]
        reach = math.exp(QUANTILE_90 * 1.4826 * float(np.median(missed))) if missed else 1.0
        scored = [
            {
                "measured": row["measured"],
                "guess": row["baselines"][name],
                "covered": row["measured"] / reach
                <= row["baselines"][name]
                <= row["measured"] * reach,
            }
            for row in rows
        ]
        found[name] = _score(scored, "guess") | {"bottleneck_accuracy": None}
    return found


def _score(rows: Sequence[Mapping[str, Any]], key: str) -> dict[str, Any]:
    if not rows:
        return dict.fromkeys(("median_abs_error", "coverage_90", "bottleneck_accuracy"))
    named = [
        row["bottleneck"] == row["predicted_bottleneck"] for row in rows if "bottleneck" in row
    ]
    return {
        "median_abs_error": float(np.median([_error(row[key], row["measured"]) for row in rows])),
        "coverage_90": float(np.mean([row["covered"] for row in rows])),
        "bottleneck_accuracy": float(np.mean(named)) if named else None,
    }


def _what_if(model: Model, cells: Collection[Measured]) -> list[dict[str, Any]]:
    """Each stage for nothing: by the model, and by the cell that ablates it where there is one."""
    measured = {str(each.levels["ablate"]): each for each in cells if _ablates_alone(each)}
    rows = []
    for level in FREED:
        if level in measured:
            cell = measured[level]
            expected = model.ratio(cell.levels, cell.reference)
            rows.append({"free": level, "cell": cell.name, **asdict(expected), **_seen(cell)})
    return rows


def _scaling(model: Model, cells: Collection[Measured]) -> dict[str, Any]:
    """Images a second over numbers of workers: predicted for all, and measured where it was.

    Of every cell that differs from the base in its workers alone, and of its reference.
    """
    base = model.knowledge.base
    measured: dict[int, list[float]] = {}
    for each in cells:
        if differing_factors(each) != {"workers"}:
            continue
        for levels, epoch_s in (
            (each.levels, each.epoch_s),
            (each.reference, each.reference_epoch_s),
        ):
            if {name for name in base if levels[name] != base[name]} <= {"workers"}:
                measured.setdefault(int(levels["workers"]), []).append(model.work.images / epoch_s)
    most = max(measured, default=0)
    return {
        "measured": {str(count): float(np.median(measured[count])) for count in sorted(measured)},
        "predicted": {
            str(count): model.predict({**base, "workers": count}).images_per_s
            for count in range(most + 1)
        },
    }


def differing_factors(cell: Measured) -> set[str]:
    """Name the factors in which a cell differs from its reference."""
    return {name for name, level in cell.levels.items() if level != cell.reference[name]}


def _ablates_alone(cell: Measured) -> bool:
    return differing_factors(cell) == {"ablate"}


def _seen(cell: Measured) -> dict[str, float]:
    reach = math.exp(QUANTILE_90 * cell.error)
    return {
        "measured": cell.ratio,
        "measured_low": cell.ratio / reach,
        "measured_high": cell.ratio * reach,
    }


def _repeat_error(cells: Collection[Measured]) -> float | None:
    """What an A/A cell is off by: no model can be expected to do better."""
    repeats = [_error(each.ratio, 1.0) for each in cells if each.cell == REFERENCE]
    return float(np.median(repeats)) if repeats else None


def _error(guess: float, truth: float) -> float:
    return abs(guess / truth - 1)


def _times(other: float, own: float) -> float:
    return other / own if own else math.inf


def _too_few(cells: int) -> str:
    return f"too few to score: {cells} unseen cells, a score needs {LEAST_CELLS}"
