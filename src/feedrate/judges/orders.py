"""Judges of several cells of an experiment: which gains most, in which order, whether any does."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from feedrate import phrases
from feedrate.evidence import (
    INCONCLUSIVE,
    REFUTED,
    SUPPORTED,
    Evidence,
    Judgement,
    NotTestableError,
)
from feedrate.judges.common import Parameters, judged, negation

Cell = Mapping[str, str]


def gains_most(evidence: Evidence, _: Cell, parameters: Parameters) -> Judgement:
    """Is one cell of an experiment the one that gains most? Decided by whole intervals."""
    experiment, named = parameters["experiment"], parameters["cell"]
    rows = {name: evidence.row(experiment, name) for name in [named, *parameters["others"]]}
    own = rows.pop(named)
    best = max(rows, key=lambda name: rows[name]["low"])
    verdict = INCONCLUSIVE
    if own["low"] > max(row["high"] for row in rows.values()):
        verdict = SUPPORTED
    elif rows[best]["low"] > own["high"]:
        verdict = REFUTED
    told = [f"{name} {phrases.as_fast(row)}" for name, row in rows.items()]
    text = f"{named}: {phrases.as_fast(own)}; beside it {phrases.listing(told)}."
    return judged(verdict, text, {"experiment": experiment, "cell": named}, own)


def in_place(evidence: Evidence, _: Cell, parameters: Parameters) -> Judgement:
    """Is a cell at its claimed place in an order of gains? Refuted by any pair the other way."""
    experiment, order = parameters["experiment"], parameters["order"]
    named, rows = parameters["cell"], {}
    for name in order:
        rows[name] = evidence.row(experiment, name)
    place, own = order.index(named), rows[named]
    before, after = order[:place], order[place + 1 :]
    against = [name for name in before if rows[name]["high"] < own["low"]]
    against += [name for name in after if rows[name]["low"] > own["high"]]
    settled = all(rows[name]["low"] > own["high"] for name in before)
    settled = settled and all(rows[name]["high"] < own["low"] for name in after)
    verdict = REFUTED if against else SUPPORTED if settled else INCONCLUSIVE
    text = f"{named}: {phrases.as_fast(own)}, claimed to be number {place + 1} of {len(order)}."
    if against:
        told = [f"{name} {phrases.as_fast(rows[name])}" for name in against]
        text += f" The other way round: {phrases.listing(told)}."
    return judged(verdict, text, {"experiment": experiment, "cell": named}, own)


def fewer_workers(evidence: Evidence, _: Cell, parameters: Parameters) -> Judgement:
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
    both = ", ".join(f"{experiment}/{name}" for name in names.values())
    return Judgement(verdict, text, both, fewer["ratio"], fewer["low"], fewer["high"])


def some_gain(evidence: Evidence, _: Cell, parameters: Parameters) -> Judgement:
    """Is any of some cells faster by more than the margin? Refuted where none can be."""
    rows = {name: evidence.row(*name) for name in map(tuple, parameters["cells"])}
    verdicts = {row["verdict"] for row in rows.values()}
    verdict = SUPPORTED if "faster" in verdicts else REFUTED
    if verdict == REFUTED and "inconclusive" in verdicts:
        verdict = INCONCLUSIVE
    best = max(rows, key=lambda name: rows[name]["low"])
    told = [f"{name[1]} {phrases.as_fast(row)}" for name, row in rows.items()]
    where = {"experiment": best[0], "cell": best[1]}
    return judged(verdict, f"{phrases.listing(told)}.", where, rows[best])


def _worker_counts(evidence: Evidence, experiment: str) -> str:
    table = evidence.summaries
    chosen = table[(table["experiment"] == experiment) & (table["estimand"] == "images_per_s")]
    chosen = chosen[np.isfinite(chosen["cell_median"])]
    if chosen.empty:
        return ""
    cells = [f"{row.cell}: {phrases.rate(row.cell_median)}" for row in chosen.itertuples()]
    reference = phrases.rate(float(chosen["reference_median"].median()))
    return f"Measured were {phrases.listing(cells)}; the reference: {reference}."


not_most = negation(gains_most, "not_most", "Does another cell gain more than this one?")

JUDGES = (not_most, in_place, fewer_workers, some_gain)
