"""Is a dataset fit to be measured? The answer in sentences, all of them computed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from feedrate import phrases
from feedrate.dataconfig import TargetSettings
from feedrate.dataset_figures import DISTRIBUTIONS, drawable, say_value, values_of
from feedrate.report.inspection import Inspection

MEND = (
    "Mend what is listed under errors; feedrate repair writes a mended copy of what it can, and "
    "says what it did."
)


@dataclass(frozen=True)
class Answer:
    """What is said first.

    Attributes:
        fit: Whether a study may use the dataset.
        word: The verdict, in some words.
        headline: The rest of the sentence.
        found: What was found, counted.
        advice: What to do about it.
    """

    fit: bool
    word: str
    headline: str
    found: str
    advice: str


def answer(inspection: Inspection) -> Answer:
    """Say whether the dataset is fit to be measured, and what to do where it is not."""
    digest, keys = inspection.digest, set(inspection.facts["key"])
    texts = int(inspection.facts["instances"].sum())
    errors, warnings = digest.count("error"), digest.count("warning")
    found = say_found(errors, warnings, digest.count("info"))
    size = f"{number_of(len(keys), 'image')}, {number_of(texts, 'text')}"
    usable = len(keys - digest.faulty)
    if inspection.verdict and errors:
        used = f"{int(inspection.verdict['accepted']):,} of {len(keys):,} images are used."
        return Answer(True, "Fit in part:", used, found, MEND)
    if errors:
        where = f"{number_of(errors, 'error')} in {number_of(len(digest.faulty), 'file')}; {size}."
        leave = f" Or set on_error: exclude to go on with the {number_of(usable, 'other image')}."
        advice = MEND + leave if usable else MEND
        return Answer(False, "Not fit as it stands:", where, found, advice)
    if not texts:
        advice = "A study needs annotations: say in the config where they lie, and in which format."
        return Answer(False, "Images without text:", f"{size}.", found, advice)
    looked = "Look at the warnings; none of them stops a study."
    advice = looked if warnings else "Nothing has to be done."
    return Answer(True, "Fit to be measured:", f"{size}.", found, advice)


def say_found(errors: int, warnings: int, notes: int) -> str:
    """Say how much was found, as ``No errors; 17 warnings and 1 note``, with a full stop."""
    counts = {"error": errors, "warning": warnings, "note": notes}
    named = [number_of(count, thing) for thing, count in counts.items() if count]
    said = phrases.listing(named) or "nothing else"
    return f"{said}." if errors else f"No errors; {said}."


def say_content(inspection: Inspection) -> str:
    """Say what a typical image is like; empty where no image has a known size."""
    names = [name for name in ("size", "bits", "texts") if name in drawable(inspection.facts)]
    if "size" not in names:
        return ""
    medians = [float(np.median(values_of(name, inspection.facts))) for name in names]
    said = [
        f"{say_value(median)} {DISTRIBUTIONS[name].unit}"
        for name, median in zip(names, medians, strict=True)
    ]
    return f"The median image has {phrases.listing(said)}."


def say_taught(inspection: Inspection, targets: TargetSettings | None) -> str:
    """Say how many texts the target maps teach, and why the others are left out."""
    total, drawn, ignored, small, lost = (
        int(inspection.facts[name].sum())
        for name in ("instances", "drawn", "ignored", "too_small", "lost")
    )
    if not total:
        return ""
    at = f" at {targets.image_size} px" if targets else ""
    if drawn == total:
        return f"All {number_of(total, 'text')} are drawn into the target maps{at}."
    reasons = {
        "ignored by the annotation": ignored,
        "too small after the resize": small,
        "lost in the shrink": lost,
    }
    left_out = phrases.listing([f"{count:,} {why}" for why, count in reasons.items() if count])
    share = phrases.percent(drawn / total)
    return f"{share} of the texts are drawn into the target maps{at}. Left out: {left_out}."


def number_of(count: int, thing: str) -> str:
    """Count things: ``1 image``, ``21,212 texts``."""
    return f"{count:,} {thing}" + ("" if count == 1 else "s")
