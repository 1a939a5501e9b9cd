"""What simpler models say: they are held beside the simulation, on the same cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from feedrate.cell import split_level
from feedrate.model.costs import Levels
from feedrate.model.measured import Measured
from feedrate.model.prediction import Model

Baseline = Callable[[Model, Sequence[Measured], Measured], float]
"""The ratio that a model expects of a cell; it may look at the calibration cells."""


def serial_amdahl(model: Model, _: Sequence[Measured], cell: Measured) -> float:
    """Stages and consumer one after the other, whoever runs them (Amdahl 1967)."""
    return _serial_s(model, cell.reference) / _serial_s(model, cell.levels)


def linear_in_workers(model: Model, _: Sequence[Measured], cell: Measured) -> float:
    """The loader as many times as fast as it has workers; or the consumer, where that is slower."""
    return _linear_s(model, cell.reference) / _linear_s(model, cell.levels)


def nearest_cell(model: Model, calibration: Sequence[Measured], cell: Measured) -> float:
    """The measured ratio of the calibration cell that shares most levels."""
    if not calibration:
        return 1.0
    return min(calibration, key=lambda each: (_distance(each, cell), each.name)).ratio


BASELINES: Mapping[str, Baseline] = {
    function.__name__: function for function in (serial_amdahl, linear_in_workers, nearest_cell)
}


def _loading_s(model: Model, levels: Levels) -> float:
    """One process, a batch."""
    stages_ms: Mapping[str, float] = model.knowledge.costs_of(levels).stages_ms
    return sum(stages_ms.values()) / 1e3 * float(levels["batch_size"])


def _consuming_s(model: Model, levels: Levels) -> float:
    name, argument = split_level(levels["consumer"])
    if name in ("sleep", "spin"):
        return float(argument or 0) / 1e3
    return 0.0 if name == "none" else model.forward_s or 0.0


def _serial_s(model: Model, levels: Levels) -> float:
    return _loading_s(model, levels) + _consuming_s(model, levels)


def _linear_s(model: Model, levels: Levels) -> float:
    loading_s = _loading_s(model, levels) / max(int(levels["workers"]), 1)
    if not levels["workers"]:
        return loading_s + _consuming_s(model, levels)
    return max(loading_s, _consuming_s(model, levels))


def _distance(one: Measured, other: Measured) -> int:
    """Levels in which two cells differ, those of their references counted too."""
    return sum(
        mine[factor] != theirs[factor]
        for mine, theirs in ((one.levels, other.levels), (one.reference, other.reference))
        for factor in mine
    )
