"""What a page is made from: the tables of a study, read from its results folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from feedrate.claims import COLUMNS as CLAIM_COLUMNS
from feedrate.claims import TEXT_COLUMNS as CLAIM_TEXT_COLUMNS
from feedrate.evidence import at, clocked_on, places
from feedrate.figures import Material
from feedrate.registry import BUILT_STORES
from feedrate.report.timeline import Epoch, read_epoch
from feedrate.stats import TEXT_COLUMNS
from feedrate.tables import counted, read_csv, read_trials

STAGES, MAPS = "stages/{}.json", "maps/{}/npz.json"
MEMORY, HARNESS = "memory/{}.json", "harness/{}.json"
DECODERS = "speed/decoders/{}.json"
STORE = "stores/{}/{}.json"
LOSSES = "losses/{}.json"
MODEL = "model/{}.json"
RECOMMENDATION = "recommendation/{}.json"
FINDING_COLUMNS = ("key", "check", "severity", "message", "location")


@dataclass(frozen=True, eq=False)
class Study:
    """The tables of a study, all datasets.

    Attributes:
        trials: From `tables.collect`. What was measured on two machines is never merged.
        summaries: From `stats.summarise`.
        claims: From `claims.judge`.
        stages: Content of ``results/stages/{dataset}.json`` by dataset.
        maps: Content of ``results/maps/{dataset}/npz.json`` by dataset.
        memory: Content of ``results/memory/{dataset}.json`` by dataset.
        harness: Content of ``results/harness/{dataset}.json`` by dataset.
        goals: Content of ``results/speed/goals.json``, empty where no speed was judged.
        scale: Content of ``results/scale/sweep.json``, empty where nothing was swept.
        decoders: Content of ``results/speed/decoders/{dataset}.json`` by dataset.
        stores: Content of ``results/stores/{dataset}/{store}.json`` by dataset and store.
        losses: Content of ``results/losses/{dataset}.json`` by dataset; of no machine.
        epochs: One epoch of each dataset's base pipeline, moment by moment; None where the records
            do not hold it.
        recommendation: Content of ``results/recommendation/{dataset}.json`` by dataset.
        published: Content of ``results/published.json``: the write-up's tables, done again.
        model: Content of ``results/model/{dataset}.json`` by dataset.
    """

    trials: pd.DataFrame
    summaries: pd.DataFrame
    claims: pd.DataFrame
    stages: Mapping[str, Mapping[str, Any]]
    maps: Mapping[str, Mapping[str, Any]]
    memory: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    harness: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    goals: Mapping[str, Any] = field(default_factory=dict)
    scale: Mapping[str, Any] = field(default_factory=dict)
    decoders: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    stores: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    losses: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    recommendation: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    epochs: Mapping[str, Epoch | None] = field(default_factory=dict)
    published: Mapping[str, Any] = field(default_factory=dict)
    model: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def datasets(self) -> list[str]:
        """The names of the datasets, in the order of the study."""
        return list(dict.fromkeys(self.summaries["dataset"]))

    @property
    def places(self) -> list[tuple[str, str]]:
        """Every dataset and machine that belong together, in the order of the study."""
        return places(self.summaries)

    @property
    def materials(self) -> dict[str, Material]:
        """What belongs together, by the dataset's name, with the machine's where there are two."""
        return {self.name(place): self.at(place) for place in self.places}

    def name(self, place: tuple[str, str]) -> str:
        """Name a dataset, and the machine if it was measured on several."""
        dataset, machine = place
        machines = [found for name, found in self.places if name == dataset]
        return dataset if len(machines) == 1 else f"{dataset} on {machine}"

    def at(self, place: tuple[str, str]) -> Material:
        """What belongs to one dataset on one machine."""
        dataset, machine = place
        clocked = clocked_on(self.stages.get(dataset, {}), machine)
        return Material(at(self.trials, place), at(self.summaries, place), clocked)

    def advice_at(self, place: tuple[str, str]) -> Mapping[str, Any]:
        """The recommendation for one dataset on one machine; empty where there is none.

        One that found no candidate was measured nowhere, and holds everywhere.
        """
        dataset, machine = place
        advice = self.recommendation.get(dataset, {})
        return advice if advice and advice["machine_id"] in ("", machine) else {}

    def of(self, dataset: str) -> Material:
        """What belongs to one dataset, on the machine that measured it last."""
        trials = self.trials[self.trials["dataset"] == dataset]
        if not counted(trials).empty:
            trials = trials.sort_values("started_at", na_position="first")
        return self.at((dataset, str(trials["machine_id"].iloc[-1])))


@dataclass(frozen=True, eq=False)
class Intake:
    """What the validation let in.

    Attributes:
        findings: Columns `FINDING_COLUMNS`.
        verdict: Content of ``results/validation/{dataset}.json``.
        preview: A PNG of one sample and its maps, empty where there is none.
    """

    findings: pd.DataFrame
    verdict: Mapping[str, Any]
    preview: bytes = b""


def read_measurements(
    results: Path, datasets: Iterable[str], experiments: Iterable[str], profiled: bool = True
) -> Study:
    """Read what was measured and summed up; the claims are not judged yet and stay empty.

    Args:
        results: The results folder.
        datasets: Names, in the order in which they should appear.
        experiments: Names, in the order in which they should appear.
        profiled: Whether to read the profile of the stages and the verdict on the maps too; the
            figure of an experiment needs neither, and neither need be made for it.

    Raises:
        FileNotFoundError: A table was not made yet; the message names it.
    """
    names, asked = list(datasets), list(experiments)
    tables = [Path(name) / f"{experiment}.csv" for name in names for experiment in asked]
    trials = [read_trials(results / "tables" / table) for table in tables]
    summaries = [read_csv(results / "summary" / table, TEXT_COLUMNS) for table in tables]
    return Study(
        pd.concat(trials, ignore_index=True),
        pd.concat(summaries, ignore_index=True),
        pd.DataFrame(columns=list(CLAIM_COLUMNS)),
        stages=_read_each(results, STAGES, names if profiled else []),
        maps=_read_each(results, MAPS, names if profiled else []),
    )


def read_study(
    results: Path,
    datasets: Iterable[str],
    experiments: Iterable[str],
    goals: Path | None = None,
    scale: Path | None = None,
) -> Study:
    """Read all tables of a study, the judged claims and what stands beside the cells too.

    See `read_measurements`. The judged goals for speed and the sweep of sizes are read where a
    study says that it made them: what an earlier one left behind is not its own.
    """
    names = list(datasets)
    measured = read_measurements(results, names, experiments)
    return replace(
        measured,
        claims=read_csv(results / "claims.csv", CLAIM_TEXT_COLUMNS),
        published=_read_json(results / "published.json"),
        memory=_read_each(results, MEMORY, names),
        harness=_read_each(results, HARNESS, names),
        goals=_read_json(goals) if goals else {},
        scale=_read_json(scale) if scale else {},
        decoders=_read_each(results, DECODERS, names),
        stores={name: _read_stores(results, measured.trials, name) for name in names},
        losses=_read_each(results, LOSSES, names),
        model=_read_each(results, MODEL, names),
        epochs={name: read_epoch(results, measured.of(name).trials) for name in names},
        recommendation=_read_each(results, RECOMMENDATION, names),
    )


def read_probes(results: Path, datasets: Iterable[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """Read what was measured beside the cells, by kind and dataset, for the judges of claims.

    Raises:
        FileNotFoundError: A file was not made yet; the message names it.
    """
    kinds = {"memory": MEMORY, "harness": HARNESS, "model": MODEL}
    names = list(datasets)
    return {kind: _read_each(results, path, names) for kind, path in kinds.items()}


def read_intakes(results: Path, datasets: Iterable[str], preview: bool = True) -> dict[str, Intake]:
    """Read what the validation of each dataset found, and its preview where it is to be shown.

    Raises:
        FileNotFoundError: A file was not made yet; the message names it.
    """
    return {
        name: Intake(
            read_csv(results / "validation" / f"{name}.csv", FINDING_COLUMNS),
            _read_json(results / "validation" / f"{name}.json"),
            (results / "previews" / f"{name}.png").read_bytes() if preview else b"",
        )
        for name in datasets
    }


def _read_each(results: Path, path: str, datasets: Iterable[str]) -> dict[str, dict[str, Any]]:
    return {name: _read_json(results / path.format(name)) for name in datasets}


def _read_stores(results: Path, trials: pd.DataFrame, dataset: str) -> dict[str, dict[str, Any]]:
    """Read the manifests of the built stores that a study's cells read."""
    read = set(trials.loc[trials["dataset"] == dataset, "level_images"])
    wanted = [store for store in BUILT_STORES if store in read]
    return {store: _read_json(results / STORE.format(dataset, store)) for store in wanted}


def _read_json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))
