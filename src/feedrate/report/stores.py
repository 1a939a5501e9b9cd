"""The section on built stores of images: bytes, seconds to build, and when they are earned back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from feedrate import phrases
from feedrate.estimands import NO_FIGURES
from feedrate.tables import records

DASH = "\N{EN DASH}"
Manifests = Mapping[str, Mapping[str, Any]]
"""Content of ``results/stores/{dataset}/{store}.json`` by store."""


@dataclass(frozen=True)
class StoreRow:
    """One store, and one cell that differs from its reference in nothing but it; ready to print."""

    store: str
    size: str
    times: str
    build: str
    processor: str
    cell: str
    speed_up: str
    paid_back: str


@dataclass(frozen=True)
class StoresView:
    """What the section says."""

    title: str
    rows: list[StoreRow]
    absent: list[str]


def view_stores(manifests: Manifests, summaries: pd.DataFrame) -> StoresView:
    """Turn the manifests of a dataset's stores into the section's text and table.

    Args:
        manifests: Of the stores that the study's cells read, on one machine.
        summaries: From `stats.summarise`, of the same dataset and machine.
    """
    built = {name: each for name, each in manifests.items() if each["available"]["ok"]}
    epochs = summaries[summaries["estimand"] == "epoch_s"]
    found = {name: records(epochs[epochs["cell"] == f"images~{name}"]) for name in built}
    return StoresView(
        title=_title(found),
        rows=[row for name, each in built.items() for row in _rows(each, found[name])],
        absent=[
            f"{name}: {each['available']['reason']}"
            for name, each in manifests.items()
            if name not in built
        ],
    )


def _title(found: Mapping[str, list[dict[str, Any]]]) -> str:
    paid = [
        (float(row["break_even_epochs"]), name)
        for name, rows in found.items()
        for row in rows
        if _has_figures(row) and math.isfinite(row["break_even_epochs"])
    ]
    if not paid:
        return "No store that was built is earned back by a faster epoch here"
    soonest, name = min(paid)
    return f"The store earned back soonest is {name}, after {phrases.epochs(soonest)} epochs"


def _rows(manifest: Mapping[str, Any], cells: list[dict[str, Any]]) -> Iterator[StoreRow]:
    told: list[dict[str, Any] | None] = [*cells] or [None]
    for cell in told:
        yield StoreRow(
            store=manifest["store"],
            size=phrases.megabytes(manifest["bytes"]),
            times=phrases.ratio(manifest["bytes"] / manifest["dataset_bytes"]),
            build=phrases.seconds(manifest["build"]["wall_s"]),
            processor=phrases.seconds(manifest["build"]["cpu_s"]),
            cell=f"{cell['experiment']}/{cell['cell']}" if cell else DASH,
            speed_up=_speed_up(cell),
            paid_back=_paid_back(cell),
        )


def _speed_up(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return DASH
    return phrases.ratio(row["ratio"]) if math.isfinite(row["ratio"]) else str(row["verdict"])


def _paid_back(row: Mapping[str, Any] | None) -> str:
    if row is None or not _has_figures(row):
        return DASH
    after, low, high = (
        phrases.epochs(row[f"break_even_{name}"]) for name in ("epochs", "low", "high")
    )
    return f"{after} ({low} to {high})"


def _has_figures(row: Mapping[str, Any]) -> bool:
    return row["verdict"] not in NO_FIGURES and not math.isnan(row["break_even_epochs"])
