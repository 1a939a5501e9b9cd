"""Trials in, ratios with intervals and verdicts out. The pair is the unit; batches never are.

Columns of a summary (``results/summary/{dataset}/{experiment}.csv``), a row a cell and estimand:

* ``dataset experiment cell primary estimand unit`` say what is estimated;
* ``pairs reference_median cell_median`` are absolute, in ``unit``, from the trials that count:
  true epochs, and for ``steady_images_per_s`` the looped runs, which are pairs of their own;
* ``ratio low high confidence p`` are the Hodges-Lehmann centre of the paired log-ratios, its
  signed-rank interval, the confidence it really reaches and the exact p of no difference. A ratio
  above 1 always favours the cell: reference / cell for times, processor time and memory,
  cell / reference for images per second. What may be zero (``stall_fraction``, faults, switches,
  bytes, steal) has no ratio;
* ``p_holm`` is p after Holm over the experiment's cells that were not declared primary;
* ``verdict``: faster, slower, equivalent, inconclusive (times and rates); less, more, equivalent,
  inconclusive (processor time, memory); ``too few pairs``; ``not measured`` without looped runs, or
  without a boundary between epochs,
  ``no steady state`` or ``too short`` where one of them was; ``invalid`` where the exercise gate
  failed and ``not available`` where this machine cannot measure the cell, both without figures;
  empty where an estimand has no ratio;
* ``mean_ratio boot_low boot_high`` are the geometric mean and its bootstrap interval, beside it;
* ``equivalence equivalence_note`` tell whether both sides delivered the same batches;
* ``extra_startup_s saved_s`` (rows of ``epoch_s``) are medians a pair, ``extra_build_s`` what the
  measured images' share of a built store took beforehand; ``break_even_epochs`` is their quotient:
  after how many epochs *of the measured work* a dearer start-up and the building are paid back
  (inf: never), with bootstrap bounds; ``break_even_passes`` is the same in passes over a dataset of
  any size, what was paid scaled by distinct images and the saving by images delivered;
* ``halfwidth target_halfwidth stopped`` are what the stopping rule saw last, what it aimed at, and
  why it stopped: ``narrow enough`` or ``most pairs``;
* ``margin confidence_asked machine_id warnings`` say how it was judged and what to doubt.

Machines are never merged: what was measured on two has a row for each.

Rules and sources: Hollander, Wolfe & Chicken (interval), Holm 1979, Kalibera & Jones 2013 (ratios).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats as scipy_stats

from feedrate.breakeven import break_even
from feedrate.doubts import doubts_about
from feedrate.estimands import ESTIMANDS, Estimand, log_ratios, paired
from feedrate.intervals import MIN_PAIRS, signed_rank_interval
from feedrate.tables import counted
from feedrate.turns import EPOCH, STEADY

Values = npt.NDArray[np.float64]
RESAMPLES = 2000
TEXT_COLUMNS = (
    *("dataset", "experiment", "cell", "estimand", "unit", "verdict"),
    *("equivalence", "equivalence_note", "stopped", "machine_id", "warnings"),
)
COLUMNS = (
    *("dataset", "experiment", "cell", "primary", "estimand", "unit", "pairs"),
    *("reference_median", "cell_median", "ratio", "low", "high", "confidence", "p", "p_holm"),
    *("verdict", "mean_ratio", "boot_low", "boot_high", "equivalence", "equivalence_note"),
    *("extra_startup_s", "extra_build_s", "saved_s"),
    *("break_even_epochs", "break_even_low", "break_even_high"),
    *("break_even_passes", "halfwidth", "target_halfwidth", "stopped"),
    *("margin", "confidence_asked", "machine_id", "warnings"),
)


def summarise(
    trials: pd.DataFrame, confidence: float = 0.95, margin: float = 0.05, seed: int = 7
) -> pd.DataFrame:
    """Judge every cell of a table of trials.

    Args:
        trials: From `tables.collect`; any number of datasets and experiments.
        confidence: Of every interval, and what Holm's p must beat.
        margin: Relative difference of no practical use, such as 0.05.
        seed: Of the bootstrap.

    Raises:
        ValueError: A pair lacks a side.
    """
    rows: list[dict[str, Any]] = []
    cells = ["dataset", "experiment", "cell", "machine_id"]
    for _, group in trials.groupby(cells, sort=False):
        rows.extend(_cell_rows(group, confidence, margin, seed))
    return _with_holm(pd.DataFrame(rows), confidence)


def _cell_rows(
    group: pd.DataFrame, confidence: float, margin: float, seed: int
) -> Iterator[dict[str, Any]]:
    shared = _shared(group, margin) | {"confidence_asked": confidence}
    for estimand, facts in ESTIMANDS.items():
        row = shared | {"estimand": estimand, "unit": facts.unit}
        if not group["available"].all():
            yield row | {"pairs": 0, "verdict": "not available"}
        elif not group["gate_valid"].all():
            yield row | {"pairs": 0, "verdict": "invalid"}
        else:
            row |= _estimate(group, estimand, confidence, margin, seed)
            row["warnings"] = "; ".join(filter(None, [row["warnings"], _unsteady(group, facts)]))
            yield row | (_paid_back(group, confidence, seed) if estimand == "epoch_s" else {})


def _shared(group: pd.DataFrame, margin: float) -> dict[str, Any]:
    """What is said of a cell whatever is estimated."""
    first = group.iloc[0]
    facts = ("dataset", "experiment", "cell", "equivalence", "equivalence_note", "machine_id")
    reached = "narrow enough" if first["stopping_reached"] else "most pairs"
    return {
        **{name: first[name] for name in facts},
        "primary": bool(first["primary"]),
        "halfwidth": first["stopping_halfwidth"],
        "target_halfwidth": first["stopping_target_halfwidth"],
        "stopped": reached if first["available"] else "",
        "margin": margin,
        "warnings": "; ".join(doubts_about(group, margin)),
    }


def _estimate(
    group: pd.DataFrame, estimand: str, confidence: float, margin: float, seed: int
) -> dict[str, Any]:
    facts = ESTIMANDS[estimand]
    reference, cell = paired(group, estimand, facts.kind)
    if not len(cell) or (facts.kind == EPOCH and np.isnan([reference, cell]).all()):
        return {"pairs": 0, "verdict": "not measured"}
    row: dict[str, Any] = {
        "pairs": len(cell),
        "reference_median": float(np.median(reference)),
        "cell_median": float(np.median(cell)),
        "verdict": "",
    }
    logs = log_ratios(reference, cell, facts.sign)
    if logs is None:
        return row | {"verdict": _lacking(group) if facts.kind == STEADY else ""}
    if len(logs) < _pairs_needed(confidence):
        return row | {"verdict": "too few pairs"}
    found = signed_rank_interval(logs, confidence)
    row |= {"ratio": math.exp(found.centre), "confidence": found.confidence}
    row |= {"low": math.exp(found.low), "high": math.exp(found.high), "p": _p_value(logs)}
    row["verdict"] = _verdict(row["low"], row["high"], margin, facts)
    return row | _mean(logs, confidence, seed)


def _lacking(group: pd.DataFrame) -> str:
    """The word for looped runs of which one has no rate."""
    seen = set(counted(group, STEADY)["steady_verdict"])
    return "no steady state" if "no steady state" in seen else "too short"


def _unsteady(group: pd.DataFrame, facts: Estimand) -> str:
    """Say which looped runs were no steady ones; empty for what comes from epochs."""
    if facts.kind != STEADY:
        return ""
    verdicts = counted(group, STEADY)["steady_verdict"]
    lacking = verdicts[verdicts.isin(["no steady state", "too short"])].value_counts()
    return "; ".join(f"{n} of {len(verdicts)} looped runs: {word}" for word, n in lacking.items())


def _pairs_needed(confidence: float) -> int:
    """The least pairs whose widest interval reaches the confidence: ``1 - 2 / 2**n``."""
    return max(MIN_PAIRS, math.ceil(1 - math.log2(1 - confidence) - 1e-9))


def _verdict(low: float, high: float, margin: float, estimand: Estimand) -> str:
    upper, lower = 1 + margin, 1 / (1 + margin)
    if low > upper:
        return estimand.better
    if high < lower:
        return estimand.worse
    return "equivalent" if lower <= low and high <= upper else "inconclusive"


def _p_value(logs: Values) -> float:
    """Two-sided exact signed-rank p; pairs without any difference say nothing and are left out."""
    moved = logs[logs != 0]
    return float(scipy_stats.wilcoxon(moved, method="exact").pvalue) if moved.size else 1.0


def _mean(logs: Values, confidence: float, seed: int) -> dict[str, float]:
    drawn = np.random.default_rng(seed).choice(logs, size=(RESAMPLES, logs.size))
    tail = (1 - confidence) / 2
    low, high = np.exp(np.quantile(drawn.mean(axis=1), [tail, 1 - tail]))
    return {"mean_ratio": math.exp(logs.mean()), "boot_low": float(low), "boot_high": float(high)}


def _paid_back(group: pd.DataFrame, confidence: float, seed: int) -> dict[str, float]:
    """When a cell has saved as many seconds as its start-up and its store cost more."""
    startup, epoch = paired(group, "startup_s"), paired(group, "epoch_s")
    build = paired(group, "store_build_s")
    first = counted(group).iloc[0]
    return break_even(
        startup[1] - startup[0],
        epoch[0] - epoch[1],
        float(first["images"] / first["work_images"]),
        confidence,
        seed,
        float((build[1] - build[0])[0]),  # a store is built once, whatever the pair
    )


def _with_holm(table: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Adjust what was not declared primary, and withdraw verdicts that do not survive."""
    table = table.reindex(columns=list(COLUMNS))
    table["p_holm"] = table["p"]
    family = table[~table["primary"].astype(bool) & table["p"].notna()]
    for _, group in family.groupby(["dataset", "experiment", "machine_id", "estimand"]):
        table.loc[group.index, "p_holm"] = holm(group["p"].to_numpy(float))
    lost = table["p_holm"].gt(1 - confidence) & table["verdict"].isin(
        ["faster", "slower", "less", "more"]
    )
    table.loc[lost, "verdict"] = "inconclusive"
    return table


def holm(p_values: Values) -> Values:
    """Holm's step-down adjustment (Holm 1979): ``(n,)`` p-values in, adjusted out."""
    order = np.argsort(p_values)
    steps = p_values[order] * np.arange(p_values.size, 0, -1)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted
