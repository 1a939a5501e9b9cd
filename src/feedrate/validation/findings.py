"""The table of findings: a csv file that opens in any spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, fields
from pathlib import Path
from typing import cast, get_args

from feedrate.files import atomic_path
from feedrate.formats import printable
from feedrate.sample import Finding, Severity

Trouble = tuple[str, str]
"""Name of a check, and the message."""

Trio = tuple[str, str, str]
"""Name of a check, message and location."""

COLUMNS = [field.name for field in fields(Finding)]


def write_findings(path: Path, findings: Iterable[Finding]) -> None:
    """Write findings as they come, whole or not at all."""
    with findings_writer(path) as note:
        for finding in findings:
            note(finding)


@contextmanager
def findings_writer(path: Path) -> Iterator[Callable[[Finding], None]]:
    """Open a table for writing, a finding at a time; it appears when the block ends well."""
    with (
        atomic_path(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as stream,
    ):
        # All quoted: a bare carriage return in a file name would read as the end of a row.
        table = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
        table.writerow(COLUMNS)

        def note(finding: Finding) -> None:
            table.writerow(astuple(finding))

        yield note


def read_findings(path: Path) -> list[Finding]:
    """Read a table that `write_findings` wrote; see `stream_findings`."""
    return list(stream_findings(path))


def stream_findings(path: Path) -> Iterator[Finding]:
    """Yield the findings of a table, in order.

    Raises:
        OSError: There is no such file.
        ValueError: It is no table of findings; the message names file and line.
    """
    with path.open(encoding="utf-8", newline="") as stream:
        table = csv.reader(stream)
        if next(table, None) != COLUMNS:
            raise ValueError(f"{path}: not a table of findings; its columns are {COLUMNS}")
        for row in table:
            yield _to_finding(row, f"{path}:{table.line_num}")


def visible(text: str) -> str:
    """Escape what a terminal would obey and a table could not hold: control characters."""
    escaped = (c if c.isprintable() else ascii(c)[1:-1] for c in printable(text))
    return text if text.isprintable() else "".join(escaped)


def _to_finding(row: list[str], location: str) -> Finding:
    if len(row) != len(COLUMNS) or row[2] not in get_args(Severity):
        raise ValueError(f"{location}: {row} is no finding; its columns are {COLUMNS}")
    return Finding(row[0], row[1], cast(Severity, row[2]), row[3], row[4])
