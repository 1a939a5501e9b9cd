"""What a judge of the ledger may look at, and what it hands back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd


class NotTestableError(Exception):
    """The data hold nothing to judge this claim by; the message is the reason."""


class Judgement(NamedTuple):
    """A verdict, the sentence computed from data, and the cells or files it rests on."""

    verdict: str
    measured: str
    evidence: str


@dataclass(frozen=True)
class Evidence:
    """All that is known of one dataset."""

    summaries: pd.DataFrame
    trials: pd.DataFrame
    stages: Mapping[str, Any]
    maps: Mapping[str, Any]

    def row(self, experiment: str, cell: str, estimand: str = "epoch_s") -> dict[str, Any]:
        """One row of the summary.

        Raises:
            NotTestableError: The cell was not measured, is invalid, or has too few pairs.
        """
        table = self.summaries
        found = table[(table["experiment"] == experiment) & (table["cell"] == cell)]
        found = found[found["estimand"] == estimand]
        if found.empty:
            raise NotTestableError(f"The cell {experiment}/{cell} was not measured in this study.")
        row = {str(key): value for key, value in found.iloc[0].items()}
        if row["verdict"] in ("invalid", "too few pairs"):
            raise NotTestableError(
                f"The cell {experiment}/{cell} has no verdict: {row['verdict']}."
            )
        return row

    def sides(self, experiment: str, cell: str, side: str) -> pd.DataFrame:
        """The trials of one side of a cell that count."""
        table = self.trials
        chosen = (table["experiment"] == experiment) & (table["cell"] == cell)
        return table[chosen & (table["side"] == side) & ~table["discarded"].astype(bool)]

    def clocked(self) -> Mapping[str, Any]:
        """The clocked run.

        Raises:
            NotTestableError: There is none.
        """
        if not self.stages:
            raise NotTestableError("The stages were not clocked in this study.")
        return self.stages


def name_of(cell: Mapping[str, str]) -> str:
    """``experiment/cell``."""
    return f"{cell['experiment']}/{cell['cell']}"
