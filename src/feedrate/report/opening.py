"""A finished study opened to explore: ``feedrate.open_results()`` in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from feedrate.records import RecordPaths
from feedrate.report.study import Study, read_study


class NoResultsError(FileNotFoundError):
    """A folder holds no finished study; the message says what would make one."""


@dataclass(frozen=True, eq=False)
class Results:
    """The tidy tables of a study.

    Attributes:
        folder: Where they come from.
        study: Everything that the report is made from.
        trials: A row a trial, everything flattened (`feedrate.tables`).
        summaries: A row a cell and estimand: ratios, intervals, verdicts (`feedrate.stats`).
        claims: A row a claim of the write-up.
        predictions: A row a cell that the model has not seen.
    """

    folder: Path
    study: Study
    trials: pd.DataFrame = field(repr=False)
    summaries: pd.DataFrame = field(repr=False)
    claims: pd.DataFrame = field(repr=False)
    predictions: pd.DataFrame = field(repr=False)

    def cell(self, experiment: str, cell: str) -> pd.DataFrame:
        """The summary of one cell, a row an estimand.

        Raises:
            KeyError: There is none; the message names those that there are.
        """
        table = self.summaries[self.summaries["experiment"] == experiment]
        found = table[table["cell"] == cell]
        if found.empty:
            known = ", ".join(sorted(set(table["cell"]))) or "none, of no such experiment"
            raise KeyError(f"{experiment}/{cell}: there is no such cell; there are: {known}")
        return found.set_index("estimand")

    def batches(self, dataset: str, experiment: str, cell: str) -> pd.DataFrame:
        """Every batch of a cell's trials: when it was asked for, came, and was consumed."""
        return pd.read_parquet(self._paths(dataset, experiment, cell).batches)

    def samples(self, dataset: str, experiment: str, cell: str) -> pd.DataFrame:
        """Every sample of a cell's trials: what each stage took (ns), and the counters."""
        return pd.read_parquet(self._paths(dataset, experiment, cell).samples)

    def _paths(self, dataset: str, experiment: str, cell: str) -> RecordPaths:
        return RecordPaths.beside(self.folder / "trials" / dataset / experiment / f"{cell}.json")


def open_results(
    folder: str | Path = "results",
    datasets: Sequence[str] | None = None,
    experiments: Sequence[str] | None = None,
) -> Results:
    """Open a finished study.

    Args:
        folder: Its results folder.
        datasets: Of them these alone; all that lie there if not given.
        experiments: The same; what an earlier study left there is then not read.

    Raises:
        NoResultsError: There is none.
        FileNotFoundError: It is not finished; the message names what is missing.
    """
    folder = Path(folder)
    tables = sorted((folder / "summary").glob("*/*.csv"))
    if not tables:
        raise NoResultsError(
            f"{folder}: no finished study in it (no summary/*/*.csv); make one with "
            "`snakemake --cores 8 all`, or name its results folder"
        )
    names = list(
        dict.fromkeys(path.parent.name for path in tables) if datasets is None else datasets
    )
    asked = list(
        dict.fromkeys(path.stem for path in tables) if experiments is None else experiments
    )
    extras = [folder / "speed" / "goals.json", folder / "scale" / "sweep.json"]
    study = read_study(folder, names, asked, *(p if p.exists() else None for p in extras))
    return Results(folder, study, study.trials, study.summaries, study.claims, _predictions(study))


def _predictions(study: Study) -> pd.DataFrame:
    rows: list[dict[str, Any]] = [
        {"dataset": dataset, **row}
        for dataset, model in study.model.items()
        for row in model.get("predictions", [])
    ]
    return pd.DataFrame(rows)
