"""Records in, one tidy table out: a row a trial, everything flattened, nothing judged.

Columns of the table (``results/tables/{dataset}/trials.csv``):

* ``dataset experiment cell primary`` name the cell; ``side kind pair position discarded`` the
  trial: its kind is ``warm_up`` (discarded), ``epoch`` or ``steady`` (a looped run);
* ``available unavailable_reason``: of a cell that cannot be measured here one row says why;
* ``level_*`` are the levels of *that side*; ``work_*`` the work declared;
* ``gate_valid gate_checks gate_failures equivalence equivalence_note`` are the record's;
* ``stopping_*`` is the rule that said how many pairs there are, and what it saw;
* ``machine_*`` is the fingerprint, ``hash_*`` what was measured and with which code;
* ``store_build_s`` is `breakeven.build_share_s` of *that side's* store;
* nested figures keep their path: ``startup_preload_s``, ``counters_decode``, ``stages_read_s``;
* the estimands, never mixed: ``epoch_s epoch_with_startup_s startup_s first_batch_s images_per_s
  cpu_s_per_image stall_fraction pss_bytes minor_faults_per_image switches_per_image
  read_bytes_per_image steal_s``; ``boundary_s`` is the median of a trial's, between its epochs;
* ``steady_images_per_s steady_from_batch steady_verdict`` of looped runs, from their batches
  (`feedrate.steady`); a run without a steady state has no rate.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import pandas as pd

from feedrate.breakeven import build_share_s
from feedrate.cell import Cell
from feedrate.equivalence import describe
from feedrate.records import SCHEMA, RecordPaths
from feedrate.steady import Steadiness, judge_run
from feedrate.turns import EPOCH, STEADY

_TEXT_PREFIXES = (
    *("dataset", "experiment", "cell", "side", "kind", "gate_failures", "equivalence"),
    *("unavailable_reason", "level_", "machine_", "hash_", "environment", "threads_omp"),
    *("page_cache_level", "steady_verdict"),
)
_COUNTS = [f"level_{name}" for name, f in Cell.model_fields.items() if f.annotation is int]
_NUMBERS = (*_COUNTS, "machine_cores", "machine_memory_gib")
_KEYS = (
    *("dataset", "experiment", "cell", "seed", "levels", "reference_levels", "work"),
    *("machine", "available", "gate", "equivalence", "stopping", "trials"),
)


def collect(
    record_paths: Iterable[Path], primary: Mapping[str, Collection[str]] | None = None
) -> pd.DataFrame:
    """Flatten the records of measured cells into one row a trial.

    Args:
        record_paths: JSON files of this schema, with the batches of looped runs beside them.
        primary: The cells declared primary, by experiment: judged without Holm. A record does not
            hold them, for how a cell is judged does not change how it is measured.

    Raises:
        ValueError: No record given, or one that is not of this schema or has no trials.
        FileNotFoundError: A record has looped runs, but no table of batches.
    """
    rows = [row for path in record_paths for row in _rows(Path(path), primary or {})]
    if not rows:
        raise ValueError("no records given: there is nothing to collect")
    table = pd.DataFrame(rows)
    text = [name for name in table.columns if _is_text(name)]
    return _with_estimands(table.fillna(dict.fromkeys(text, "")))


def counted(trials: pd.DataFrame, kind: str = EPOCH) -> pd.DataFrame:
    """The trials that count: of one kind, without those thrown away."""
    return trials[(trials["kind"] == kind) & ~trials["discarded"].astype(bool)]


def read_record(path: Path) -> dict[str, Any]:
    """Read one record.

    Raises:
        ValueError: The file is not JSON, has another schema, or lacks keys or trials.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: not JSON: {error}") from None
    found = record.get("schema") if isinstance(record, dict) else None
    if found != SCHEMA:
        raise ValueError(
            f"{path}: schema {found!r}; this version reads schema {SCHEMA}: measure the cell again"
        )
    missing = [key for key in _KEYS if key not in record]
    if missing or (record["available"]["ok"] and not record["trials"]):
        lacks = ", ".join(missing) or "any trial"
        raise ValueError(f"{path}: lacks {lacks}; measure the cell again")
    return dict(record)


def read_trials(path: Path) -> pd.DataFrame:
    """Read a table of trials written as CSV, with text kept as text (an id may look numeric)."""
    return read_csv(path, filter(_is_text, pd.read_csv(path, nrows=0).columns))


