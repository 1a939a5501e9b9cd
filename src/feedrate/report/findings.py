"""One sentence a figure, computed: what it shows, in words that change when the data change."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from feedrate import phrases
from feedrate.cell import REFERENCE
from feedrate.control import control_series, resolution, steadiness
from feedrate.equivalence import UNTESTED
from feedrate.estimands import NO_FIGURES
from feedrate.figures import FIGURES, Material
from feedrate.leanings import ABOUT, BEYOND, PERHAPS, WITHIN, leaning_of, where_lies
from feedrate.shares import stage_table
from feedrate.tables import records

BY_DESIGN = "different by design"
_NOT_SETTLED = ("inconclusive", "too few pairs", *NO_FIGURES)
_REPEATED = {
    "equivalent": "agrees: {}.",
    "perhaps equivalent": "agrees to {about}: {}.",
    "inconclusive": "agrees no better than this: {}.",
    "differs": "differs: {}. Doubt every difference that is not much larger.",
    "perhaps differs": "differs by {about}: {}. Doubt every difference that is not much larger.",
}


def title_of(figure: str, material: Material) -> str:
    """The finding of a figure."""
    if figure == "stages":
        return _stages_title(material)
    if figure == "control":
        return _control_title(material)
    return experiment_finding(epoch_rows(material.summaries, figure))


def caption_of(figure: str, material: Material) -> str:
    """What is drawn, from which cells."""
    if figure in FIGURES:
        return _CAPTIONS[figure]
    rows = epoch_rows(material.summaries, figure)
    cells = phrases.listing([f"{figure}/{cell}" for cell in rows["cell"]])
    return f"{rows['pairs'].max()} pairs at most a cell, each dot one pair. Drawn from {cells}."


def note_of(figure: str, material: Material) -> str:
    """What a figure leaves open, in one paragraph; empty for most."""
    return _resolution_note(material) if figure == "control" else ""


def reading_of(material: Material) -> str:
    """How to read the experiments' figures, said once."""
    first = material.summaries.iloc[0]
    return (
        f"A name such as targets~kernel tells what a cell changes in its reference. Each dot is "
        f"one pair; the line is the {phrases.percent(first['confidence_asked'])} interval, the "
        f"mark its centre: triangle up for faster, down for slower, square for equivalent, "
        f"diamond for inconclusive. Inside the grey band, {phrases.percent(first['margin'])} "
        f"either way, a difference is of no practical use."
    )


def epoch_rows(summaries: pd.DataFrame, experiment: str) -> pd.DataFrame:
    """The rows that decide: one a cell of the experiment."""
    chosen = (summaries["experiment"] == experiment) & (summaries["estimand"] == "epoch_s")
    return summaries[chosen]


def experiment_finding(rows: pd.DataFrame) -> str:
    """Sum up the cells of one experiment, firmly or softly as `feedrate.leanings` allows.

    Args:
        rows: From `epoch_rows`.
    """
    if list(rows["cell"]) == [REFERENCE]:
        return _repeat_finding(records(rows)[0])
    told = [row | {"leaning": leaning_of(row)} for row in records(rows)]
    fastest = _extreme([row for row in told if row["equivalence"] != BY_DESIGN], "faster", max)
    if fastest:
        return f"Fastest is {fastest}."
    doubt = _doubt(told)
    slowest = _extreme(told, "slower", min)
    if slowest:
        return f"Nothing is shown to beat the reference{doubt}. Slowest is {slowest}."
    if doubt:
        return f"No cell is shown to be faster{doubt}."
    by_design = _extreme(told, "faster", max)
    if by_design:
        return f"Only leaving work out is faster: {by_design}."
    soft = any(row["leaning"].startswith(PERHAPS) for row in told)
    return f"No cell differs from the reference by more than {'about ' * soft}{_margin(rows)}."


