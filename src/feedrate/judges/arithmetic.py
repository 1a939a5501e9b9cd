"""Judges that calculate: what follows from the write-up's numbers, and what nobody measures."""

from __future__ import annotations

from collections.abc import Mapping

from feedrate import phrases
from feedrate.evidence import FACT, OPINION, Evidence, Judgement
from feedrate.judges.common import Parameters, said

Cell = Mapping[str, str]


def quotient(_: Evidence, __: Cell, parameters: Parameters) -> Judgement:
    """Is a quotient of two of the write-up's numbers what it says?"""
    over, under, claimed = (float(parameters[key]) for key in ("over", "under", "claimed"))
    found = over / under
    near = abs(found - claimed) <= parameters["tolerance"]
    text = f"{over:g} / {under:g} = {found:.3f}; the write-up says {claimed:g}."
    if claimed < 0:
        text += " A ratio of two times cannot be negative."
    return Judgement(said(near), text, "", found)


def amdahl(_: Evidence, __: Cell, parameters: Parameters) -> Judgement:
    """Does a share of the time, made free, give the speed-up that is said (Amdahl 1967)?"""
    share, claimed = parameters["percent"] / 100, parameters["claimed"]
    found = 1 / (1 - share)
    near = abs(found / claimed - 1) <= parameters["tolerance"]
    text = (
        f"A stage of {parameters['percent']:g} % that takes nothing makes stages that run one "
        f"after the other {phrases.ratio(found)} as fast; the write-up says {claimed:g}x. Stages "
        "that run beside each other follow no such law."
    )
    return Judgement(said(near), text, "", found)


def needed_share(_: Evidence, __: Cell, parameters: Parameters) -> Judgement:
    """Can some stages of the write-up's own breakdown give the speed-up that is asked of them?"""
    times, percent = parameters["times"], sum(parameters["percents"])
    needed = 100 * (1 - 1 / times)
    text = (
        f"{times:g}x needs {needed:.1f} % of the time to go; {parameters['of']} are {percent:g} % "
        "by the write-up's own breakdown."
    )
    return Judgement(said(percent >= needed), text, "", needed / percent)


def batches_of(_: Evidence, __: Cell, parameters: Parameters) -> Judgement:
    """Are there as many batches in an epoch as the write-up says?"""
    images, size, claimed = (parameters[key] for key in ("images", "batch_size", "claimed"))
    found = -(-images // size)
    text = f"{images} images in batches of {size} make {found}; the write-up says {claimed}."
    return Judgement(said(found == claimed), text, "", claimed / found)


def apart_at_n(_: Evidence, __: Cell, parameters: Parameters) -> Judgement:
    """Can so many runs tell two ratios apart? With one of each there is no interval at all."""
    runs, least = parameters["runs"], parameters["least"]
    text = (
        f"{runs} run an arm; an exact interval of 95 % over pairs needs {least}. "
        f"{parameters['one']:g}x and {parameters['other']:g}x cannot be told apart by it."
    )
    return Judgement(said(runs >= least), text, "", runs / least)


def part_of_the_document(_: Evidence, __: Cell, parameters: Parameters) -> Judgement:
    """A statement about the write-up itself: it is there, and no measurement speaks of it."""
    return Judgement(FACT, f"What the document says of itself: {parameters['says']}.")


def matter_of_opinion(_: Evidence, __: Cell, parameters: Parameters) -> Judgement:
    """A judgement: what would have to be agreed on before anything could be measured."""
    return Judgement(OPINION, f"Nothing measured here decides it: {parameters['because']}.")


JUDGES = (
    *(quotient, amdahl, needed_share, batches_of, apart_at_n),
    *(part_of_the_document, matter_of_opinion),
)
