"""One comparison, measured as a study would, and the part of its record that goals are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from feedrate import pairs
from feedrate.forkserver import Servers, TrialError
from feedrate.selftest.cases import Case
from feedrate.selftest.material import Material
from feedrate.selftest.plants import SPUN
from feedrate.turns import EPOCH, STEADY

Rows = Sequence[Mapping[str, Any]]


def compare(case: Case, material: Material, servers: Servers) -> dict[str, Any]:
    """Measure one case; a trial that fails is an answer, too.

    Returns:
        What `comparisons` of ``results/selftest/records.json`` holds: which case, the gate's
        words, and of every trial that counts the figures named in `_trial`. ``refused`` is the
        message of a cell that could not be measured at all, else empty.
    """
    began = datetime.now(UTC)
    record: dict[str, Any] = {}
    batches: Rows = []
    refused = ""
    try:
        record, batches, _ = pairs.measure(
            case.measured, "selftest", material.index, material.maps_root, _silent, servers
        )
    except TrialError as error:
        refused = str(error)
    available = record.get("available", {"ok": True, "reason": ""})
    return {
        "section": case.section,
        "name": case.name,
        "repeat": case.repeat,
        "hidden": case.hidden,
        "cell": case.measured.name,
        "workers": case.measured.cell.workers,
        "images": case.measured.conditions.work.images,
        "refused": refused or available["reason"],
        "available": available["ok"],
        "gate": record.get("gate", {"valid": False, "checks": 0, "failures": []}),
        "trials": [_trial(trial, batches) for trial in record.get("trials", []) if _counts(trial)],
        "elapsed_s": (datetime.now(UTC) - began).total_seconds(),
    }


def _counts(trial: Mapping[str, Any]) -> bool:
    return trial["kind"] in (EPOCH, STEADY)


def _trial(trial: Mapping[str, Any], batches: Rows) -> dict[str, Any]:
    """The figures of one trial that any goal asks for; seconds."""
    kept = {name: trial[name] for name in ("kind", "pair", "side", "position", "epoch_s")}
    kept |= {name: trial[name] for name in ("startup_s", "stall_s", "images", "batches")}
    kept |= {
        "first_batch_s": trial["startup"]["first_batch_s"],
        "cpu_s": trial["cpu_user_s"] + trial["cpu_system_s"],
        "stages_s": sum(trial["stages_s"].values()),
        "spun_s": trial["loader_facts"].get(SPUN, 0.0),
    }
    if trial["kind"] == STEADY:
        kept["arrived_s"] = [row["arrived_s"] for row in _rows_of(trial, batches)]
    return kept


def _rows_of(trial: Mapping[str, Any], batches: Rows) -> Rows:
    where = ("pair", "side", "kind")
    found = [row for row in batches if all(row[name] == trial[name] for name in where)]
    return sorted(found, key=lambda row: row["batch"])


def _silent(done: int, total: int) -> None:
    """Tell nothing: the self-test counts comparisons, not trials."""
