"""What the page of a dataset is made from: facts, findings, gallery, and where it came from."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from feedrate.report.study import FINDING_COLUMNS

SEVERITIES = ("error", "warning", "info")
SHOWN_FINDINGS = 200
FACT_COLUMNS = (
    *("key", "width", "height", "bytes", "kind", "mode"),
    *("instances", "ignored", "drawn", "too_small", "lost", "text_sides"),
)


@dataclass(frozen=True)
class Tally:
    """How often one check found something.

    Attributes:
        check: Its name.
        severity: Of its findings.
        count: How many there are.
        images: In how many images or files.
        first: The first of these.
    """

    check: str
    severity: str
    count: int
    images: int
    first: str


@dataclass(frozen=True)
class Digest:
    """All findings, summed up.

    Attributes:
        tallies: The gravest first, then the most frequent.
        shown: The first `SHOWN_FINDINGS`, the gravest first, with the columns of the table.
        faulty: The keys of images and files with an error.
    """

    tallies: list[Tally]
    shown: list[dict[str, str]]
    faulty: set[str]

    def count(self, *severities: str) -> int:
        """Count the findings of some severities."""
        return sum(tally.count for tally in self.tallies if tally.severity in severities)


@dataclass(frozen=True)
class Card:
    """One finding of the gallery; `picture` is a JPEG, empty where the image was not opened."""

    key: str
    check: str
    severity: str
    message: str
    location: str
    picture: bytes


@dataclass(frozen=True, eq=False)
class Inspection:
    """All that is known of a dataset when it comes in.

    Attributes:
        name: The dataset's.
        source: Content of ``source.json``: ``format images annotations evidence``.
        facts: A row a sample, columns `FACT_COLUMNS`.
        digest: Its findings.
        table: Where all findings stand.
        cards: The gallery.
        verdict: Content of the verdict; None before it is given, or where it is a refusal.
        likeness: Content of ``likeness.json``; None where it is not asked for.
    """

    name: str
    source: Mapping[str, Any]
    facts: pd.DataFrame
    digest: Digest
    table: Path
    cards: list[Card] = field(default_factory=list)
    verdict: Mapping[str, Any] | None = None
    likeness: Mapping[str, Any] | None = None


def read_inspection(
    name: str,
    source: Path,
    facts: Path,
    findings: Path,
    gallery: Path,
    verdict: Path | None = None,
    likeness: Path | None = None,
) -> Inspection:
    """Read what the page of one dataset is made from.

    Raises:
        FileNotFoundError: A file was not made yet; the message names it.
        ValueError: A file is not what it should be; the message names it.
    """
    compared = _read_json(likeness) if likeness else None
    return Inspection(
        name,
        _read_json(source),
        pd.read_parquet(facts, columns=list(FACT_COLUMNS)),
        digest_findings(stream_rows(findings)),
        findings,
        read_gallery(gallery),
        _read_json(verdict) if verdict else None,
        compared if compared and _concerns(compared, name) else None,
    )


def read_inspections(results: Path, datasets: Iterable[str]) -> list[Inspection]:
    """Read the datasets of a finished study; see `read_inspection`."""
    return [
        read_inspection(
            name,
            results / "datasets" / name / "source.json",
            results / "validation" / f"{name}.parquet",
            results / "validation" / f"{name}.csv",
            results / "galleries" / name,
            results / "validation" / f"{name}.json",
        )
        for name in datasets
    ]


def read_likeness(*places: Path) -> dict[str, Any] | None:
    """Read the first comparison of the generated with a real dataset that is there."""
    return next((_read_json(place) for place in places if place.exists()), None)


def stream_rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a table of findings."""
    with path.open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


def digest_findings(rows: Iterable[Mapping[str, str]]) -> Digest:
    """Sum findings up; only those that are shown are kept."""
    counts: dict[tuple[str, str], int] = {}
    images: dict[tuple[str, str], dict[str, None]] = {}
    shown: dict[str, list[dict[str, str]]] = {severity: [] for severity in SEVERITIES}
    for row in rows:
        name = (row["severity"], row["check"])
        counts[name] = counts.get(name, 0) + 1
        images.setdefault(name, {})[row["key"]] = None
        if len(shown[row["severity"]]) < SHOWN_FINDINGS:
            shown[row["severity"]].append(dict(row))
    order = sorted(counts, key=lambda name: (SEVERITIES.index(name[0]), -counts[name]))
    return Digest(
        [
            Tally(name[1], name[0], counts[name], len(images[name]), next(iter(images[name])))
            for name in order
        ],
        [row for severity in SEVERITIES for row in shown[severity]][:SHOWN_FINDINGS],
        {key for name, keys in images.items() if name[0] == "error" for key in keys},
    )


def read_gallery(folder: Path) -> list[Card]:
    """Read the cards of a gallery with their pictures."""
    listed = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    return [
        Card(
            picture=(folder / item["file"]).read_bytes() if item["file"] else b"",
            **{name: str(item[name]) for name in FINDING_COLUMNS},
        )
        for item in listed
    ]


def _concerns(likeness: Mapping[str, Any], name: str) -> bool:
    """A comparison is shown with the two datasets it compares, and not with a user's own."""
    sides = (str(likeness[side]["name"]) for side in ("generated", "real"))
    return name.casefold() in {side.casefold() for side in sides}


def _read_json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))
