"""The table of findings: a csv file that opens in any spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import astuple, fields
from pathlib import Path
from typing import cast, get_args

from feedrate.files import write_text
from feedrate.sample import Finding, Severity

COLUMNS = [field.name for field in fields(Finding)]


def write_findings(path: Path, findings: Iterable[Finding]) -> None:
    """Write findings, whole or not at all."""
    stream = io.StringIO()
    # All quoted: a bare carriage return in a file name would read as the end of a row.
    table = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
    table.writerow(COLUMNS)
    table.writerows(astuple(finding) for finding in findings)
    write_text(path, stream.getvalue())


def read_findings(path: Path) -> list[Finding]:
    """Read a table that `write_findings` wrote.

    Raises:
        OSError: There is no such file.
        ValueError: It is no table of findings; the message names file and line.
    """
    with path.open(encoding="utf-8", newline="") as stream:
        table = csv.reader(stream)
        if next(table, None) != COLUMNS:
            raise ValueError(f"{path}: not a table of findings; its columns are {COLUMNS}")
        return [_to_finding(row, f"{path}:{table.line_num}") for row in table]


def _to_finding(row: list[str], location: str) -> Finding:
    if len(row) != len(COLUMNS) or row[2] not in get_args(Severity):
        raise ValueError(f"{location}: {row} is no finding; its columns are {COLUMNS}")
    return Finding(row[0], row[1], cast(Severity, row[2]), row[3], row[4])
