"""Judges of what one cell gains or costs, from its pairs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from feedrate import phrases
from feedrate.evidence import (
    INCONCLUSIVE,
    REFUTED,
    SUPPORTED,
    Evidence,
    Judgement,
    name_of,
)
from feedrate.judges.common import Parameters, Row, above, inverted, judged, negation, within

_WARM, _COLD = 0.01, 0.5
"""Share of the bytes read that came from storage: below it none did, above it most of them did."""

Cell = Mapping[str, str]


def speed_up_in_range(evidence: Evidence, cell: Cell, parameters: Parameters) -> Judgement:
    """Does the interval of a speed-up lie inside the range claimed?"""
    row = _row(evidence, cell, parameters)
    verdict = within(row["low"], row["high"], parameters["low"], parameters["high"])
    text = (
        f"{parameters['doing']} makes the epoch {phrases.as_fast(row)}; "
        f"claimed was {parameters['low']:g} to {parameters['high']:g}x."
    )
    return judged(verdict, text + _stage_note(evidence, parameters), cell, row)


def slower(evidence: Evidence, cell: Cell, parameters: Parameters) -> Judgement:
    """Is the epoch slower? Start-up is told beside it, never mixed in."""
    epoch, whole = evidence.row(**cell), evidence.row(**cell, estimand="epoch_with_startup_s")
    verdict = {"slower": SUPPORTED, "inconclusive": INCONCLUSIVE}.get(epoch["verdict"], REFUTED)
    text = (
        f"{parameters['doing']} makes the epoch {phrases.as_fast(epoch)}; one epoch with the "
        f"start-up included is {phrases.as_fast(whole)}."
    )
    return judged(verdict, text, cell, epoch)


def faster(evidence: Evidence, cell: Cell, parameters: Parameters) -> Judgement:
    """Is the epoch faster by more than the margin?"""
    row = evidence.row(**cell)
    verdict = {"faster": SUPPORTED, "inconclusive": INCONCLUSIVE}.get(row["verdict"], REFUTED)
    text = (
        f"{parameters['doing']} makes the epoch {phrases.as_fast(row)}; "
        f"batches against the reference's: {row['equivalence']}."
    )
    return judged(verdict, text, cell, row)


def not_faster(evidence: Evidence, cell: Cell, parameters: Parameters) -> Judgement:
    """Does a change gain nothing that matters?"""
    return _nothing_but("faster", _row(evidence, cell, parameters), cell, parameters)


def not_faster_with_startup(evidence: Evidence, cell: Cell, parameters: Parameters) -> Judgement:
    """Does a change gain nothing that matters, in one epoch with its start-up?"""
    row = evidence.row(**cell, estimand="epoch_with_startup_s")
    return _nothing_but("faster", row, cell, parameters)


def not_slower_with_startup(evidence: Evidence, cell: Cell, parameters: Parameters) -> Judgement:
    """Does a change cost nothing that matters, in one epoch with its start-up?"""
    row = evidence.row(**cell, estimand="epoch_with_startup_s")
    return _nothing_but("slower", row, cell, parameters)


def alike(evidence: Evidence, cell: Cell, parameters: Parameters) -> Judgement:
    """Do both sides take the same time, within the margin?"""
    row = evidence.row(**cell, estimand=parameters.get("estimand", "epoch_s"))
    verdict = {"equivalent": SUPPORTED, "inconclusive": INCONCLUSIVE}.get(row["verdict"], REFUTED)
    margin = phrases.percent(row["margin"])
    text = f"{parameters['doing']} {_makes(row)}; alike means within {margin} either way."
    return judged(verdict, text, cell, row)


def gain_at_least(evidence: Evidence, cell: Cell, parameters: Parameters) -> Judgement:
    """Does a change gain at least so much?"""
    row = evidence.row(**cell)
    verdict = above(row["low"], row["high"], parameters["least"])
    text = f"{parameters['doing']} {_makes(row)}; asked is {parameters['least']:g}x."
    return judged(verdict, text, cell, row)


def gain_at_most(evidence: Evidence, cell: Cell, parameters: Parameters) -> Judgement:
    """Does a change gain no more than so much?"""
    row = _row(evidence, cell, parameters)
    verdict = above(1 / row["high"], 1 / row["low"], 1 / parameters["most"])
    text = f"{parameters['doing']} {_makes(row)}; claimed is {parameters['most']:g}x at most."
    return judged(verdict, text, cell, row)


def more_memory(evidence: Evidence, cell: Cell, parameters: Parameters) -> Judgement:
    """Does a cell hold more memory than its reference (PSS of all processes)?"""
    row = evidence.row(**cell, estimand="pss_bytes")
    verdict = {"more": SUPPORTED, "inconclusive": INCONCLUSIVE}.get(row["verdict"], REFUTED)
    text = (
        f"{parameters['doing']} takes {phrases.megabytes(row['cell_median'])} instead of "
        f"{phrases.megabytes(row['reference_median'])}, all processes together (PSS)."
    )
    return judged(verdict, text, cell, row)


def no_disk_bottleneck(evidence: Evidence, cell: Cell, _: Parameters) -> Judgement:
    """Even without maps nothing is gained, or nothing came from storage: not the disk."""
    row = evidence.row(**cell)
    reference = evidence.sides(cell["experiment"], cell["cell"], "reference")
    read = float(reference["os_read_chars"].median())
    stored = float(reference["os_storage_read_bytes"].median())
    verdict = INCONCLUSIVE
    if row["high"] <= 1 + row["margin"] or stored < _WARM * read:
        verdict = SUPPORTED
    elif row["low"] > 1 + row["margin"] and stored > _COLD * read:
        verdict = REFUTED
    text = (
        f"Without any maps the epoch is {phrases.as_fast(row)}: no way of reading them gains more. "
        f"Half of the reference's trials read at most {phrases.megabytes(read)}, images and maps, "
        f"and drew at most {phrases.megabytes(stored)} of that from storage; what the page cache "
        f"serves costs unpacking and copying, not disk I/O."
    )
    return judged(verdict, text, cell, row)


def pays_back_within(evidence: Evidence, cell: Cell, parameters: Parameters) -> Judgement:
    """Is what a cache costs at the start more than it saves in so many epochs?"""
    row = evidence.row(**cell)
    epochs, claimed = row["break_even_epochs"], parameters["epochs"]
    low, high = row["break_even_low"], row["break_even_high"]
    verdict = above(low, high, claimed)
    text = (
        f"{parameters['doing']} {_pays_back(row)} (interval {phrases.epochs(low)} to "
        f"{phrases.epochs(high)}); the claim is about {claimed:g}."
    )
    return Judgement(verdict, text, name_of(cell), epochs, low, high)


def _row(evidence: Evidence, cell: Cell, parameters: Parameters) -> dict[str, Any]:
    """The row that decides; with ``invert`` the reference is held against the cell."""
    row = evidence.row(**cell)
    if not parameters.get("invert"):
        return row
    turned = {"faster": "slower", "slower": "faster"}.get(row["verdict"], row["verdict"])
    return {**inverted(row), "verdict": turned}


def _pays_back(row: Row) -> str:
    cost_s, saved_s, epochs = row["extra_startup_s"], row["saved_s"], row["break_even_epochs"]
    costs = f"{phrases.seconds(cost_s)} more" if cost_s > 0 else "nothing more"
    saves = f"{'saves' if saved_s > 0 else 'loses'} {phrases.seconds(abs(saved_s))} an epoch"
    after = f"after {phrases.epochs(epochs)} epochs" if math.isfinite(epochs) else "never"
    return f"costs {costs} at the start and {saves}: paid back {after}"


def _nothing_but(word: str, row: Row, cell: Cell, parameters: Parameters) -> Judgement:
    """Refuted by one verdict, open where nothing is settled, supported by any other."""
    verdict = {word: REFUTED, "inconclusive": INCONCLUSIVE}.get(row["verdict"], SUPPORTED)
    return judged(verdict, f"{parameters['doing']} {_makes(row)}.", cell, row)


def _makes(row: Row) -> str:
    return f"makes it {phrases.as_fast(row)}"


def _stage_note(evidence: Evidence, parameters: Parameters) -> str:
    """The stage alone, where the claim compares generating with reading: another quantity."""
    clocked = evidence.stages.get("alternatives", {}).get("targets", {})
    if not parameters.get("invert") or not {"reference", "npz"} <= set(clocked):
        return ""
    gain = clocked["reference"] / clocked["npz"]
    return f" The stage alone is {phrases.ratio(gain)} as fast, clocked without workers."


outside_range = negation(
    speed_up_in_range, "outside_range", "Does the interval of a speed-up lie outside of a range?"
)

JUDGES = (
    *(speed_up_in_range, outside_range, slower, faster, not_faster, not_faster_with_startup),
    *(not_slower_with_startup, alike, gain_at_least, gain_at_most, more_memory),
    *(no_disk_bottleneck, pays_back_within),
)
