"""The candidate: the pipeline that is expected to be fastest among those that are allowed."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from feedrate.cell import Cell
from feedrate.model.costs import Levels
from feedrate.model.measured import Measured
from feedrate.model.prediction import QUANTILE_90, Model, Ratio
from feedrate.tables import records

FACTORS = (
    *("images", "decoder", "transform", "targets", "loader", "workers"),
    *("prefetch_factor", "persistent_workers", "allocator"),
)
"""What may be recommended; other factors are the task itself, or of the machine."""

OF_TORCH = ("prefetch_factor", "persistent_workers")
"""Settings that only torch's loader has for certain."""

LEAST_STEP = 1.02
"""A further setting must be expected to gain this much: nobody wants to change ten for nothing."""

IDENTICAL = "identical"
Name = tuple[str, str]
"""Of a cell: its experiment and its own."""


@dataclass(frozen=True)
class Candidate:
    """What is to be measured anew.

    Attributes:
        levels: Of every factor.
        name: What it changes in the base.
        expected: Times as fast as the base: by the model, or as its cell was measured.
        steps: What was changed one after the other, and the ratio expected after each; a cell that
            was measured as a whole is one step.
    """

    levels: Levels
    name: str
    expected: Ratio
    steps: tuple[tuple[str, float], ...]


def choose(
    model: Model,
    cells: Sequence[Measured],
    summaries: pd.DataFrame,
    base: Cell,
    pixels: str = IDENTICAL,
    most_bytes: float = 0.0,
) -> Candidate | None:
    """Choose between what the model expects most of and the fastest cell that was measured.

    The model changes the base setting by setting, each time the one that is expected to gain most.

    Args:
        model: Fitted to the study.
        cells: From `feedrate.model.measured.read_cells`.
        summaries: From `stats.summarise`, the same dataset and machine.
        base: The user's pipeline.
        pixels: ``identical`` allows only what delivered the very batches; ``any`` all that was
            valid.
        most_bytes: What all processes may hold together (PSS); 0 for no bound.

    Returns:
        The candidate; None where nothing is expected to gain.
    """
    put_together = _put_together(
        model, base, set(allowed_levels(cells, summaries, pixels, most_bytes))
    )
    measured = _fastest(cells, base, keeping(summaries, pixels, most_bytes))
    known = [each for each in (measured, put_together) if each]
    return max(known, key=lambda each: each.expected.ratio, default=None)


def _put_together(
    model: Model, base: Cell, allowed: Collection[tuple[str, Any]]
) -> Candidate | None:
    """Change the base setting by setting, by what the model expects."""
    levels, steps = base.model_dump(), []
    reached = 1.0
    while step := _best_step(model, levels, base.model_dump(), allowed, reached):
        factor, level, reached = step
        levels = {**levels, factor: level}
        steps.append((f"{factor}~{level}", reached))
    if not steps:
        return None
    cell = Cell.model_validate(levels)
    expected = model.ratio(levels, base.model_dump())
    return Candidate(levels, cell.name(base), expected, tuple(steps))


def _fastest(cells: Sequence[Measured], base: Cell, kept: Collection[Name]) -> Candidate | None:
    """The fastest cell that keeps the rule, was measured beside the base, and gains by itself."""
    usual = base.model_dump()
    beside = [
        each
        for each in cells
        if dict(each.reference) == usual
        and (each.experiment, each.cell) in kept
        and {name for name, _ in _differing(each.levels, usual)} <= set(FACTORS)
        and each.ratio >= LEAST_STEP
    ]
    if not beside:
        return None
    found = max(beside, key=lambda each: each.ratio)
    reach = math.exp(QUANTILE_90 * found.error)
    expected = Ratio(found.ratio, found.ratio / reach, found.ratio * reach)
    return Candidate(found.levels, found.cell, expected, ((found.cell, found.ratio),))


def keeping(summaries: pd.DataFrame, pixels: str, most_bytes: float) -> set[Name]:
    """Find the cells that delivered what is allowed within the bound: experiment and name."""
    rows = records(summaries[summaries["estimand"] == "pss_bytes"])
    return {
        (row["experiment"], row["cell"])
        for row in rows
        if (pixels != IDENTICAL or row["equivalence"] == IDENTICAL)
        and (not most_bytes or not row["cell_median"] > most_bytes)
    }


def allowed_levels(
    cells: Sequence[Measured], summaries: pd.DataFrame, pixels: str, most_bytes: float
) -> Iterator[tuple[str, Any]]:
    """Find the levels that a valid cell had, with batches as the reference's and within the bound.

    A level is allowed where every cell that has it, and differs in it from its reference, keeps
    the rule: one that once delivered other pixels may do so again.
    """
    keeps = keeping(summaries, pixels, most_bytes)
    found: dict[tuple[str, Any], bool] = {}
    for each in cells:
        kept = (each.experiment, each.cell) in keeps
        for pair in _differing(each.levels, each.reference):
            alone = len(list(_differing(each.levels, each.reference))) == 1
            if alone or pair not in found:
                found[pair] = kept and (alone or found.get(pair, True))
    return (pair for pair, allowed in found.items() if allowed and pair[0] in FACTORS)


def _differing(levels: Mapping[str, Any], reference: Mapping[str, Any]) -> Iterator[Any]:
    return ((name, level) for name, level in levels.items() if level != reference[name])


def _best_step(
    model: Model,
    levels: Levels,
    base: Levels,
    allowed: Collection[tuple[str, Any]],
    reached: float,
) -> tuple[str, Any, float] | None:
    """The change that is expected to gain most, if it gains enough."""
    expected = [
        (model.ratio(changed, base).ratio, factor, level)
        for factor, level in sorted(allowed, key=str)
        if level != levels[factor] and _fits(changed := {**levels, factor: level})
    ]
    if not expected:
        return None
    ratio, factor, level = max(expected, key=lambda each: each[0])
    return (factor, level, ratio) if ratio >= LEAST_STEP * reached else None


def _fits(levels: Levels) -> bool:
    """Whether levels go together: other loaders have no say over some settings of torch's."""
    usual = Cell()
    if levels["loader"] == usual.loader:
        return bool(levels["workers"]) or not levels["persistent_workers"]
    return all(levels[name] == getattr(usual, name) for name in OF_TORCH)
