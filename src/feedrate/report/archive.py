"""A record of an executed study, small enough to be committed and read without running anything."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from feedrate.cell import REFERENCE, Cell
from feedrate.files import atomic_path, write_bytes, write_text
from feedrate.report.study import Study
from feedrate.tables import read_record, records
from feedrate.waterfall import read_steps
from feedrate.waterfall_figures import draw_waterfall

PAGES = {
    "report/index.html": "report.html",
    "report/guide.html": "guide.html",
    "report/selftest.html": "selftest.html",
}
"""What is copied under another name; the notebooks' pages keep theirs."""


FIRST = (
    *("experiment", "cell", "reference", "estimand", "ratio", "low", "high"),
    *("verdict", "equivalence"),
)
"""The first columns of a record's summary."""


def keep_record(study: Study, results: Path, paths: Iterable[Path], directory: Path) -> None:
    """Copy what people read of a study: page, notebooks, verdicts, waterfalls, the machine.

    Args:
        study: The study's tables.
        results: Its results folder.
        paths: Its raw records, for the fingerprint.
        directory: Where to keep the copy; made where it is absent.

    Raises:
        FileNotFoundError: The study is not finished; the message names what is missing.
    """
    pages = PAGES | {
        str(path.relative_to(results)): path.name
        for path in sorted((results / "notebooks").glob("*.html"))
    }
    for source, name in pages.items():
        write_bytes(directory / name, (results / source).read_bytes())
    cells = [read_record(path) for path in paths]
    summaries = with_references(study.summaries, cells)
    for name, table in (("summary.csv", summaries), ("claims.csv", study.claims)):
        with atomic_path(directory / name) as temporary:
            table.to_csv(temporary, index=False)
    for name, material in study.materials.items():
        slug = re.sub(r"\W+", "-", name)
        for experiment in dict.fromkeys(material.summaries["experiment"]):
            steps = read_steps(material.summaries, experiment)
            if steps:
                write_text(directory / f"{slug}-{experiment}.svg", draw_waterfall(steps))
    fingerprint = json.dumps(_fingerprint(cells), indent=1)
    write_text(directory / "fingerprint.json", fingerprint + "\n")


def with_references(summaries: pd.DataFrame, cells: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Put first what a reader looks for, and name what each cell was compared with.

    Args:
        summaries: From `stats.summarise`.
        cells: The records of the same cells, those that are not available too.

    Returns:
        The summaries with a column ``reference`` (what differs from the defaults of
        `feedrate.cell.Cell`) and `FIRST` in front; rows of ``epoch_s``, which decide, before the
        others.

    Raises:
        KeyError: A cell of the summaries has no record; it is named.
    """
    named = {_place(record): _name(record["reference_levels"]) for record in cells}
    table = summaries.assign(reference=[named[_place(row)] for row in records(summaries)])
    rest = [name for name in table.columns if name not in FIRST]
    decides = table["estimand"] == "epoch_s"
    return pd.concat([table[decides], table[~decides]])[[*FIRST, *rest]]


def _place(row: Mapping[str, Any]) -> str:
    return f"{row['dataset']}/{row['experiment']}/{row['cell']}"


def _name(levels: Mapping[str, Any]) -> str:
    """Name a pipeline by what differs from the defaults."""
    usual = Cell()
    name = usual.with_levels(levels).name(usual)
    return "defaults" if name == REFERENCE else name


def _fingerprint(cells: list[dict[str, Any]]) -> dict[str, Any]:
    """When it ran, and on which machines: one unless somebody mixed two."""
    machines = {record["machine"]["machine_id"]: record["machine"] for record in cells}
    return {
        "started_at": min(record["started_at"] for record in cells),
        "ended_at": max(record["ended_at"] for record in cells),
        "datasets": sorted({record["dataset"] for record in cells}),
        "cells": len(cells),
        "machines": list(machines.values()),
    }
