"""The judges of the ledger: evidence of one dataset in, a verdict and its sentence out.

Every judge has the signature ``(evidence, cell, parameters) -> Judgement``. A verdict follows from
where the whole interval lies, never from the centre alone; a figure without an interval (one
clocked run) says so in its sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from feedrate import phrases
from feedrate.evidence import Evidence, Judgement, NotTestableError, name_of
from feedrate.intervals import signed_rank_interval
from feedrate.shares import stage_table

SUPPORTED, REFUTED, INCONCLUSIVE = "supported", "refuted", "inconclusive"
POINT_TOLERANCE = 1.25
"""A figure clocked once counts as within a range up to this factor outside of it."""

_WARM, _COLD = 0.01, 0.5
"""Share of the bytes read that came from storage: below it none did, above it most of them did."""

Judge = Callable[[Evidence, Mapping[str, str], Mapping[str, Any]], Judgement]


def speed_up_in_range(
    evidence: Evidence, cell: Mapping[str, str], parameters: Mapping[str, Any]
) -> Judgement:
    """Does the interval of a speed-up lie inside the range claimed?"""
    row = evidence.row(**cell)
    if parameters.get("invert"):
        row = inverted(row)
    verdict = within(row["low"], row["high"], parameters["low"], parameters["high"])
    text = (
        f"{parameters['doing']} makes the epoch {phrases.as_fast(row)}; "
        f"claimed was {parameters['low']:g} to {parameters['high']:g}x."
    )
    return Judgement(verdict, text + _stage_note(evidence, parameters), name_of(cell))


def slower(evidence: Evidence, cell: Mapping[str, str], parameters: Mapping[str, Any]) -> Judgement:
    """Is the epoch slower? Start-up is told beside it, never mixed in."""
    epoch, whole = evidence.row(**cell), evidence.row(**cell, estimand="epoch_with_startup_s")
    verdict = {"slower": SUPPORTED, "inconclusive": INCONCLUSIVE}.get(epoch["verdict"], REFUTED)
    text = (
        f"{parameters['doing']} makes the epoch {phrases.as_fast(epoch)}; one epoch with the "
        f"start-up included is {phrases.as_fast(whole)}."
    )
    return Judgement(verdict, text, name_of(cell))


def faster(evidence: Evidence, cell: Mapping[str, str], parameters: Mapping[str, Any]) -> Judgement:
    """Is the epoch faster by more than the margin?"""
    row = evidence.row(**cell)
    verdict = {"faster": SUPPORTED, "inconclusive": INCONCLUSIVE}.get(row["verdict"], REFUTED)
    text = (
        f"{parameters['doing']} makes the epoch {phrases.as_fast(row)}; "
        f"batches against the reference's: {row['equivalence']}."
    )
    return Judgement(verdict, text, name_of(cell))


def no_disk_bottleneck(
    evidence: Evidence, cell: Mapping[str, str], _: Mapping[str, Any]
) -> Judgement:
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
    return Judgement(verdict, text, name_of(cell))


def stage_in_range(
    evidence: Evidence, _: Mapping[str, str], parameters: Mapping[str, Any]
) -> Judgement:
    """Does a stage take the milliseconds claimed?"""
    stage, level = parameters["stage"], parameters["level"]
    measured = evidence.clocked()["alternatives"].get(stage, {}).get(level)
    if measured is None:
        raise NotTestableError(f"The stage {stage} was not clocked with {level}.")
    low, high = evidence.stages["alternatives_intervals_ms"][stage][level]
    verdict = within(low, high, parameters["low_ms"], parameters["high_ms"])
    text = (
        f"{phrases.milliseconds(measured)} an image, interval {phrases.digits(low)} to "
        f"{phrases.digits(high)} ms over {evidence.stages['processes']} processes of "
        f"{evidence.stages['alternatives_images']} images each; claimed was "
        f"{parameters['low_ms']:g} to {parameters['high_ms']:g} ms."
    )
    return Judgement(verdict, text, f"stages: {stage}~{level}")


def preload_in_range(
    evidence: Evidence, cell: Mapping[str, str], parameters: Mapping[str, Any]
) -> Judgement:
    """Does a preload, scaled to the number of maps claimed, take the seconds claimed?"""
    evidence.row(**cell)
    trials = evidence.sides(cell["experiment"], cell["cell"], "cell")
    scaled = parameters["maps"] * (trials["startup_preload_s"] / trials["work_images"])
    found = signed_rank_interval(scaled.to_numpy(float), 0.95)
    verdict = within(found.low, found.high, parameters["low_s"], parameters["high_s"])
    text = (
        f"{phrases.seconds(found.centre)} for {parameters['maps']} maps (95 % interval "
        f"{found.low:.3g} to {found.high:.3g} s, {len(scaled)} trials), scaled per map from the "
        f"{trials['work_images'].iloc[0]} maps a trial preloads."
    )
    return Judgement(verdict, text, name_of(cell))


def memory_near(
    evidence: Evidence, _: Mapping[str, str], parameters: Mapping[str, Any]
) -> Judgement:
    """Do the maps take the megabytes claimed?"""
    each = evidence.clocked()["map_bytes_in_memory_per_image"]
    total, claimed = each * parameters["maps"], parameters["megabytes"] * 1e6
    near = abs(total / claimed - 1) <= parameters["tolerance"]
    text = (
        f"{phrases.megabytes(total)} in memory for {parameters['maps']} maps "
        f"({total / claimed:.1f}x the claim): the arrays of one preloaded map, times their number."
    )
    if evidence.maps.get("maps"):
        stored = evidence.maps["bytes"] / evidence.maps["maps"] * parameters["maps"]
        text += f" Compressed on disk they take {phrases.megabytes(stored)}."
    return Judgement(SUPPORTED if near else REFUTED, text, "stages, stored maps")


def split_near(
    evidence: Evidence, _: Mapping[str, str], parameters: Mapping[str, Any]
) -> Judgement:
    """Is every share of the split within the tolerance of the claim?"""
    shares = stage_table(evidence.clocked()).set_index("stage")["share"]
    groups = parameters["shares"]
    measured = {name: float(100 * shares[group["stages"]].sum()) for name, group in groups.items()}
    off = [abs(measured[name] - group["percent"]) for name, group in groups.items()]
    pairs = [f"{name} {measured[name]:.0f} %" for name in groups]
    text = (
        f"Measured: {phrases.listing(pairs)}, clocked without workers in "
        f"{evidence.stages['processes']} processes; "
        f"the largest distance from the claim is {max(off):.0f} points."
    )
    verdict = SUPPORTED if max(off) <= parameters["tolerance_points"] else REFUTED
    return Judgement(verdict, text, "stages")


def fewer_workers(
    evidence: Evidence, _: Mapping[str, str], parameters: Mapping[str, Any]
) -> Judgement:
    """Are fewer workers faster than more? Both must have been measured."""
    experiment = parameters["experiment"]
    names = {key: f"workers~{parameters[key]}" for key in ("fewer", "more")}
    try:
        fewer, more = (evidence.row(experiment, names[key]) for key in ("fewer", "more"))
    except NotTestableError as reason:
        raise NotTestableError(f"{reason} {_worker_counts(evidence, experiment)}") from None
    verdict = INCONCLUSIVE
    if fewer["low"] > more["high"]:
        verdict = SUPPORTED
    elif fewer["high"] < more["low"]:
        verdict = REFUTED
    text = (
        f"{parameters['fewer']} workers: {phrases.as_fast(fewer)}; {parameters['more']} workers: "
        f"{phrases.as_fast(more)}, each against the reference's count."
    )
    return Judgement(verdict, text, ", ".join(f"{experiment}/{name}" for name in names.values()))


def inverted(row: Mapping[str, Any]) -> dict[str, Any]:
    """The same comparison with the two sides exchanged."""
    return {**row, "ratio": 1 / row["ratio"], "low": 1 / row["high"], "high": 1 / row["low"]}


def within(low: float, high: float, claimed_low: float, claimed_high: float) -> str:
    """Supported where an interval lies inside the range, refuted where it lies outside."""
    if claimed_low <= low and high <= claimed_high:
        return SUPPORTED
    return REFUTED if high < claimed_low or low > claimed_high else INCONCLUSIVE


def _stage_note(evidence: Evidence, parameters: Mapping[str, Any]) -> str:
    """The stage alone, where the claim compares generating with reading: another quantity."""
    clocked = evidence.stages.get("alternatives", {}).get("targets", {})
    if not parameters.get("invert") or not {"reference", "npz"} <= set(clocked):
        return ""
    gain = clocked["reference"] / clocked["npz"]
    return f" The stage alone is {phrases.ratio(gain)} as fast, clocked without workers."


def _worker_counts(evidence: Evidence, experiment: str) -> str:
    table = evidence.summaries
    chosen = table[(table["experiment"] == experiment) & (table["estimand"] == "images_per_s")]
    chosen = chosen[np.isfinite(chosen["cell_median"])]
    if chosen.empty:
        return ""
    cells = [f"{row.cell}: {phrases.rate(row.cell_median)}" for row in chosen.itertuples()]
    reference = phrases.rate(float(chosen["reference_median"].median()))
    return f"Measured were {phrases.listing(cells)}; the reference: {reference}."


JUDGES: dict[str, Judge] = {
    function.__name__: function
    for function in (
        *(speed_up_in_range, slower, faster, no_disk_bottleneck, stage_in_range),
        *(preload_in_range, memory_near, split_near, fewer_workers),
    )
}
