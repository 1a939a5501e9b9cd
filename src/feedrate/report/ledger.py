"""The chapter on the write-up's claims: how many hold, its tables done again, every claim."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from feedrate import phrases
from feedrate.evidence import FACT, NOT_DECIDED, OPINION, VERDICTS, at
from feedrate.tables import records

DASH = "\N{EN DASH}"
DECIDABLE = ("measured", "arithmetic")


@dataclass(frozen=True)
class Table:
    """A table of the write-up beside what was measured, ready to print."""

    title: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]
    note: str


@dataclass(frozen=True)
class LedgerView:
    """What the chapter says.

    Attributes:
        finding: How many claims came out how.
        tables: The write-up's own, done again.
        claims: Rows of the ledger, each with its ``number``.
    """

    finding: str
    tables: list[Table]
    claims: list[dict[str, Any]]


def view_ledger(
    claims: pd.DataFrame, published: Mapping[str, Any], place: tuple[str, str]
) -> LedgerView:
    """Turn the ledger of one dataset on one machine into the text of its chapter.

    Args:
        claims: From `claims.judge`.
        published: Content of ``results/published.json``; may be empty.
        place: The dataset and the machine.
    """
    rows = [{**row, "number": number_of(row)} for row in records(at(claims, place))]
    redone = [
        each
        for each in published.get("places", [])
        if (each["dataset"], each["machine_id"]) == place
    ]
    tables = [table for each in redone for table in _tables(each)]
    return LedgerView(say_ledger(rows), tables, rows)


def say_ledger(rows: Sequence[Mapping[str, Any]]) -> str:
    """Count the verdicts, and how many claims the data decided."""
    counts = Counter(row["verdict"] for row in rows)
    words = [f"{counts[word]} {word}" for word in VERDICTS if counts[word]]
    undecided = (NOT_DECIDED, FACT, OPINION)
    decided = sum(row["kind"] in DECIDABLE and row["verdict"] not in undecided for row in rows)
    return f"Of {len(rows)} claims {decided} are decided by these data or by arithmetic: " + (
        phrases.listing(words)
    )


def number_of(row: Mapping[str, Any]) -> str:
    """The number of a claim: ``12a`` of ``12a_images_first``."""
    return str(row["id"]).partition("_")[0].lstrip("0")


def _tables(redone: Mapping[str, Any]) -> list[Table]:
    found = []
    if redone["headline"]:
        cell = redone["headline"][0]["cell"]
        found.append(
            Table(
                "Its headline table, done again",
                ("configuration", "it said", "speed-up", "measured epoch", "as fast"),
                [_headline(row) for row in redone["headline"]],
                redone["headline"][0]["reason"]
                or f"Measured: {cell}, medians of paired epochs after start-up, with its interval.",
            )
        )
    if redone["breakdown"]:
        found.append(
            Table(
                "Its estimated breakdown, measured",
                ("stage", "it said", "share of CPU time", "share an epoch waits for"),
                [_breakdown(row) for row in redone["breakdown"]],
                "CPU time: one image, all stages one after the other in one process, a forward "
                "pass on the processor included. Waited for: what an epoch with workers loses "
                "where the stage is free.",
            )
        )
    return found


def _headline(row: Mapping[str, Any]) -> tuple[str, ...]:
    measured = DASH if row["measured_s"] is None else phrases.seconds(row["measured_s"])
    compared = DASH
    if row["ratio"] is not None:
        compared = f"{phrases.ratio(row['ratio'])} ({row['low']:.2f} to {row['high']:.2f})"
    published = phrases.seconds(row["published_s"])
    return str(row["name"]), published, str(row["published_speedup"]), measured, compared


def _breakdown(row: Mapping[str, Any]) -> tuple[str, ...]:
    cpu = DASH if row["cpu_percent"] is None else phrases.percent(row["cpu_percent"] / 100)
    exposed = DASH
    if row["exposed_percent"] is not None:
        bounds = (row["exposed_low"] / 100, row["exposed_high"] / 100)
        exposed = (
            f"{phrases.percent(row['exposed_percent'] / 100)} "
            f"({phrases.percent(bounds[0])} to {phrases.percent(bounds[1])}, {row['cell']})"
        )
    return str(row["name"]), f"{row['percent']} %", cpu, exposed
