"""The tables of the page as rows of ready text: what is shown, in which words and digits."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from feedrate import phrases
from feedrate.estimands import NO_FIGURES
from feedrate.report.study import Intake
from feedrate.tables import records

SHOWN_FINDINGS = 50
DASH = "\N{EN DASH}"


@dataclass(frozen=True)
class Result:
    """One cell's verdict on `epoch_s`; where it has no figures, the reason stands for them."""

    cell: str
    primary: bool
    ratio: str
    interval: str
    mean: str
    p: str
    pairs: int
    stopped: str
    rates: str
    verdict: str
    equivalence: str
    note: str
    warnings: str
    reason: str


@dataclass(frozen=True)
class Gate:
    """What the exercise gate said of one cell: passed, failed, or not available."""

    cell: str
    word: str
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


def gates(trials: pd.DataFrame) -> list[Gate]:
    """What the exercise gate said, a row a cell."""
    first = trials.drop_duplicates(["experiment", "cell"])
    return [
        Gate(
            f"{row['experiment']}/{row['cell']}",
            _gate_word(row),
            int(row["gate_checks"]),
            str(row["gate_failures"] or row["unavailable_reason"]),
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
        stopped=str(row["stopped"]),
        rates=_rates(rates),
        verdict=row["verdict"],
        equivalence=row["equivalence"],
        note=row["equivalence_note"],
        warnings=row["warnings"],
        reason=row["warnings"] if row["verdict"] in NO_FIGURES else "",
    )


def _mean(row: Mapping[str, Any]) -> str:
    return f"{phrases.ratio(row['mean_ratio'])} ({row['boot_low']:.2f} to {row['boot_high']:.2f})"


def _rates(rates: Mapping[str, Any]) -> str:
    if not math.isfinite(rates["cell_median"]):
        return DASH
    return f"{phrases.digits(rates['cell_median'])} / {phrases.digits(rates['reference_median'])}"


def _gate_word(row: Mapping[str, Any]) -> str:
    if not row["available"]:
        return "not available"
    return "passed" if row["gate_valid"] else "failed"
