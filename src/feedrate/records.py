"""Records: everything a trial saw, kept raw; statistics are always recomputed from them.

Schema history:
    1: first version.
    2: kinds of trial, a true epoch beside looped runs, the stopping rule, page cache, memory over
       time, context switches, threads of workers, hashes; levels that a machine does not have.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from feedrate.files import atomic_path, write_text

SCHEMA = 2


class RecordPaths(NamedTuple):
    """The three files of a measured cell."""

    record: Path
    batches: Path
    samples: Path

    @classmethod
    def beside(cls, record: Path) -> RecordPaths:
        """Name the tables that belong to a record."""
        stem = record.name.removesuffix(".json")
        return cls(
            record,
            record.with_name(f"{stem}.batches.parquet"),
            record.with_name(f"{stem}.samples.parquet"),
        )


def write_record(
    path: Path,
    record: Mapping[str, Any],
    batches: Sequence[Mapping[str, Any]],
    samples: Sequence[Mapping[str, Any]],
) -> None:
    """Write a record and its two tables; the JSON last, so that it stands for all three."""
    paths = RecordPaths.beside(path)
    for target, rows in ((paths.batches, batches), (paths.samples, samples)):
        with atomic_path(target) as temporary:
            pd.DataFrame(list(rows)).to_parquet(temporary, index=False)
    write_json(path, {"schema": SCHEMA, **record})


def hash_of(content: Any) -> str:
    """Hash plain data: 16 hexadecimal digits, the same for the same content."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON that people can read; NaN is refused, for it is no JSON."""
    write_text(path, json.dumps(content, indent=1, allow_nan=False) + "\n")
