"""From a profile and a few declared cells to a model: what was clocked, and what changes did."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from feedrate.cell import Cell
from feedrate.model.contention import Contention
from feedrate.model.contention import fit as fit_contention
from feedrate.model.costs import (
    LEAST_MS,
    PLAYED,
    Change,
    Effect,
    Knowledge,
    Levels,
    changed,
    profiled_effects,
)
from feedrate.model.events import play
from feedrate.model.measured import Measured
from feedrate.model.prediction import Model, Weights, Work, slowed
from feedrate.shares import IN_WORKERS

Names = Collection[tuple[str, str]]
"""Cells by experiment and name."""


def fit_model(
    stages: Mapping[str, Any],
    cells: Collection[Measured],
    calibration: Names,
    weights: Mapping[str, Weights],
    images: int,
) -> Model:
    """Fit a model to a profile and to the calibration cells; it sees no other.

    Args:
        stages: Content of ``results/stages/{dataset}.json``.
        cells: From `read_cells`; those that are not of the calibration are not looked at.
        calibration: Names of the calibration cells. What an A/A cell among them shows is noise.
        weights: By stage what each image of an epoch takes, as a multiple of the mean.
        images: Of an epoch.

    Raises:
        ValueError: A calibration cell is not among the cells.
    """
    known = {(each.experiment, each.cell): each for each in cells}
    absent = sorted(name for name in calibration if name not in known)
    if absent:
        raise ValueError(f"calibration cells that were not measured: {_listed(absent)}")
    used = [known[name] for name in sorted(calibration)]
    base = {**Cell().model_dump(), **stages["levels"], "workers": 1}
    base_ms = {stage: float(stages["per_image_ms"][stage]) for stage in IN_WORKERS}
    knowledge = Knowledge(base, base_ms, tuple(profiled_effects(stages)), stages["image_size"])
    forward_ms = float(stages["per_image_ms"].get("consume", 0.0))
    model = Model(
        knowledge,
        Work(images, weights),
        laws=_laws(used, knowledge, stages["machine"]["cores"]),
        forward_s=forward_ms * stages["batch_size"] / 1e3 if forward_ms else None,
    )
    effects = _effects(used, model)
    found = replace(model, knowledge=replace(knowledge, effects=(*effects, *knowledge.effects)))
    return replace(
        found,
        spread=math.hypot(
            _spread([math.log(each.residual) for each in effects]), _transfer(used, found)
        ),
        noise=_spread([each.error for each in used], centred=False),
    )


def _laws(used: Collection[Measured], knowledge: Knowledge, cores: int) -> dict[str, Contention]:
    """Fit the law of every stage to how many times as long it took beside others than alone.

    A calibration cell's reference tells of as many workers as that has, and the cell too where it
    differs in nothing else. Where none of them has one worker, the profile tells of it.
    """
    seen = [
        (float(levels["workers"]), stages_ms)
        for each in used
        for levels, stages_ms in (
            (each.reference, each.reference_ms),
            (each.levels, each.stages_ms),
        )
        if not changed(levels, knowledge.base)
        and levels["consumer"] == "none"
        and levels["workers"]
    ]
    if min((busy for busy, _ in seen), default=1.0) > 1:
        seen.append((1.0, knowledge.base_ms))
    return {
        stage: fit_contention([(busy, stages_ms[stage] / ms) for busy, stages_ms in seen], cores)
        for stage, ms in knowledge.base_ms.items()
        if ms > LEAST_MS
    }


def _effects(used: Collection[Measured], model: Model) -> list[Effect]:
    """What every calibration cell says of its levels, against those of the base.

    A reference may have other levels than the base: what is measured beside it comes on top of
    what is known of them, and a cell that goes back to the base's levels tells of them.
    """
    base = model.knowledge.base
    found: dict[Change, Effect] = {}
    for each in sorted(used, key=lambda one: _depth(one, base)):
        effect = _effect(each, model)
        if effect is None:
            continue
        factors = {factor for factor, _ in effect.change}
        beside = frozenset(pair for pair in changed(each.reference, base) if pair[0] in factors)
        change = effect.change & changed(each.levels, base)
        if not beside:
            found.setdefault(change, effect)
        elif not change:
            found.setdefault(beside, effect.inverted(beside))
        elif beside in found:
            found.setdefault(change, replace(effect, change=change).after(found[beside]))
    return list(found.values())


def _effect(measured: Measured, model: Model) -> Effect | None:
    """What a cell's change does beside its reference; None where no stage can show it."""
    change = changed(measured.levels, measured.reference)
    played = any(measured.levels[name] != measured.reference[name] for name in PLAYED)
    if not change or played:
        return None
    busy = max(measured.levels["workers"], 1)  # as many as the reference has: no effect of theirs
    taken = slowed(dict.fromkeys(IN_WORKERS, 1.0), model.laws, busy)
    before_ms, after_ms = (
        {stage: ms / taken[stage] for stage, ms in stages_ms.items()}
        for stages_ms in (measured.reference_ms, measured.stages_ms)
    )
    effect = Effect(change, before_ms, after_ms, error=measured.error, source=measured.name)
    return replace(effect, residual=_residual(measured, model))


def _depth(measured: Measured, base: Levels) -> tuple[bool, bool, str]:
    """Beside the base first, then what leads back to it, then the rest."""
    factors = {factor for factor, _ in changed(measured.levels, measured.reference)}
    aside = any(factor in factors for factor, _ in changed(measured.reference, base))
    away = any(factor in factors for factor, _ in changed(measured.levels, base))
    return aside, away, measured.name


def _residual(measured: Measured, model: Model) -> float:
    """Times as long as the stages explain: the measured ratio against that of both sides played.

    The stages are those seen inside the workers, so that contention is in them already.
    """
    played_s = [
        play(model.work.service_s(stages_ms, levels["batch_size"]), model.arrange(levels)).ended_s
        for levels, stages_ms in (
            (measured.reference, measured.reference_ms),
            (measured.levels, measured.stages_ms),
        )
    ]
    return played_s[0] / played_s[1] / measured.ratio


def _transfer(used: Collection[Measured], model: Model) -> float:
    """What a change is off by in another company than it was seen in (log, a change).

    The only combinations of changes among the calibration cells are the references that have other
    levels than the base: how long they take beside the base's own is predicted from the parts.
    """
    missed: dict[Change, list[float]] = {}
    for each in used:
        levels = {**each.reference, "workers": model.knowledge.base["workers"]}
        missed.setdefault(changed(levels, model.knowledge.base), []).append(
            math.log(model.predict(each.reference).epoch_s / each.reference_epoch_s)
        )
    own = np.median(missed.pop(frozenset(), [0.0]))
    apart = [(np.median(logs) - own) ** 2 / len(change) for change, logs in missed.items()]
    return math.sqrt(float(np.mean(apart))) if apart else 0.0


def _spread(values: list[float], centred: bool = True) -> float:
    """A standard deviation that a single odd value does not move: 1.4826 times the median."""
    if not values:
        return 0.0
    found = np.asarray(values)
    centre = np.median(found) if centred else 0.0
    return float(np.median(np.abs(found - centre)) * (1.4826 if centred else 1.0))


def _listed(names: Collection[tuple[str, str]]) -> str:
    return ", ".join(f"{experiment}/{cell}" for experiment, cell in names)
