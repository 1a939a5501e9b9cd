"""Absolute figures as rows of ready text: times, start-up and what a cell cost the machine."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from feedrate import phrases
from feedrate.estimands import ESTIMANDS
from feedrate.report.sections import DASH
from feedrate.tables import counted, records
from feedrate.turns import STEADY

TIMES = ("epoch_s", "epoch_with_startup_s", "steady_images_per_s", "stall_fraction")
BOUNDARY = "boundary_s"
COSTS = (
    *("cpu_s_per_image", "pss_bytes", "minor_faults_per_image", "switches_per_image"),
    *("read_bytes_per_image", "steal_s"),
)
"""The estimands of the two tables of absolute figures; the others have tables of their own."""
_STARTUP = {
    "startup_construct_s": "construct",
    "startup_preload_s": "preload",
    "startup_jit_s": "load compiled code",
    "startup_iter_s": "workers up",
    "startup_first_batch_s": "first batch",
}
_MOSTLY = "flat"
_SECONDS = ("s", "s/image")


@dataclass(frozen=True)
class Absolute:
    """Estimands of one cell, absolute: ``(reference, cell)`` text by estimand."""

    cell: str
    values: dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Startup:
    """What one pipeline does before its epoch runs: text by part."""

    name: str
    parts: dict[str, str]


def absolutes(summaries: pd.DataFrame, words: Mapping[Any, str]) -> list[Absolute]:
    """Times of every cell, save the rate that stands beside its ratio in `results`.

    What lies between epochs has a column where a trial of some cell had several.

    Args:
        summaries: Of one dataset on one machine.
        words: From `steady_words`.
    """
    bounded = summaries[summaries["estimand"] == BOUNDARY]["cell_median"].notna().any()
    shown = [*TIMES, BOUNDARY] if bounded else list(TIMES)
    return [
        Absolute(
            f"{experiment}/{cell}",
            {
                row["estimand"]: _both(row, words)
                for row in records(group[group["estimand"].isin(shown)])
            },
        )
        for (experiment, cell), group in summaries.groupby(["experiment", "cell"], sort=False)
    ]


def costs(summaries: pd.DataFrame) -> list[Absolute]:
    """What every cell cost the machine."""
    chosen = summaries[summaries["estimand"].isin(COSTS)]
    return [
        Absolute(f"{experiment}/{cell}", {row["estimand"]: _both(row, {}) for row in records(rows)})
        for (experiment, cell), rows in chosen.groupby(["experiment", "cell"], sort=False)
    ]


def steady_words(trials: pd.DataFrame) -> dict[Any, str]:
    """What the steady-state test says of looped runs, by experiment, cell and side."""
    looped = counted(trials, STEADY)
    if looped.empty:
        return {}
    groups = looped.groupby(["experiment", "cell", "side"])["steady_verdict"]
    return {key: ", ".join(sorted(set(verdicts))) for key, verdicts in groups}


def startups(trials: pd.DataFrame) -> list[Startup]:
    """The start-up split of the references and of the primary cells, of all where none is."""
    epochs = counted(trials)
    if epochs.empty:
        return []
    cells = epochs[epochs["side"] == "cell"]
    chosen = cells[cells["primary"].astype(bool)] if cells["primary"].any() else cells
    references = epochs[epochs["side"] == "reference"]
    levels = [name for name in references.columns if name.startswith("level_")]
    like = references[levels].astype(str).agg("+".join, axis=1)
    return [
        *(_startup(rows, "reference") for _, rows in references.groupby(like, sort=False)),
        *(
            _startup(rows, rows["cell"].iloc[0])
            for _, rows in chosen.groupby(["experiment", "cell"])
        ),
    ]


def _both(row: Mapping[str, Any], words: Mapping[Any, str]) -> tuple[str, str]:
    """The reference's and the cell's figure; a looped run that was not flat says what it was."""
    name, shown = row["estimand"], []
    for side in ("reference", "cell"):
        looped = ESTIMANDS[name].kind == STEADY
        word = words.get((row["experiment"], row["cell"], side), "") if looped else ""
        value = row[f"{side}_median"]
        number = _shown(name, value) if math.isfinite(value) or not word else ""
        shown.append(" ".join(filter(None, [number, word if word != _MOSTLY else ""])))
    return shown[0], shown[1]


def _startup(rows: pd.DataFrame, name: str) -> Startup:
    first = rows.iloc[0]
    label = f"{first['experiment']}/{name}"
    parts = {word: phrases.seconds(float(rows[key].median())) for key, word in _STARTUP.items()}
    return Startup(label, parts)


def _shown(estimand: str, value: float) -> str:
    if not math.isfinite(value):
        return DASH
    unit = ESTIMANDS[estimand].unit
    if unit.startswith("bytes"):
        return phrases.megabytes(value)
    if unit == "share":
        return phrases.percent(value)
    return phrases.seconds(value) if unit in _SECONDS else phrases.digits(value)
