"""The tables of the page as rows of ready text: what is shown, in which words and digits."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from feedrate import phrases
from feedrate.figures import Material
from feedrate.report.study import Intake
from feedrate.stats import ESTIMANDS
from feedrate.tables import records

SHOWN_FINDINGS = 50
_SHOWN_BEFORE = "images_per_s"
DASH = "\N{EN DASH}"


@dataclass(frozen=True)
class Result:
    """One cell's verdict on `epoch_s`."""

    cell: str
    primary: bool
    ratio: str
    interval: str
    mean: str
    p: str
    pairs: int
    rates: str
    verdict: str
    equivalence: str
    note: str
    warnings: str


@dataclass(frozen=True)
class Absolute:
    """Every estimand of one cell, absolute: ``(reference, cell)`` text by estimand."""

    cell: str
    values: dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Gate:
    """What the exercise gate said of one cell."""

    cell: str
    valid: bool
    checks: int
    failures: str


@dataclass(frozen=True)
class IntakeView:
    """What the validation found, ready to print."""

    sentence: str
    excluded: list[str]
    counts: list[tuple[str, str, int]]
    findings: list[dict[str, Any]]
    hidden: int
    preview: str


def results(summaries: pd.DataFrame) -> list[Result]:
    """One row a cell."""
    epochs, rates = (
        records(summaries[summaries["estimand"] == name]) for name in ("epoch_s", "images_per_s")
    )
    return [_result(epoch, rate) for epoch, rate in zip(epochs, rates, strict=True)]


def absolutes(summaries: pd.DataFrame) -> list[Absolute]:
    """Every estimand of every cell, save the rate that stands beside its ratio in `results`."""
    return [
        Absolute(
            f"{experiment}/{cell}",
            {r["estimand"]: _both(r) for r in records(group) if r["estimand"] != _SHOWN_BEFORE},
        )
        for (experiment, cell), group in summaries.groupby(["experiment", "cell"], sort=False)
    ]


def gates(trials: pd.DataFrame) -> list[Gate]:
    """What the exercise gate said, a row a cell."""
    first = trials.groupby(["experiment", "cell"], sort=False).first().reset_index()
    return [
        Gate(
            f"{row['experiment']}/{row['cell']}",
            bool(row["gate_valid"]),
            int(row["gate_checks"]),
            str(row["gate_failures"]),
        )
        for row in records(first)
    ]


def view_intake(intake: Intake | None, picture: Callable[[bytes], str]) -> IntakeView:
    """Sum up the validation of one dataset.

    Args:
        intake: None where the study did not hand it over.
        picture: Turns a PNG into an address for the page.
    """
    if intake is None:
        return IntakeView("The validation's findings were not handed over.", [], [], [], 0, "")
    verdict, findings = intake.verdict, intake.findings
    sentence = (
        f"{verdict['accepted']} of {verdict['samples']} images were accepted, with "
        f"{verdict['instances']} text instances and {verdict['megapixels_mean']:.2f} megapixels "
        f"on average."
    )
    counts = Counter(zip(findings["severity"], findings["check"], strict=True))
    return IntakeView(
        sentence,
        list(verdict["excluded"]),
        [(severity, check, number) for (severity, check), number in counts.most_common()],
        records(findings.head(SHOWN_FINDINGS)),
        max(len(findings) - SHOWN_FINDINGS, 0),
        picture(intake.preview),
    )


def machine_facts(trials: pd.DataFrame, maps: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The fingerprint of the machine, and of the stored maps."""
    first = trials.iloc[0]
    facts = [
        (name.removeprefix("machine_").replace("_", " "), str(first[name]))
        for name in trials.columns
        if name.startswith("machine_")
    ]
    threads = {
        name.removeprefix("threads_"): first[name]
        for name in trials.columns
        if name.startswith("threads_")
    }
    facts.append(("threads of a trial", ", ".join(f"{k} {v}" for k, v in threads.items())))
    if maps.get("maps"):
        size = phrases.megabytes(maps["bytes"])
        facts.append(("stored maps", f"{maps['maps']} files, {size}, each made anew and compared"))
    return facts


def method(material: Material) -> list[str]:
    """How it was measured, in five sentences filled from the trials."""
    trials = material.trials
    counted = trials[~trials["discarded"].astype(bool)]
    pairs = counted.groupby(["experiment", "cell"])["pair"].nunique()
    images, batches, distinct = (counted[c] for c in ("images", "batches", "work_images"))
    confidence = phrases.percent(material.summaries["confidence_asked"].iloc[0])
    margin = phrases.percent(material.summaries["margin"].iloc[0])
    return [
        f"Every cell was measured in pairs with its reference, {_span(pairs)} pairs a "
        f"cell, in random order inside a pair, each trial in a fresh process.",
        f"Both sides did the same work: {_span(images)} images in {_span(batches)} batches, "
        f"drawn from the same {_span(distinct)} distinct images, in the same order.",
        f"{len(counted)} trials count; {len(trials) - len(counted)} warm-up trials were thrown "
        f"away, and a cell counts only if counters prove that both sides did what they should.",
        f"A figure is the Hodges-Lehmann centre of the pairs' log-ratios with its exact "
        f"signed-rank interval ({confidence}).",
        f"Differences below {margin} are called equivalent, and what was not declared primary "
        f"must also pass Holm's correction.",
    ]


def _result(row: Mapping[str, Any], rates: Mapping[str, Any]) -> Result:
    judged = math.isfinite(row["low"])
    return Result(
        cell=f"{row['experiment']}/{row['cell']}",
        primary=bool(row["primary"]),
        ratio=phrases.ratio(row["ratio"]) if judged else DASH,
        interval=f"{row['low']:.2f} to {row['high']:.2f}" if judged else DASH,
        mean=_mean(row) if judged else DASH,
        p=f"{row['p_holm']:.3f}" if judged else DASH,
        pairs=int(row["pairs"]),
        rates=_rates(rates),
        verdict=row["verdict"],
        equivalence=row["equivalence"],
        note=row["equivalence_note"],
        warnings=row["warnings"],
    )


def _mean(row: Mapping[str, Any]) -> str:
    return f"{phrases.ratio(row['mean_ratio'])} ({row['boot_low']:.2f} to {row['boot_high']:.2f})"


def _rates(rates: Mapping[str, Any]) -> str:
    if not math.isfinite(rates["cell_median"]):
        return DASH
    return f"{phrases.digits(rates['cell_median'])} / {phrases.digits(rates['reference_median'])}"


def _both(row: Mapping[str, Any]) -> tuple[str, str]:
    name = row["estimand"]
    return (_shown(name, row["reference_median"]), _shown(name, row["cell_median"]))


def _shown(estimand: str, value: float) -> str:
    if not math.isfinite(value):
        return DASH
    unit = ESTIMANDS[estimand].unit
    if unit == "bytes":
        return phrases.megabytes(value)
    if unit == "share":
        return phrases.percent(value)
    return phrases.seconds(value) if unit.startswith("s") else phrases.digits(value)


def _span(values: pd.Series[Any]) -> str:
    low, high = int(values.min()), int(values.max())
    return str(low) if low == high else f"{low} to {high}"