def read_csv(path: Path, text: Iterable[str]) -> pd.DataFrame:
    """Read CSV where only an empty field is missing, and missing text is the empty text."""
    columns = list(text)
    table = pd.read_csv(
        path, dtype=dict.fromkeys(columns, "str"), keep_default_na=False, na_values=[""]
    )
    return table.fillna(dict.fromkeys(columns, ""))


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as dictionaries of plain Python values, in order."""
    return cast("list[dict[str, Any]]", table.to_dict("records"))


def _is_text(name: str) -> bool:
    return name not in _NUMBERS and name.startswith(_TEXT_PREFIXES)


def _rows(path: Path, primary: Mapping[str, Collection[str]]) -> Iterable[dict[str, Any]]:
    record = read_record(path)
    declared = record["cell"] in primary.get(record["experiment"], ())
    shared = {**_of_record(record), "primary": declared}
    if not record["available"]["ok"]:
        nothing = {"side": "cell", "kind": "", "pair": -1, "discarded": True}
        yield {**shared, **_of_side(record, "cell"), **nothing}
    runs = _steady_runs(path, record)
    for trial in record["trials"]:
        found = runs.get((trial["pair"], trial["side"])) if trial["kind"] == STEADY else None
        gaps_s = pd.Series(trial.get("boundaries_s", []), dtype=float)
        figures = {**_flatten(trial), "boundary_s": gaps_s.median(), **_of_run(found)}
        yield {**shared, **_of_side(record, trial["side"]), **figures}


def _of_record(record: Mapping[str, Any]) -> dict[str, Any]:
    gate, equivalence = record["gate"], record["equivalence"]
    available, stopping = record["available"], record["stopping"]
    return {
        **{key: record[key] for key in ("dataset", "experiment", "cell", "seed")},
        **{f"work_{key}": value for key, value in record["work"].items()},
        "available": bool(available["ok"]),
        "unavailable_reason": "" if available["ok"] else available["reason"],
        "gate_valid": bool(gate["valid"]),
        "gate_checks": gate["checks"],
        "gate_failures": "; ".join(gate["failures"]),
        "equivalence": equivalence.get("verdict", ""),
        "equivalence_note": describe(equivalence),
        **{f"stopping_{key}": _number(value) for key, value in stopping.items()},
        **{f"hash_{key}": value for key, value in record.get("hashes", {}).items()},
        **_of_machine(record["machine"]),
    }


def _of_machine(machine: Mapping[str, Any]) -> dict[str, Any]:
    """The fingerprint, but for the versions of all that is installed: they would fill every row."""
    told = {key: value for key, value in machine.items() if key != "all_versions"}
    named = {f"machine_{key.removeprefix('machine_')}": value for key, value in told.items()}
    return {key: value if key in _NUMBERS else _told(value) for key, value in named.items()}


def levels_of(row: Mapping[str, Any]) -> Cell:
    """The cell that a row of a table of trials ran; what it does not say is as usual."""
    usual = Cell()
    known = {
        factor: type(default)(row[f"level_{factor}"])
        for factor, default in usual.model_dump().items()
        if f"level_{factor}" in row
    }
    return usual.with_levels(known)


def _told(value: Any) -> str:
    """Plain data as text: ``torch 2.13.0, numpy 2.4.6``; nothing for None."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_told(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return " ".join(_told(inner) for inner in value)
    return "" if value is None else str(value)


def _of_side(record: Mapping[str, Any], side: str) -> dict[str, Any]:
    levels = record["levels" if side == "cell" else "reference_levels"]
    environment = record.get("environments", {}).get(side, {})
    return {
        "store_build_s": build_share_s(record, side),
        **{f"level_{factor}": level for factor, level in levels.items()},
        "environment": " ".join(f"{key}={value}" for key, value in environment.items()),
    }


def _steady_runs(path: Path, record: Mapping[str, Any]) -> dict[tuple[int, str], Steadiness]:
    """Test every looped run of a record, by pair and side."""
    if all(trial["kind"] != STEADY for trial in record["trials"]):
        return {}
    batches = pd.read_parquet(RecordPaths.beside(path).batches)
    images, found = record["work"]["images"], {}
    for key, run in batches[batches["kind"] == STEADY].groupby(["pair", "side"]):
        pair, side = cast("tuple[int, str]", key)
        levels = record["levels" if side == "cell" else "reference_levels"]
        period = images // math.gcd(images, levels["batch_size"])
        rows = run.sort_values("batch")
        found[pair, side] = judge_run(rows["arrived_s"], rows["images"], levels["workers"], period)
    return found


def _of_run(run: Steadiness | None) -> dict[str, Any]:
    return {
        "steady_images_per_s": run.images_per_s if run else math.nan,
        "steady_from_batch": float(run.from_batch) if run else math.nan,
        "steady_verdict": run.verdict if run else "",
    }


def _flatten(trial: Mapping[str, Any]) -> dict[str, Any]:
    """Join nested keys; a unit at the end of the outer key moves to the end of the name.

    Lists (memory over time) stay in the record: a table has no place for them.
    """
    flat: dict[str, Any] = {}
    for key, value in trial.items():
        stem, unit = (key.removesuffix("_s"), "_s") if key.endswith("_s") else (key, "")
        inner = value if isinstance(value, dict) else {}
        nested = {f"{stem}_{name}{unit}": each for name, each in inner.items()}
        flat |= nested if isinstance(value, dict) else {key: value}
    return {key: _number(value) for key, value in flat.items() if not isinstance(value, list)}


def _number(value: Any) -> Any:
    """What JSON calls null is a number that was not measured."""
    return math.nan if value is None else value


def _with_estimands(table: pd.DataFrame) -> pd.DataFrame:
    if "epoch_s" not in table:  # no cell of the experiment can be measured on this machine
        return table
    cpu_s = table["cpu_user_s"] + table["cpu_system_s"]
    switches = table["switches_voluntary"] + table["switches_involuntary"]
    return table.assign(
        epoch_with_startup_s=table["startup_s"] + table["epoch_s"],
        first_batch_s=table["startup_first_batch_s"],
        images_per_s=table["images"] / table["epoch_s"],
        cpu_s_per_image=cpu_s / table["images"],
        stall_fraction=table["stall_s"] / table["epoch_s"],
        minor_faults_per_image=table["minor_faults"] / table["images"],
        switches_per_image=switches / table["images"],
        read_bytes_per_image=table["os_read_chars"] / table["images"],
    )
