"""Judges of figures: milliseconds, bytes, shares, clocked apart from the cells."""

from __future__ import annotations

from collections.abc import Mapping

from feedrate import phrases
from feedrate.evidence import (
    INCONCLUSIVE,
    REFUTED,
    SUPPORTED,
    Evidence,
    Judgement,
    NotTestableError,
    name_of,
)
from feedrate.intervals import signed_rank_interval
from feedrate.judges.common import Parameters, negation, said, within
from feedrate.shares import reference_stages, stage_table

Cell = Mapping[str, str]


def stage_in_range(evidence: Evidence, _: Cell, parameters: Parameters) -> Judgement:
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
    return Judgement(verdict, text, f"stages: {stage}~{level}", measured, low, high)


def stage_cheaper(evidence: Evidence, _: Cell, parameters: Parameters) -> Judgement:
    """Does one way of a stage take less than another, by so many times?"""
    stage, (one, other) = parameters["stage"], parameters["levels"]
    bounds = evidence.clocked()["alternatives_intervals_ms"].get(stage, {})
    for level in (one, other):
        if level not in bounds:
            raise NotTestableError(f"The stage {stage} was not clocked with {level}.")
    centres = evidence.stages["alternatives"][stage]
    times = centres[other] / centres[one]
    low, high = bounds[other][0] / bounds[one][1], bounds[other][1] / bounds[one][0]
    least = parameters["least"]
    verdict = SUPPORTED if low > least else REFUTED if high < least else INCONCLUSIVE
    text = (
        f"{one} takes {phrases.milliseconds(centres[one])} an image, {other} "
        f"{phrases.milliseconds(centres[other])}: {phrases.ratio(times)} (bounds of the two "
        f"intervals {low:.2f} to {high:.2f}); claimed is {least:g}x at least."
    )
    return Judgement(verdict, text, f"stages: {stage}~{one}, {stage}~{other}", times, low, high)


def preload_in_range(evidence: Evidence, cell: Cell, parameters: Parameters) -> Judgement:
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
    return Judgement(verdict, text, name_of(cell), found.centre, found.low, found.high)


def memory_near(evidence: Evidence, _: Cell, parameters: Parameters) -> Judgement:
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
    return Judgement(said(near), text, "stages, stored maps", total / claimed)


def share_near(evidence: Evidence, _: Cell, parameters: Parameters) -> Judgement:
    """Is the share of some stages within the tolerance, of CPU time and of what one waits for?

    The share of an epoch that is exposed is what making the stage free takes off it, where such a
    cell was measured: beside other workers a stage may take much and hold up nothing.
    """
    stages, claimed = parameters["stages"], parameters["percent"]
    shares = stage_table(evidence.clocked()).set_index("stage")["share"]
    percent = float(100 * shares[stages].sum())
    near = abs(percent - claimed) <= parameters["tolerance_points"]
    text = (
        f"{phrases.listing(stages)}: {percent:.0f} % of one image's time without workers; "
        f"claimed was {claimed:g} %."
    )
    return Judgement(said(near), text + _exposed(evidence, parameters), "stages", percent / claimed)


def slower_beside_others(evidence: Evidence, _: Cell, parameters: Parameters) -> Judgement:
    """Does a stage take no more inside many workers than inside few, within a factor?"""
    stage, (few, many) = parameters["stage"], parameters["workers"]
    found = {}
    for count in (few, many):
        trials = evidence.trials[evidence.trials["level_workers"] == count]
        trials = trials[trials["experiment"] == parameters["experiment"]]
        if trials.empty:
            name = f"{parameters['experiment']}/workers~{count}"
            raise NotTestableError(f"The cell {name} was not measured in this study.")
        inside = reference_stages(trials.assign(side="reference"))
        found[count] = inside.set_index("stage")["ms"][stage]
    times = float(found[many] / found[few])
    text = (
        f"{stage} takes {phrases.milliseconds(found[many])} an image inside {many} workers and "
        f"{phrases.milliseconds(found[few])} inside {few}: {phrases.ratio(times)} on "
        f"{evidence.trials['machine_cores'].iloc[0]} cores (medians of all trials)."
    )
    most = parameters["most"]
    cells = ", ".join(f"{parameters['experiment']}/workers~{count}" for count in (few, many))
    return Judgement(said(times <= most), text, cells, times)


def sum_near_whole(evidence: Evidence, _: Cell, parameters: Parameters) -> Judgement:
    """Do the operations of the transform, clocked one by one, add up to the whole?"""
    closure = evidence.clocked().get("operations_closure")
    if closure is None:
        raise NotTestableError("The operations of this transform were not clocked.")
    low, high = evidence.stages["operations_closure_interval"]
    verdict = within(low, high, 1 - parameters["tolerance"], 1 + parameters["tolerance"])
    steps = [
        f"{each['operation']} {phrases.milliseconds(each['ms'])}"
        for each in evidence.stages["operations"]
    ]
    text = f"{phrases.listing(steps)}; together {phrases.percent(closure)} of the whole."
    return Judgement(verdict, text, "stages: operations", closure, low, high)


def _exposed(evidence: Evidence, parameters: Parameters) -> str:
    cell = parameters.get("freed")
    if not cell:
        return ""
    try:
        row = evidence.row(*cell.split("/"))
    except NotTestableError:
        return f" What it holds up was not measured ({cell})."
    share = 1 - 1 / row["ratio"]
    bounds = (1 - 1 / row["low"], 1 - 1 / row["high"])
    return (
        f" For nothing it would take {phrases.percent(share)} off the epoch "
        f"({phrases.percent(bounds[0])} to {phrases.percent(bounds[1])}, {cell})."
    )


not_cheaper = negation(
    stage_cheaper, "not_cheaper", "Is no other way of a stage so many times as cheap?"
)

JUDGES = (
    not_cheaper,
    *(stage_in_range, stage_cheaper, preload_in_range, memory_near, share_near),
    *(slower_beside_others, sum_near_whole),
)
