"""The write-up's own two tables, done again line by line beside its figures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from feedrate.claims import Place
from feedrate.evidence import Evidence, NotTestableError
from feedrate.shares import stage_table

Table = list[dict[str, Any]]


def read_published(path: Path) -> dict[str, Any]:
    """Read the block ``published:`` of a file of claims; empty where it has none."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return dict(content.get("published") or {})


def redo(published: Mapping[str, Any], evidence: Mapping[Place, Evidence]) -> dict[str, Any]:
    """Do both tables again, for every dataset and machine: ``results/published.json``."""
    return {
        "schema": 1,
        "places": [
            {
                "dataset": dataset,
                "machine_id": machine,
                "headline": redo_headline(published, found),
                "breakdown": redo_breakdown(published, found),
            }
            for (dataset, machine), found in evidence.items()
        ],
    }


def redo_headline(published: Mapping[str, Any], evidence: Evidence) -> Table:
    """Do the headline table again.

    Returns:
        Rows of ``name published_s published_speedup measured_s ratio low high cell reason``; what
        was not measured is None, and the reason says why.
    """
    if not published:
        return []
    cell = published["headline_cell"]
    rows, reason = {}, ""
    try:
        rows = {name: evidence.row(**cell, estimand=name) for name in ("epoch_s",)}
    except NotTestableError as lacking:
        reason = str(lacking)
    epoch = rows.get("epoch_s")
    return [_headline_row(line, epoch, cell, reason) for line in published["headline"]]


def redo_breakdown(published: Mapping[str, Any], evidence: Evidence) -> Table:
    """Do the estimated breakdown again, as a share of CPU time and of what an epoch waits for.

    Returns:
        Rows of ``name percent stages cpu_percent exposed_percent exposed_low exposed_high cell``.
        The first is the share of one image's time, all stages one after the other in one process;
        the second what an epoch with workers loses if the stage is free. None where not measured.
    """
    if not published:
        return []
    shares = stage_table(evidence.stages).set_index("stage")["share"] if evidence.stages else None
    return [_breakdown_row(line, shares, evidence) for line in published["breakdown"]]


def _headline_row(
    line: Mapping[str, Any], epoch: Mapping[str, Any] | None, cell: Mapping[str, str], reason: str
) -> dict[str, Any]:
    own = epoch is not None and line["side"] == "cell"
    compared = {key: epoch[key] if epoch and own else None for key in ("ratio", "low", "high")}
    return {
        "name": line["name"],
        "published_s": line["seconds"],
        "published_speedup": line["speedup"],
        "measured_s": epoch[f"{line['side']}_median"] if epoch else None,
        **compared,
        "cell": "/".join(cell.values()),
        "reason": reason,
    }


def _breakdown_row(line: Mapping[str, Any], shares: Any, evidence: Evidence) -> dict[str, Any]:
    exposed = dict.fromkeys(("exposed_percent", "exposed_low", "exposed_high"))
    try:
        row = evidence.row(*line["freed"].split("/")) if line["freed"] else None
    except NotTestableError:
        row = None
    if row:
        bounds = 100 * (1 - 1 / np.array([row["ratio"], row["low"], row["high"]]))
        exposed = dict(zip(exposed, bounds.tolist(), strict=True))
    return {
        "name": line["name"],
        "percent": line["percent"],
        "stages": list(line["stages"]),
        "cpu_percent": None if shares is None else float(100 * shares[line["stages"]].sum()),
        **exposed,
        "cell": line["freed"],
    }
