"""Records in, one tidy table out: a row a trial, everything flattened, nothing judged.

Columns of the table (``results/tables/{dataset}/trials.csv``):

* ``dataset experiment cell primary`` name the cell; ``side pair position discarded`` the trial;
* ``level_*`` are the levels of *that side*; ``work_*`` the work declared;
* ``gate_valid gate_checks gate_failures equivalence equivalence_note`` are the record's;
* ``machine_*`` is the fingerprint;
* nested figures keep their path: ``startup_preload_s``, ``counters_decode``, ``stages_read_s``;
* the estimands, never mixed: ``epoch_s epoch_with_startup_s startup_s first_batch_s images_per_s
  cpu_s_per_image stall_fraction pss_bytes``.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import pandas as pd

SCHEMA = 1
STAGES = ("read", "decode", "transform", "filter", "targets", "collate", "transfer", "consume")
"""The stages of a pipeline, in order; the same words everywhere."""

_TEXT_PREFIXES = (
    *("dataset", "experiment", "cell", "side", "gate_failures", "equivalence"),
    *("level_", "machine_", "threads_omp"),
)
_KEYS = (
    *("dataset", "experiment", "cell", "seed", "levels", "reference_levels", "work"),
    *("machine", "gate", "equivalence", "trials"),
)


def collect(
    record_paths: Iterable[Path], primary: Mapping[str, Collection[str]] | None = None
) -> pd.DataFrame:
    """Flatten the records of measured cells into one row a trial.

    Args:
        record_paths: JSON files of schema 1.
        primary: The cells declared primary, by experiment: judged without Holm. A record does not
            hold them, for how a cell is judged does not change how it is measured.

    Raises:
        ValueError: No record given, or one that is not of this schema or has no trials.
    """
    declared = primary or {}
    rows = [row for path in record_paths for row in _rows(read_record(Path(path)), declared)]
    if not rows:
        raise ValueError("no records given: there is nothing to collect")
    return _with_estimands(pd.DataFrame(rows))


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
        raise ValueError(f"{path}: schema {found!r}; this version reads schema {SCHEMA}")
    missing = [key for key in _KEYS if key not in record]
    if missing or not record["trials"]:
        lacks = ", ".join(missing) or "any trial"
        raise ValueError(f"{path}: lacks {lacks}; measure the cell again")
    return dict(record)


def read_trials(path: Path) -> pd.DataFrame:
    """Read a table of trials written as CSV, with text kept as text (an id may look numeric)."""
    header = pd.read_csv(path, nrows=0).columns
    text = [name for name in header if _is_text(name)]
    return read_csv(path, text)


def read_csv(path: Path, text: Iterable[str]) -> pd.DataFrame:
    """Read CSV where only an empty field is missing, and missing text is the empty text."""
    columns = list(text)
    table = pd.read_csv(
        path, dtype=dict.fromkeys(columns, "str"), keep_default_na=False, na_values=[""]
    )
    return table.assign(**{name: table[name].fillna("") for name in columns if name in table})


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as dictionaries of plain Python values, in order."""
    return cast("list[dict[str, Any]]", table.to_dict("records"))


def _is_text(name: str) -> bool:
    numeric = ("level_workers", "level_batch_size", "machine_cores", "machine_memory_gib")
    return name not in numeric and name.startswith(_TEXT_PREFIXES)


def _rows(
    record: Mapping[str, Any], primary: Mapping[str, Collection[str]]
) -> Iterable[dict[str, Any]]:
    declared = record["cell"] in primary.get(record["experiment"], ())
    shared = {**_of_record(record), "primary": declared}
    for trial in record["trials"]:
        side = "levels" if trial["side"] == "cell" else "reference_levels"
        levels = {f"level_{factor}": level for factor, level in record[side].items()}
        yield {**shared, **levels, **_flatten(trial)}


def _of_record(record: Mapping[str, Any]) -> dict[str, Any]:
    gate, equivalence, machine = record["gate"], record["equivalence"], record["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    facts = {key: value for key, value in machine.items() if not isinstance(value, dict)}
    return {
        **{key: record[key] for key in ("dataset", "experiment", "cell", "seed")},
        **{f"work_{key}": value for key, value in record["work"].items()},
        "gate_valid": bool(gate["valid"]),
        "gate_checks": gate["checks"],
        "gate_failures": "; ".join(gate["failures"]),
        "equivalence": equivalence["verdict"],
        "equivalence_note": _difference(equivalence),
        **{
            key if key.startswith("machine_") else f"machine_{key}": value
            for key, value in facts.items()
        },
        "machine_versions": versions,
    }


def _difference(equivalence: Mapping[str, Any]) -> str:
    """Say what differs between the batches of the two sides, empty where nothing does."""
    notes = [
        f"{field}: max {d['max']:.3g}, mean {d['mean']:.3g}, {100 * d['share']:.3g} % of values"
        for field, d in equivalence.get("fields", {}).items()
        if d["max"]
    ]
    for key in ("missing", "extra"):
        notes += [f"{key}: {name}" for name in equivalence.get(key, ())]
    return "; ".join(notes)


def _flatten(trial: Mapping[str, Any]) -> dict[str, Any]:
    """Join nested keys; a unit at the end of the outer key moves to the end of the name."""
    flat: dict[str, Any] = {}
    for key, value in trial.items():
        if not isinstance(value, dict):
            flat[key] = value
            continue
        stem, unit = (key.removesuffix("_s"), "_s") if key.endswith("_s") else (key, "")
        flat |= {f"{stem}_{name}{unit}": inner for name, inner in value.items()}
    return flat


def _with_estimands(table: pd.DataFrame) -> pd.DataFrame:
    cpu_s = table["cpu_user_s"] + table["cpu_system_s"]
    return table.assign(
        epoch_with_startup_s=table["startup_s"] + table["epoch_s"],
        first_batch_s=table["startup_first_batch_s"],
        images_per_s=table["images"] / table["epoch_s"],
        cpu_s_per_image=cpu_s / table["images"],
        stall_fraction=table["stall_s"] / table["epoch_s"],
    )
