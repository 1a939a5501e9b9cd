"""Everything that a report says, made again from the raw records, and held against what is there.

Tables, verdicts, the model, the ledger and the page are pure functions of the records and of a few
files beside them. Made again they must be the same to the last character; where they are not,
something was altered by hand, or by code that is no longer this code.
"""

from __future__ import annotations

import difflib
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from feedrate.cell import Cell
from feedrate.claims import evidence_of, judge
from feedrate.model.study import model_study
from feedrate.published import read_published, redo
from feedrate.report.extras import build_extras
from feedrate.report.guide import build_guide
from feedrate.report.lever_cells import read_disk
from feedrate.report.page import build_page
from feedrate.report.study import read_intakes, read_measurements, read_probes, read_study
from feedrate.stats import summarise
from feedrate.tables import collect, read_trials

SHOWN = 60
"""Characters around a difference that are shown."""


@dataclass(frozen=True)
class Expected:
    """What a study is, as its configuration says.

    Attributes:
        title: Heading of the page.
        cells: Of each experiment, by name, in the order of the study.
        questions: What each experiment answers.
        base: The user's pipeline.
        primary: Cells declared primary, by experiment.
        datasets: Names.
        calibration: Cells that the model may see, by experiment.
        confidence: Of every interval.
        margin: Of no practical use.
        seed: Of the bootstrap.
        claims: The ledger's file.
        preview: Whether the page shows a picture of the data.
    """

    title: str
    cells: Mapping[str, Sequence[str]]
    questions: Mapping[str, str]
    base: Cell
    primary: Mapping[str, Sequence[str]]
    datasets: Sequence[str]
    calibration: Mapping[str, Sequence[str]]
    confidence: float
    margin: float
    seed: int
    claims: Path
    preview: bool = True


def recompute(results: Path, study: Expected) -> Iterator[str]:
    """Make everything again, and name what differs.

    Args:
        results: The results folder of a finished study.
        study: What it measured.

    Yields:
        One line a difference: the file, what stands there, and what the records give.

    Raises:
        FileNotFoundError: A file is missing; the message names it.
    """
    for dataset in study.datasets:
        for experiment, cells in study.cells.items():
            yield from _recompute_tables(results, study, dataset, experiment, cells)
        yield from _recompute_model(results, study, dataset)
    yield from _recompute_ledger(results, study)
    yield from _recompute_page(results, study)


def compare_text(path: Path, made: str) -> Iterator[str]:
    """Say where a file first differs from what it should be."""
    found = path.read_text(encoding="utf-8")
    if found == made:
        return
    place = next(
        (number for number, (one, other) in enumerate(zip(found, made, strict=False))
         if one != other), min(len(found), len(made)),
    )  # fmt: skip
    there, right = _around(found, place), _around(made, place)
    more = sum(1 for each in difflib.ndiff(_words(found), _words(made)) if each[0] in "-+") // 2
    beside = f", and {more - 1} more places" if more > 1 else ""
    line = found.count("\n", 0, place) + 1
    yield f"{path}: line {line}: has {there!r}, the records give {right!r}{beside}"


def _around(text: str, place: int) -> str:
    """The words around a place of a text, without the tags of a page."""
    piece = text[max(place - SHOWN // 2, 0) : place + SHOWN // 2]
    return " ".join(re.sub(r"<[^>]*>", " ", piece).split())


def _words(text: str) -> list[str]:
    """The numbers of a text: what differs is counted in them."""
    return re.findall(r"\d[\d.,]*", text)[:20_000]


def _recompute_tables(
    results: Path, study: Expected, dataset: str, experiment: str, cells: Sequence[str]
) -> Iterator[str]:
    records = [results / "trials" / dataset / experiment / f"{cell}.json" for cell in cells]
    primary = {experiment: list(study.primary.get(experiment, ()))}
    trials = results / "tables" / dataset / f"{experiment}.csv"
    yield from compare_text(trials, _csv(collect(records, primary)))
    summary = results / "summary" / dataset / f"{experiment}.csv"
    made = summarise(read_trials(trials), study.confidence, study.margin, study.seed)
    yield from compare_text(summary, _csv(made))


def _recompute_model(results: Path, study: Expected, dataset: str) -> Iterator[str]:
    names = [(experiment, cell) for experiment, cells in study.calibration.items()
             for cell in cells]  # fmt: skip
    material = read_measurements(results, [dataset], study.cells).of(dataset)
    samples = None
    if names:
        experiment, cell = names[0]
        samples = results / "trials" / dataset / experiment / f"{cell}.samples.parquet"
    made = model_study(dataset, material.trials, material.stages, set(names), samples)
    yield from compare_text(results / "model" / f"{dataset}.json", _json(made))


def _recompute_ledger(results: Path, study: Expected) -> Iterator[str]:
    read = read_measurements(results, study.datasets, study.cells)
    probes = read_probes(results, study.datasets)
    evidence = evidence_of(read.summaries, read.stages, read.maps, read.trials, probes)
    yield from compare_text(results / "claims.csv", _csv(judge(study.claims, evidence)))
    redone = redo(read_published(study.claims), evidence)
    yield from compare_text(results / "published.json", _json(redone))


def _recompute_page(results: Path, study: Expected) -> Iterator[str]:
    goals, scale = (
        path if path.exists() else None
        for path in (results / "speed" / "goals.json", results / "scale" / "sweep.json")
    )
    read = read_study(results, study.datasets, study.cells, goals, scale)
    intakes = read_intakes(results, study.datasets, study.preview)
    page = build_page(read, intakes, study.title, study.questions, build_extras(read))
    yield from compare_text(results / "report" / "index.html", page)
    disk = {name: read_disk(results, read.trials, name) for name in study.datasets}
    guide = build_guide(read, study.base, disk, study.title)
    yield from compare_text(results / "report" / "guide.html", guide)


def _csv(table: pd.DataFrame) -> str:
    stream = io.StringIO()
    table.to_csv(stream, index=False)
    return stream.getvalue()


def _json(content: Mapping[str, Any]) -> str:
    """As `feedrate.records.write_json` writes it."""
    return json.dumps(content, indent=1, allow_nan=False) + "\n"
