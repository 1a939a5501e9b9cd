"""The section on the model: how good it is, where it fails, what a free stage gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from feedrate import phrases
from feedrate.figures import NARROW_IN, WIDE_IN
from feedrate.model_figures import draw_predictions, draw_scaling, draw_what_if
from feedrate.report.templates import Embed

DASH = "\N{EN DASH}"
Drawn = tuple[Markup, Markup]

NAMES = {
    "model": "the model",
    "serial_amdahl": "Amdahl, one after the other",
    "linear_in_workers": "linear in workers",
    "nearest_cell": "the nearest calibration cell",
}
GOALS = {
    "median_abs_error": "median error",
    "coverage_90": "90 % intervals that hold the measurement",
    "times_less_error": "times less error than the better of the first two simple models",
}


@dataclass(frozen=True)
class ModelView:
    """What the section says, ready to print.

    Attributes:
        finding: Its heading.
        scores: Rows of the table of models: name, median error, coverage, bottlenecks named.
        goals: Rows of the table of goals.
        repeat: What a repeated measurement is off by; empty without an A/A cell.
        worst: Rows of the table of failures.
        predictions: The figure, wide and narrow; None without predictions.
        what_if: The figure of stages for nothing; None without such cells.
        scaling: The figure over numbers of workers; None where those were not varied.
        said: What is to be said of that figure.
        calibration: The cells that the model has seen.
    """

    finding: str
    scores: list[tuple[str, ...]]
    goals: list[tuple[str, ...]]
    repeat: str
    worst: list[tuple[str, ...]]
    predictions: Drawn | None
    what_if: Drawn | None
    scaling: Drawn | None
    said: str
    calibration: str


def view_model(content: Mapping[str, Any], embed: Embed, prefix: str) -> ModelView:
    """Turn ``results/model/{dataset}.json`` into the text and drawings of its section.

    Args:
        content: The file's.
        embed: `feedrate.report.page.embed_svg`.
        prefix: Begins the ids of the drawings.
    """
    rows, free = content["predictions"], content["what_if"]
    finding, said = content["finding"], say_what_if(free)

    def drawn(draw: Callable[[Any, float], str], of: Any, name: str, label: str) -> Drawn:
        wide, narrow = (
            embed(draw(of, width), f"{prefix}-{name}-{width:g}in", label)
            for width in (WIDE_IN, NARROW_IN)
        )
        return wide, narrow

    scaling = content["scaling"]

    return ModelView(
        finding=finding.rstrip("."),
        scores=[_scored(name, score) for name, score in content["scores"].items() if score],
        goals=[_goal(goal) for goal in content["goals"]],
        repeat=_repeat(content["repeat_error"]),
        worst=[_missed(row) for row in content["worst"]],
        predictions=drawn(draw_predictions, rows, "predictions", finding) if rows else None,
        what_if=drawn(draw_what_if, free, "what-if", said) if free else None,
        scaling=drawn(draw_scaling, scaling, "scaling", say_scaling(scaling))
        if scaling["measured"]
        else None,
        said=said,
        calibration=phrases.listing(content["calibration"]) if content["calibration"] else "none",
    )


def say_scaling(scaling: Mapping[str, Any]) -> str:
    """Say at how many workers most was measured."""
    measured = scaling["measured"]
    best = max(measured, key=lambda count: float(measured[count]))
    return f"Most images a second with {best} loader processes: {phrases.rate(measured[best])}"


def say_what_if(rows: Sequence[Mapping[str, Any]]) -> str:
    """Say which single stage gives most if it is free, and whether model and cell agree."""
    single = [row for row in rows if row["free"] != "all"]
    if not single:
        return "No stage was made free in this study"
    most = max(single, key=lambda row: row["measured"])
    agreed = sum(
        row["low"] <= row["measured_high"] and row["measured_low"] <= row["high"] for row in rows
    )
    return (
        f"The most comes from {most['free']}: {phrases.ratio(most['measured'])} by its cell, "
        f"{phrases.ratio(most['ratio'])} by the model; both agree within their intervals in "
        f"{agreed} of {len(rows)}"
    )


def _scored(name: str, score: Mapping[str, Any]) -> tuple[str, ...]:
    figures = (score[key] for key in ("median_abs_error", "coverage_90", "bottleneck_accuracy"))
    return NAMES[name], *(DASH if each is None else phrases.percent(each) for each in figures)


def _goal(goal: Mapping[str, Any]) -> tuple[str, ...]:
    times = goal["goal"] == "times_less_error"
    word = phrases.ratio if times else phrases.percent
    bound = "at most" if goal["goal"] == "median_abs_error" else "at least"
    asked, measured = f"{bound} {word(goal['asked'])}", word(goal["measured"])
    return GOALS[goal["goal"]], asked, measured, "met" if goal["met"] else "missed"


def _repeat(error: float | None) -> str:
    if error is None:
        return ""
    return f"The same pipeline measured twice is off by {phrases.percent(error)}."


def _missed(row: Mapping[str, Any]) -> tuple[str, ...]:
    interval = f"{phrases.ratio(row['predicted'])} ({row['low']:.2f} to {row['high']:.2f})"
    error = phrases.percent(row["abs_error"])
    return row["cell"], phrases.ratio(row["measured"]), interval, error, row["reason"]
