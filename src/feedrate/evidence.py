"""What a judge of the ledger may look at, and what it hands back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pandas as pd

from feedrate.estimands import NO_VERDICT
from feedrate.tables import counted


class NotTestableError(Exception):
    """The data hold nothing to judge this claim by; the message is the reason."""


class Judgement(NamedTuple):
    """What a judge found.

    Attributes:
        verdict: A word of `VERDICTS`.
        reason: The sentence computed from data.
        evidence_cell: The cells or files it rests on.
        ratio: The figure that decided, where there is one: times as fast, or as the reason says.
        low: Its interval.
        high: Its interval.
    """

    verdict: str
    reason: str
    evidence_cell: str = ""
    ratio: float = math.nan
    low: float = math.nan
    high: float = math.nan


SUPPORTED, REFUTED, INCONCLUSIVE = "supported", "refuted", "inconclusive"
NOT_DECIDED, FACT, OPINION = "not decided here", "document fact", "judgement"
VERDICTS = (SUPPORTED, REFUTED, INCONCLUSIVE, NOT_DECIDED, FACT, OPINION)
"""Every word that a verdict can be."""


@dataclass(frozen=True)
class Evidence:
    """All that is known of one dataset on one machine."""

    summaries: pd.DataFrame
    trials: pd.DataFrame
    stages: Mapping[str, Any]
    maps: Mapping[str, Any]
    probes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def probe(self, kind: str) -> Mapping[str, Any]:
        """What was measured beside the cells: the content of ``results/{kind}/{dataset}.json``.

        Raises:
            NotTestableError: It was not, or on another machine.
        """
        if not self.probes.get(kind):
            raise NotTestableError(f"results/{kind} was not made on this machine in this study.")
        return self.probes[kind]

    def row(self, experiment: str, cell: str, estimand: str = "epoch_s") -> dict[str, Any]:
        """One row of the summary.

        Raises:
            NotTestableError: The cell was not measured, is invalid, not available on this machine,
                or has too few pairs.
        """
        table = self.summaries
        found = table[(table["experiment"] == experiment) & (table["cell"] == cell)]
        found = found[found["estimand"] == estimand]
        if found.empty:
            raise NotTestableError(f"The cell {experiment}/{cell} was not measured in this study.")
        row = {str(key): value for key, value in found.iloc[0].items()}
        if row["verdict"] in NO_VERDICT:
            reason = f" ({row['warnings']})" if row["verdict"] == "not available" else ""
            raise NotTestableError(
                f"The cell {experiment}/{cell} has no verdict: {row['verdict']}{reason}."
            )
        return row

    def sides(self, experiment: str, cell: str, side: str) -> pd.DataFrame:
        """The epochs of one side of a cell that count."""
        table = counted(self.trials)
        chosen = (table["experiment"] == experiment) & (table["cell"] == cell)
        return table[chosen & (table["side"] == side)]

    def clocked(self) -> Mapping[str, Any]:
        """The clocked run.

        Raises:
            NotTestableError: There is none.
        """
        if not self.stages:
            raise NotTestableError("The stages were not clocked in this study.")
        return self.stages


def places(table: pd.DataFrame) -> list[tuple[str, str]]:
    """Every dataset and machine of a table, in its order: what belongs together."""
    pairs = table[["dataset", "machine_id"]].drop_duplicates()
    return list(zip(pairs["dataset"], pairs["machine_id"], strict=True))


def at(table: pd.DataFrame, place: tuple[str, str]) -> pd.DataFrame:
    """The rows of one dataset on one machine."""
    return table[(table["dataset"] == place[0]) & (table["machine_id"] == place[1])]


def clocked_on(stages: Mapping[str, Any], machine_id: str) -> Mapping[str, Any]:
    """A clocked run if it ran on this machine, or does not say where; nothing otherwise."""
    ran_on = stages.get("machine", {}).get("machine_id", machine_id)
    return stages if ran_on == machine_id else {}


def name_of(cell: Mapping[str, str]) -> str:
    """``experiment/cell``."""
    return f"{cell['experiment']}/{cell['cell']}"
