"""Where the time of one image goes: stages alone, stages inside workers, and what lies between."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from feedrate.intervals import MIN_PAIRS, signed_rank_interval
from feedrate.stages import STAGES

IN_WORKERS = STAGES[:6]
"""The stages that run inside a loader; the others belong to the consumer's process."""

_FREE = ("workers", "consumer")
"""Factors in which the profile of the stages differs from the trials beside it."""


@dataclass(frozen=True)
class Contention:
    """What became of the stages inside the workers of the trials; times are an image's.

    Attributes:
        trials: Reference trials looked at.
        workers: Loader processes of each.
        cores: Of the machine.
        alone_ms: Wall time of all stages in one process that has the machine to itself.
        alone_cpu_ms: Processor time of that process.
        worker_ms: Wall time of all stages inside the workers.
        cpu_ms: Processor time of all processes of a trial.
        alone_faults: Page faults of the stages alone.
        faults: Page faults of all processes of a trial.
        switches: Times a process was taken off its core by another; NaN where not recorded.
    """

    trials: int
    workers: int
    cores: int
    alone_ms: float
    alone_cpu_ms: float
    worker_ms: float
    cpu_ms: float
    alone_faults: float
    faults: float
    switches: float

    @property
    def slowdown(self) -> float:
        """How many times as long the stages take inside workers."""
        return self.worker_ms / self.alone_ms

    @property
    def waiting(self) -> float:
        """Wall time inside workers over processor time: above 1 they waited for a core."""
        return self.worker_ms / self.cpu_ms

    @property
    def labour(self) -> float:
        """Processor time of a trial over that of the stages alone: the same work, made dearer."""
        return self.cpu_ms / self.alone_cpu_ms


def stage_table(stages: Mapping[str, Any]) -> pd.DataFrame:
    """The stages alone as a table.

    Args:
        stages: Content of ``results/stages/{dataset}.json``.

    Returns:
        Columns ``stage ms low high share loader_share``, in the order of the pipeline:
        milliseconds an image with their interval (NaN where there is none), the share of all
        stages, and the share without the consumer (NaN for `consume`).
    """
    per_image, bounds = stages["per_image_ms"], stages.get("intervals_ms", {})
    nothing = (math.nan, math.nan)
    table = pd.DataFrame(
        [(s, float(per_image.get(s, 0)), *bounds.get(s, nothing)) for s in STAGES],
        columns=["stage", "ms", "low", "high"],
    )
    loading = table["ms"].where(table["stage"] != "consume")
    return table.assign(share=table["ms"] / table["ms"].sum(), loader_share=loading / loading.sum())


def reference_trials(trials: pd.DataFrame, levels: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """The reference trials whose epochs count, and which ran the pipeline that was profiled.

    Args:
        trials: From `tables.collect`, one dataset.
        levels: The profiled cell's; its workers and consumer do not matter. Of several numbers of
            workers the most frequent is taken.
    """
    chosen = trials[(trials["side"] == "reference") & ~trials["discarded"].astype(bool)]
    if "kind" in chosen:
        chosen = chosen[chosen["kind"] == "epoch"]
    for factor, level in (levels or {}).items():
        if factor not in _FREE and f"level_{factor}" in chosen:
            chosen = chosen[chosen[f"level_{factor}"] == level]
    if levels and not chosen.empty:
        chosen = chosen[chosen["level_workers"] == chosen["level_workers"].mode().iloc[0]]
    return chosen


def reference_stages(trials: pd.DataFrame, levels: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """The stages inside the workers of the reference trials, see `reference_trials`.

    Returns:
        Columns ``stage ms low high trials``: milliseconds an image, the Hodges-Lehmann centre
        over trials and its 95 % interval (the median and NaN where there are too few).
    """
    chosen = reference_trials(trials, levels)
    rows = []
    for stage in STAGES if len(chosen) else ():
        if f"stages_{stage}_s" in chosen:
            ms = 1e3 * chosen[f"stages_{stage}_s"] / chosen["images"]
            rows.append((stage, *_centre(ms), len(ms)))
    return pd.DataFrame(rows, columns=["stage", "ms", "low", "high", "trials"])


def side_by_side(stages: Mapping[str, Any], trials: pd.DataFrame) -> pd.DataFrame:
    """The stages of the loader alone and inside workers.

    Returns:
        Columns ``stage ms low high worker_ms worker_low worker_high factor``; what the trials do
        not hold is NaN. Stages that take no time either way are left out.
    """
    inside = reference_stages(trials, stages["levels"]).drop(columns="trials")
    inside.columns = pd.Index(["stage", "worker_ms", "worker_low", "worker_high"])
    alone = stage_table(stages)[["stage", "ms", "low", "high"]]
    table = alone[alone["stage"].isin(IN_WORKERS)].merge(inside, on="stage", how="left")
    table = table[(table["ms"] > 0) | (table["worker_ms"] > 0)].reset_index(drop=True)
    return table.assign(factor=table["worker_ms"] / table["ms"])


def contention(stages: Mapping[str, Any], trials: pd.DataFrame) -> Contention | None:
    """Compare the stages alone with the trials; None where no trial ran the pipeline profiled."""
    table, chosen = side_by_side(stages, trials), reference_trials(trials, stages["levels"])
    if chosen.empty or "cpu_ms_per_image" not in stages or table["worker_ms"].isna().any():
        return None
    images = chosen["images"]
    cpu_s = chosen["cpu_user_s"] + chosen["cpu_system_s"]
    switches = chosen.get("switches_involuntary", pd.Series(math.nan, chosen.index))
    return Contention(
        trials=len(chosen),
        workers=int(chosen["level_workers"].iloc[0]),
        cores=int(chosen["machine_cores"].iloc[0]),
        alone_ms=float(table["ms"].sum()),
        alone_cpu_ms=float(stages["cpu_ms_per_image"]),
        worker_ms=float(table["worker_ms"].sum()),
        cpu_ms=float((1e3 * cpu_s / images).median()),
        alone_faults=float(stages["faults"]["per_image"]),
        faults=float((chosen["minor_faults"] / images).median()),
        switches=float((switches / images).median()),
    )


def _centre(values: pd.Series[float]) -> tuple[float, float, float]:
    if len(values) < MIN_PAIRS:
        return float(values.median()), math.nan, math.nan
    found = signed_rank_interval(values.to_numpy(float))
    return found.centre, found.low, found.high
