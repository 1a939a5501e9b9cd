"""Trials in, ratios with intervals and verdicts out. The pair is the unit; batches never are.

Columns of a summary (``results/summary/{dataset}/{experiment}.csv``), a row a cell and estimand:

* ``dataset experiment cell primary estimand unit`` say what is estimated;
* ``pairs reference_median cell_median`` are absolute, in ``unit``, from the trials that count;
* ``ratio low high confidence p`` are the Hodges-Lehmann centre of the paired log-ratios, its
  signed-rank interval, the confidence it really reaches and the exact p of no difference. A ratio
  above 1 always favours the cell: reference / cell for times, processor time and memory,
  cell / reference for images per second. ``stall_fraction`` may be zero and has no ratio;
* ``p_holm`` is p after Holm over the experiment's cells that were not declared primary;
* ``verdict``: faster, slower, equivalent, inconclusive (times and rates); less, more, equivalent,
  inconclusive (processor time, memory); ``too few pairs``; ``invalid`` where the exercise gate
  failed, and then there are no figures; empty where an estimand has no ratio;
* ``mean_ratio boot_low boot_high`` are the geometric mean and its bootstrap interval, beside it;
* ``equivalence equivalence_note`` tell whether both sides delivered the same batches;
* ``extra_startup_s saved_s`` (rows of ``epoch_s``) are medians a pair, ``break_even_epochs`` their
  quotient: after how many epochs *of the measured work* a dearer start-up is paid back (inf:
  never), with bootstrap bounds; ``break_even_passes`` is the same in passes over a dataset of any
  size, the extra start-up scaled by distinct images and the saving by images delivered;
* ``margin confidence_asked machine_id warnings`` say how it was judged and what to doubt.

Rules and sources: Hollander, Wolfe & Chicken (interval), Holm 1979, Kalibera & Jones 2013 (ratios).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats as scipy_stats

from feedrate.breakeven import break_even
from feedrate.doubts import doubts_about
from feedrate.intervals import MIN_PAIRS, signed_rank_interval

Values = npt.NDArray[np.float64]
RESAMPLES = 2000
TEXT_COLUMNS = (
    *("dataset", "experiment", "cell", "estimand", "unit", "verdict"),
    *("equivalence", "equivalence_note", "machine_id", "warnings"),
)
COLUMNS = (
    *("dataset", "experiment", "cell", "primary", "estimand", "unit", "pairs"),
    *("reference_median", "cell_median", "ratio", "low", "high", "confidence", "p", "p_holm"),
    *("verdict", "mean_ratio", "boot_low", "boot_high", "equivalence", "equivalence_note"),
    *("extra_startup_s", "saved_s", "break_even_epochs", "break_even_low", "break_even_high"),
    *("break_even_passes", "margin", "confidence_asked", "machine_id", "warnings"),
)


@dataclass(frozen=True)
class Estimand:
    """One quantity, its unit, and what a ratio of it means.

    Attributes:
        sign: +1 where the ratio is reference / cell, -1 where cell / reference, 0 without ratio.
        better: The verdict where the ratio is above the margin; ``worse`` where below.
    """

    unit: str
    sign: int = 1
    better: str = "faster"
    worse: str = "slower"


ESTIMANDS: dict[str, Estimand] = {
    "epoch_s": Estimand("s"),
    "epoch_with_startup_s": Estimand("s"),
    "startup_s": Estimand("s"),
    "first_batch_s": Estimand("s"),
    "images_per_s": Estimand("images/s", sign=-1),
    "cpu_s_per_image": Estimand("s/image", better="less", worse="more"),
    "stall_fraction": Estimand("share", sign=0),
    "pss_bytes": Estimand("bytes", better="less", worse="more"),
}


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
    for _, group in trials.groupby(["dataset", "experiment", "cell"], sort=False):
        rows.extend(_cell_rows(group, confidence, margin, seed))
    return _with_holm(pd.DataFrame(rows), confidence)


def paired(group: pd.DataFrame, value: str) -> tuple[Values, Values]:
    """The reference's and the cell's values, pair by pair, of the trials that count.

    Args:
        group: Trials of one cell.
        value: A column.

    Returns:
        Two ``(pairs,)`` float64 arrays in the same order of pairs.

    Raises:
        ValueError: A pair lacks a side.
    """
    counted = group.loc[~group["discarded"].astype(bool), ["pair", "side", value]]
    reference, cell = (
        counted[counted["side"] == side].set_index("pair")[value].sort_index()
        for side in ("reference", "cell")
    )
    alone = reference.index.symmetric_difference(cell.index)
    if len(alone):
        name = "/".join(str(group[key].iloc[0]) for key in ("dataset", "experiment", "cell"))
        raise ValueError(f"{name}: pair {alone[0]} lacks a side")
    return reference.to_numpy(float), cell.to_numpy(float)


def log_ratios(reference: Values, cell: Values, sign: int) -> Values | None:
    """The paired log-ratios, above 0 where the cell is better; `sign` is the estimand's.

    None where the estimand has no ratio or a value is missing or not positive.
    """
    usable = np.isfinite(reference) & np.isfinite(cell) & (reference > 0) & (cell > 0)
    if sign == 0 or not usable.all():
        return None
    return sign * np.log(reference / cell)


def _cell_rows(
    group: pd.DataFrame, confidence: float, margin: float, seed: int
) -> Iterator[dict[str, Any]]:
    first = group.iloc[0]
    shared = {
        **{name: first[name] for name in ("dataset", "experiment", "cell")},
        "primary": bool(first["primary"]),
        **{name: first[name] for name in ("equivalence", "equivalence_note")},
        "margin": margin,
        "confidence_asked": confidence,
        "machine_id": "+".join(sorted(set(group["machine_id"]))),
        "warnings": "; ".join(doubts_about(group, margin)),
    }
    for estimand, facts in ESTIMANDS.items():
        row = shared | {"estimand": estimand, "unit": facts.unit}
        if not first["gate_valid"]:
            yield row | {"pairs": 0, "verdict": "invalid"}
            continue
        row |= _estimate(group, estimand, confidence, margin, seed)
        costs = break_even(*_costs(group), confidence, seed) if estimand == "epoch_s" else {}
        yield row | costs


def _estimate(
    group: pd.DataFrame, estimand: str, confidence: float, margin: float, seed: int
) -> dict[str, Any]:
    reference, cell = paired(group, estimand)
    row: dict[str, Any] = {
        "pairs": len(cell),
        "reference_median": float(np.median(reference)),
        "cell_median": float(np.median(cell)),
        "verdict": "",
    }
    logs = log_ratios(reference, cell, ESTIMANDS[estimand].sign)
    if logs is None:
        return row
    if len(logs) < _pairs_needed(confidence):
        return row | {"verdict": "too few pairs"}
    found = signed_rank_interval(logs, confidence)
    row |= {"ratio": math.exp(found.centre), "confidence": found.confidence}
    row |= {"low": math.exp(found.low), "high": math.exp(found.high), "p": _p_value(logs)}
    row["verdict"] = _verdict(row["low"], row["high"], margin, ESTIMANDS[estimand])
    return row | _mean(logs, confidence, seed)


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


def _costs(group: pd.DataFrame) -> tuple[Values, Values, float]:
    """What a pair's cell costs more at the start and saves an epoch, and deliveries an image."""
    startup, epoch = paired(group, "startup_s"), paired(group, "epoch_s")
    counted = group[~group["discarded"].astype(bool)].iloc[0]  # a discarded trial is shorter
    repeats = float(counted["images"] / counted["work_images"])
    return startup[1] - startup[0], epoch[0] - epoch[1], repeats


def _with_holm(table: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Adjust what was not declared primary, and withdraw verdicts that do not survive."""
    table = table.reindex(columns=list(COLUMNS))
    table["p_holm"] = table["p"]
    family = table[~table["primary"].astype(bool) & table["p"].notna()]
    for _, group in family.groupby(["dataset", "experiment", "estimand"]):
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
