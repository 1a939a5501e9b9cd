"""The guide: what each lever of the pipeline gained in this study, beside what it costs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from feedrate import phrases
from feedrate.cell import Cell
from feedrate.estimands import NO_FIGURES
from feedrate.figures import Material
from feedrate.report.lever_cells import Measured, read_cells
from feedrate.report.levers import LEVERS, Lever, lever_of_changes
from feedrate.report.study import Study
from feedrate.report.templates import fill, read_asset

DASH = "\N{EN DASH}"
NOT_MEASURED = "not measured here"
NO_STAGE = "no single stage"
Row = Mapping[str, Any]
Disk = Mapping[str, int]


@dataclass(frozen=True)
class Told:
    """One figure, ready to print.

    Attributes:
        text: The figure, or that there is none.
        detail: How sure it is, or what it is made of.
        cell: It is of.
    """

    text: str
    detail: str = ""
    cell: str = ""

    def __str__(self) -> str:
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.text}{detail}, {self.cell}" if self.cell else f"{self.text}{detail}"


UNKNOWN = Told(NOT_MEASURED)


@dataclass(frozen=True)
class LeverView:
    """One lever, ready to print.

    Attributes:
        lever: What it is.
        gain: Times as fast the loader is; NaN where it was not measured.
        verdict: On that.
        stage_gain: Times as fast the stage alone is; NaN where it was not clocked.
        stage: The same, ready to print.
        loader: So is this, of batches taken as fast as they come.
        epoch: With each consumer that was measured.
        first: The loader, with its start-up.
        pixels: Whether the batches are the same.
        cells: Rows of its table.
    """

    lever: Lever
    gain: float
    verdict: str
    stage_gain: float
    stage: Told
    loader: Told
    epoch: tuple[Told, ...]
    first: Told
    pixels: str
    cells: list[tuple[str, ...]]


def build_guide(study: Study, base: Cell, disk: Mapping[str, Disk], title: str) -> str:
    """Build the page of the guide.

    Args:
        study: From `read_study`.
        base: The pipeline that is changed.
        disk: From `lever_cells.read_disk`, by dataset.
        title: Of the study.

    Returns:
        One HTML document that asks for nothing.
    """
    chapters = []
    for place in study.places:
        material = study.at(place)
        levers = view_levers(material, base, disk.get(place[0], {}))
        said = say_levers(levers, float(material.summaries["margin"].iloc[0]))
        chapters.append((study.name(place), said, levers))
    style = read_asset("page.css")
    return str(fill("guide.html.j2", title=title, chapters=chapters, style=style,
                    unknown=UNKNOWN))  # fmt: skip


def view_levers(material: Material, base: Cell, disk: Disk) -> list[LeverView]:
    """View every lever, that which gained most first and those not measured last."""
    cells = read_cells(material, base)
    views = [
        _view(lever, [cell for cell in cells if lever_of_changes(dict(cell.changes)) == lever],
              material.stages, base, disk)
        for lever in LEVERS
    ]  # fmt: skip
    return sorted(views, key=lambda view: -view.gain if math.isfinite(view.gain) else math.inf)


def say_levers(levers: Sequence[LeverView], margin: float) -> list[str]:
    """Sum a chapter up: how many levers gained, and how far a fast stage carried."""
    measured = [view for view in levers if math.isfinite(view.gain)]
    gained = [view for view in measured if view.verdict == "faster"]
    said = [
        f"{len(measured)} of {len(levers)} levers were measured on the base pipeline, and "
        f"{len(gained)} of them made the loader faster by an interval beyond the margin of "
        f"{phrases.percent(margin)}."
    ]
    for view in gained[:1]:
        said.append(f"The most: {view.lever.name.lower()}, {view.loader}.")
    both = [view for view in measured if math.isfinite(view.stage_gain)]
    if both:
        most = max(both, key=lambda view: view.stage_gain)
        said.append(
            f"A stage is not a loader: {most.lever.name.lower()} makes the {most.lever.stage} "
            f"stage {most.stage.text} as fast alone ({most.stage.detail}), and the loader "
            f"{most.loader}."
        )
    return said


def _view(
    lever: Lever, cells: Sequence[Measured], stages: Mapping[str, Any], base: Cell, disk: Disk
) -> LeverView:
    alike = [cell for cell in cells if not cell.beside and math.isfinite(cell.ratio)]
    free = [cell for cell in alike if cell.consumer == "none"]
    busy = [cell for cell in alike if cell.consumer != "none"]
    best = _best(free)
    stage_gain, stage = _tell_stage(lever, best, stages, base)
    return LeverView(
        lever=lever,
        gain=best.ratio if best else math.nan,
        verdict=str(best.rows["epoch_s"]["verdict"]) if best else "",
        stage_gain=stage_gain,
        stage=stage,
        loader=_tell(best, "epoch_s") if best else _tell_elsewhere(cells),
        epoch=tuple(_tell(cell, "epoch_s") for cell in busy) or (UNKNOWN,),
        first=_tell(best, "epoch_with_startup_s") if best else UNKNOWN,
        pixels=str(best.rows["epoch_s"]["equivalence"]) if best else DASH,
        cells=[_row(cell, disk) for cell in sorted(cells, key=_order)],
    )


def _best(cells: Sequence[Measured]) -> Measured | None:
    """The fastest with identical batches; where none has those, the fastest."""
    same = [cell for cell in cells if cell.rows["epoch_s"]["equivalence"] == "identical"]
    return max(same or cells, key=lambda cell: cell.ratio, default=None)


def _order(cell: Measured) -> float:
    return -cell.ratio if math.isfinite(cell.ratio) else math.inf


def _tell(cell: Measured, estimand: str) -> Told:
    row = cell.rows[estimand]
    if not math.isfinite(row["low"]):
        return Told(row["verdict"], cell=cell.name)
    return Told(phrases.ratio(row["ratio"]), f"{row['low']:.2f} to {row['high']:.2f}", cell.name)


def _tell_elsewhere(cells: Sequence[Measured]) -> Told:
    """What is known of a lever that was measured beside another pipeline than the base alone."""
    best = _best([cell for cell in cells if cell.beside and math.isfinite(cell.ratio)])
    if best is None:
        return UNKNOWN
    told = _tell(best, "epoch_s")
    return replace(told, cell=f"{told.cell}, beside {best.beside}")


def _tell_stage(lever: Lever, best: Measured | None, stages: Row, base: Cell) -> tuple[float, Told]:
    """A stage alone, by the profile: two costs with their intervals, of no pair."""
    if not lever.stage:
        return math.nan, Told(NO_STAGE)
    clocked = stages.get("alternatives", {}).get(lever.stage, {})
    bounds = stages.get("alternatives_intervals_ms", {}).get(lever.stage, {})
    before = str(getattr(base, lever.factor)) if lever.factor else ""
    after = best.changes[lever.factor] if best and lever.factor else ""
    if before not in clocked or after not in clocked:
        return math.nan, UNKNOWN
    costs = [
        f"{level} {phrases.milliseconds(clocked[level])} "
        f"({' to '.join(map(phrases.digits, bounds[level]))})"
        for level in (before, after)
    ]
    gain = clocked[before] / clocked[after]
    return gain, Told(phrases.ratio(gain), f"from {' to '.join(costs)}")


def _row(cell: Measured, disk: Disk) -> tuple[str, ...]:
    epoch, memory = cell.rows["epoch_s"], cell.rows["pss_bytes"]
    beside = ", ".join(part for part in (cell.beside, _consumer(cell)) if part) or "the base"
    if epoch["verdict"] in NO_FIGURES:
        return (cell.name, beside, f"{epoch['verdict']}: {epoch['warnings']}", *[DASH] * 6)
    return (
        cell.name,
        beside,
        f"{replace(_tell(cell, 'epoch_s'), cell='')}, {epoch['verdict']}",
        str(epoch["equivalence"]),
        phrases.seconds(epoch["extra_startup_s"]),
        phrases.seconds(epoch["extra_build_s"]),
        _epochs(epoch),
        _memory(memory),
        phrases.listing([phrases.megabytes(disk[level]) for level in cell.changes.values()
                         if level in disk]) or DASH,
    )  # fmt: skip


def _consumer(cell: Measured) -> str:
    return "" if cell.consumer == "none" else f"consumer {cell.consumer}"


def _epochs(epoch: Row) -> str:
    if epoch["extra_startup_s"] + epoch["extra_build_s"] <= 0:
        return "at once"
    return phrases.epochs(epoch["break_even_epochs"])


def _memory(row: Row) -> str:
    if not math.isfinite(row["cell_median"]):
        return DASH
    sides = (phrases.megabytes(row[f"{side}_median"]) for side in ("cell", "reference"))
    return " / ".join(sides)
