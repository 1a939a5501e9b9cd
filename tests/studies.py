"""Fabricated studies: records run through the whole analysis, in memory and as a results folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
from records import PRIMARY, make_stages, make_study, write_records

from feedrate import claims, published, stats, tables
from feedrate.report import Intake, Study

EXPERIMENTS = ["ram_vs_disk", "targets", "workers", "decoders", "aa"]
CLAIMS = Path(__file__).resolve().parents[1] / "config" / "claims.yaml"
MAPS = {
    "maps": 404, "bytes": 61_000_000, "recomputed": 404, "checked_against": "reference",
    "max_error": 0.0, "allowed_error": 0.0,
}  # fmt: skip


def make_trials(
    folder: Path, made: list[dict[str, Any]] | None = None, **primary: list[str]
) -> pd.DataFrame:
    paths = write_records(folder, make_study() if made is None else made)
    return tables.collect(paths, primary or PRIMARY)


def build_study(folder: Path, made: list[dict[str, Any]] | None = None, **stages: float) -> Study:
    """The tables of a study, from records to claims."""
    trials = make_trials(folder, made)
    summaries = stats.summarise(trials)
    names = list(dict.fromkeys(trials["dataset"]))
    clocked = {name: make_stages(name, **stages) for name in names}
    maps = {name: dict(MAPS) for name in names}
    evidence = claims.evidence_of(summaries, clocked, maps, trials)
    redone = published.redo(published.read_published(CLAIMS), evidence)
    ledger = claims.judge(CLAIMS, evidence)
    return Study(trials, summaries, ledger, clocked, maps, published=redone)


def make_intake(excluded: tuple[str, ...] = ("a.jpg",), message: str = "crosses itself") -> Intake:
    rows = [(key, "self_crossing", "error", message, "a.csv:3") for key in excluded]
    findings = pd.DataFrame(rows, columns=["key", "check", "severity", "message", "location"])
    verdict = {
        "samples": 404,
        "accepted": 404 - len(excluded),
        "excluded": list(excluded),
        "instances": 21_000,
        "megapixels_mean": 1.5,
    }
    return Intake(findings, verdict)


def write_results(results: Path, study: Study) -> None:
    """Write a study where the workflow would."""
    for name in study.datasets:
        material = study.of(name)
        for folder, table in (("tables", material.trials), ("summary", material.summaries)):
            for experiment, group in table.groupby("experiment"):
                _write_csv(results / folder / name / f"{experiment}.csv", group)
        for path, content in (
            (results / "stages" / f"{name}.json", study.stages[name]),
            (results / "maps" / name / "npz.json", study.maps[name]),
            (results / "memory" / f"{name}.json", study.memory.get(name, {})),
            (results / "harness" / f"{name}.json", study.harness.get(name, {})),
            (results / "losses" / f"{name}.json", study.losses.get(name, {})),
            (results / "model" / f"{name}.json", study.model.get(name, {})),
            (results / "recommendation" / f"{name}.json", study.recommendation.get(name, {})),
            (results / "speed" / "decoders" / f"{name}.json", study.decoders.get(name, {})),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content), encoding="utf-8")
    _write_csv(results / "claims.csv", study.claims)
    (results / "published.json").write_text(json.dumps(study.published), encoding="utf-8")


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False)
