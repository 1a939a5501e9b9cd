"""Judges of what was done: maps that were read, batches that ran, caches that were shared."""

from __future__ import annotations

from collections.abc import Mapping

from feedrate import phrases
from feedrate.evidence import INCONCLUSIVE, Evidence, Judgement, NotTestableError, name_of
from feedrate.judges.common import Parameters, said

Cell = Mapping[str, str]


def every_map_read(evidence: Evidence, cell: Cell, _: Parameters) -> Judgement:
    """Did every sample of the reference's epochs read its stored maps, and none draw them?"""
    evidence.row(**cell)
    trials = evidence.sides(cell["experiment"], cell["cell"], "reference")
    read, drawn, images = (
        int(trials[name].sum())
        for name in ("counters_target_file", "counters_target_computed", "images")
    )
    if not images:
        raise NotTestableError(f"{name_of(cell)} has no epochs.")
    text = (
        f"{read} of {images} samples of {len(trials)} epochs read their maps from a file, "
        f"{drawn} were drawn."
    )
    return Judgement(said(read == images and not drawn), text, name_of(cell), read / images)


def maps_verified(evidence: Evidence, _: Cell, parameters: Parameters) -> Judgement:
    """Are the stored maps complete, and those that the reference makes?"""
    maps = evidence.maps
    if not maps.get("maps"):
        raise NotTestableError("Stored maps were not verified in this study.")
    near = maps["max_error"] <= maps["allowed_error"]
    text = (
        f"{maps['maps']} maps, none missing, stale or foreign; {maps['recomputed']} were made "
        f"anew by the {maps['checked_against']}, differences {maps['max_error']:.3g} at most; "
        f"{maps['allowed_error']:.3g} is allowed."
    )
    return Judgement(said(near), text, "maps: npz")


def slower_by_preload(evidence: Evidence, _: Cell, parameters: Parameters) -> Judgement:
    """Is what the published harness lost with maps in RAM explained by their preload?"""
    arms = {arm["arm"]: arm for arm in evidence.probe("harness")["arms"]}
    lost = arms["ram"]["wall_s"] - arms["disk"]["wall_s"]
    share = arms["ram"]["preload_s"] / lost if lost > 0 else 0.0
    explained = share >= parameters["least_share"]
    text = (
        f"In its replay the RAM arm is {phrases.seconds(abs(lost))} "
        f"{'slower' if lost > 0 else 'faster'}; its preload takes "
        f"{phrases.seconds(arms['ram']['preload_s'])}. Once each: no interval."
    )
    return Judgement(said(lost > 0 and explained), text, "harness", share)


def workers_duplicate(evidence: Evidence, _: Cell, parameters: Parameters) -> Judgement:
    """Does each loader process hold a cache of its own? Both ways of holding it are told."""
    found = [
        each
        for each in evidence.probe("memory")["verdicts"]
        if each["start_method"] == parameters["start_method"]
        and each["workers"] == max(one["workers"] for one in evidence.probe("memory")["verdicts"])
    ]
    if not found:
        raise NotTestableError(f"No cache was read with {parameters['start_method']} here.")
    answers = {each["answer"] for each in found}
    verdict = said(answers == {"yes"}) if answers in ({"yes"}, {"no"}) else INCONCLUSIVE
    text = " ".join(each["sentence"] for each in found)
    return Judgement(verdict, text, "memory", max(each["duplicated_share"] for each in found))


def nothing_from_storage(evidence: Evidence, cell: Cell, parameters: Parameters) -> Judgement:
    """Do repeated reads come from memory: bytes that storage gave, against bytes asked for?"""
    evidence.row(**cell)
    trials = evidence.sides(cell["experiment"], cell["cell"], "reference")
    asked, given = (
        float(trials[name].median()) for name in ("os_read_chars", "os_storage_read_bytes")
    )
    share = given / asked if asked else 0.0
    text = (
        f"Of {phrases.megabytes(asked)} that a warm epoch reads, storage gave "
        f"{phrases.megabytes(given)} (medians)."
    )
    return Judgement(said(share <= parameters["most"]), text, name_of(cell), share)


def model_understands(evidence: Evidence, _: Cell, parameters: Parameters) -> Judgement:
    """Is performance understood: does a model predict cells that it has not seen?"""
    model = evidence.probe("model")
    if model["too_few"]:
        raise NotTestableError(f"The model was not scored: {model['too_few']}.")
    error = model["scores"]["model"]["median_abs_error"]
    text = (
        f"{model['finding']} What the write-up's own breakdown predicts is "
        f"{parameters['published']:g}x for free maps."
    )
    met = all(goal["met"] for goal in model["goals"])
    return Judgement(said(met), text, "model", error)


JUDGES = (
    *(every_map_read, maps_verified, slower_by_preload, workers_duplicate),
    *(nothing_from_storage, model_understands),
)