def _extreme(
    rows: list[dict[str, Any]], word: str, pick: Callable[..., dict[str, Any]]
) -> str | None:
    """Tell the fastest or slowest of the rows that lean that way, firm ones first."""
    for leaning in (word, PERHAPS + word):
        found = [row for row in rows if row["leaning"] == leaning]
        if found:
            row = pick(found, key=lambda row: float(row["ratio"]))
            soft = leaning != word
            about = f", {phrases.about_margin(row)}" if soft else ""
            return f"{PERHAPS if soft else ''}{_told(row)}{about}"
    return None


def _doubt(rows: list[dict[str, Any]]) -> str:
    open_cells = sum(row["leaning"] in _NOT_SETTLED for row in rows)
    verb = "is" if open_cells == 1 else "are"
    return f"; {open_cells} of {len(rows)} cells {verb} not settled" if open_cells else ""


def _repeat_finding(row: Mapping[str, Any]) -> str:
    leaning = leaning_of(row)
    said = _REPEATED.get(leaning.replace("faster", "differs").replace("slower", "differs"))
    if not said:
        return f"The same pipeline could not be measured twice: {row['verdict']}."
    words = said.format(phrases.as_fast(row), about=phrases.about_margin(row))
    return f"The same pipeline measured twice {words}"


def _told(row: Mapping[str, Any]) -> str:
    remark = "" if row["equivalence"] == "identical" else f", {row['equivalence']}"
    remark += f", {UNTESTED}" if UNTESTED in str(row["equivalence_note"]) else ""
    return f"{row['cell']}{remark}: {phrases.as_fast(row)}"


def _margin(rows: pd.DataFrame) -> str:
    return phrases.percent(rows["margin"].iloc[0])


def _stages_title(material: Material) -> str:
    table = stage_table(material.stages)
    rows = {row["stage"]: row for row in records(table) if row["stage"] != "consume"}
    top = max(rows.values(), key=lambda row: float(row["loader_share"]))
    targets = rows["targets"]["loader_share"]
    text = f"Loading an image is {phrases.percent(top['loader_share'])} {top['stage']}"
    if top["stage"] == "targets":
        return f"{text}: the maps are the largest stage."
    return f"{text}; the maps are {phrases.percent(targets)}."


def _control_title(material: Material) -> str:
    seen = steadiness(control_series(material.trials))
    margin = float(material.summaries["margin"].iloc[0])
    steady = _STEADY[where_lies(abs(seen.drift), margin)]
    return (
        f"The machine {steady}: the reference moved by {100 * seen.drift:+.1f} % from the first "
        f"to the last third of {seen.minutes:.0f} minutes."
    )


def _resolution_note(material: Material) -> str:
    """The smallest effect that could be seen, instead of silence about it."""
    found = resolution(material.summaries, steadiness(control_series(material.trials)))
    if not math.isfinite(found.typical):
        return "No cell has an interval: no effect of any size could be seen."
    beside = [f"{phrases.percent(found.expected)} is what the spread of the reference lets expect"]
    if math.isfinite(found.repeated):
        again = f"{phrases.percent(found.repeated)} where the reference is measured against itself"
        beside = [again, *beside]
    margin = float(material.summaries["margin"].iloc[0])
    remark = _LOUD[where_lies(found.typical, margin)]
    return (
        f"The smallest effect that could be seen is about {phrases.percent(found.typical)}: half "
        f"of an interval of {found.pairs} pairs, the median of all cells; "
        f"{phrases.listing(beside)}.{remark}"
    )


_STEADY = {WITHIN: "held still", ABOUT: "hardly held still", BEYOND: "did not hold still"}
_LOUD = {
    WITHIN: "",
    ABOUT: " On this machine a difference that just matters could go unseen.",
    BEYOND: " On this machine even a difference that matters could go unseen.",
}
_CAPTIONS = {
    "stages": (
        "Milliseconds an image of every stage of the base pipeline, in one process without "
        "workers, and the share of the loader. The forward pass is left out."
    ),
    "control": (
        "Every reference trial of every cell that counts, against the time of day. Grey band: "
        "the middle 90 %. Pairs cancel slow drift; a jump inside a pair they cannot."
    ),
}
