"""A record of an executed study, small enough to be committed and read without running anything."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from feedrate.files import atomic_path, write_bytes, write_text
from feedrate.report.study import Study
from feedrate.tables import read_record
from feedrate.waterfall import read_steps
from feedrate.waterfall_figures import draw_waterfall

PAGES = {"report/index.html": "report.html", "report/selftest.html": "selftest.html"}
"""What is copied under another name; the notebooks' pages keep theirs."""


def keep_record(study: Study, results: Path, records: Iterable[Path], directory: Path) -> None:
    """Copy what people read of a study: page, notebooks, verdicts, waterfalls, the machine.

    Args:
        study: The study's tables.
        results: Its results folder.
        records: Its raw records, for the fingerprint.
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
    for name, table in (("summary.csv", study.summaries), ("claims.csv", study.claims)):
        with atomic_path(directory / name) as temporary:
            table.to_csv(temporary, index=False)
    for name, material in study.materials.items():
        slug = re.sub(r"\W+", "-", name)
        for experiment in dict.fromkeys(material.summaries["experiment"]):
            steps = read_steps(material.summaries, experiment)
            if steps:
                write_text(directory / f"{slug}-{experiment}.svg", draw_waterfall(steps))
    fingerprint = json.dumps(_fingerprint([read_record(path) for path in records]), indent=1)
    write_text(directory / "fingerprint.json", fingerprint + "\n")


def _fingerprint(records: list[dict[str, Any]]) -> dict[str, Any]:
    """When it ran, and on which machines: one unless somebody mixed two."""
    machines = {record["machine"]["machine_id"]: record["machine"] for record in records}
    return {
        "started_at": min(record["started_at"] for record in records),
        "ended_at": max(record["ended_at"] for record in records),
        "datasets": sorted({record["dataset"] for record in records}),
        "cells": len(records),
        "machines": list(machines.values()),
    }
