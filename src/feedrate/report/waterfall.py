"""The sections on pipelines that are changed step by step: what each step contributes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from feedrate import phrases
from feedrate.figures import NARROW_IN, WIDE_IN
from feedrate.report.templates import Embed
from feedrate.waterfall import Gain, Step, read_steps
from feedrate.waterfall_figures import draw_waterfall

DASH = "\N{EN DASH}"

CAPTION = (
    "Each step twice: solid, added to all those above it; hatched, what the last pipeline loses "
    "when this step alone is taken away. The two differ where steps overlap. Lines and brackets: "
    "95 % intervals of the pairs; those of a contribution are recovered from two cells that were "
    "measured apart."
)


@dataclass(frozen=True)
class StepRow:
    """One step, ready to print."""

    name: str
    after: str
    added: str
    removed: str


@dataclass(frozen=True)
class WaterfallView:
    """What a section says."""

    experiment: str
    finding: str
    caption: str
    wide: Markup
    narrow: Markup
    rows: list[StepRow]


def view_waterfalls(summaries: pd.DataFrame, embed: Embed, prefix: str) -> Iterator[WaterfallView]:
    """Turn every experiment of steps into the text and drawing of a section.

    Args:
        summaries: From `stats.summarise`, one dataset on one machine.
        embed: `feedrate.report.page.embed_svg`.
        prefix: Begins the ids of the drawings.
    """
    for experiment in dict.fromkeys(summaries["experiment"]):
        steps = read_steps(summaries, experiment)
        if steps:
            yield _view(str(experiment), steps, embed, prefix)


def say_steps(experiment: str, steps: list[Step]) -> str:
    """Say how fast the last pipeline is, and which step gave most of it."""
    name, last = experiment.replace("_", " "), steps[-1].after
    known = [step for step in steps if step.added.known]
    if not last.known or not known:
        return f"{name}: the last pipeline was not measured"
    most = max(known, key=lambda step: step.added.ratio)
    return (
        f"{name}: {phrases.ratio(last.ratio)} as fast after {len(steps)} steps; the most, "
        f"{phrases.ratio(most.added.ratio)}, comes from {most.name}"
    )


def _view(experiment: str, steps: list[Step], embed: Embed, prefix: str) -> WaterfallView:
    finding = say_steps(experiment, steps)
    wide, narrow = (
        embed(draw_waterfall(steps, width), f"{prefix}-{experiment}-steps-{width:g}in", finding)
        for width in (WIDE_IN, NARROW_IN)
    )
    rows = [
        StepRow(step.name, _gain(step.after), _gain(step.added), _gain(step.removed))
        for step in steps
    ]
    return WaterfallView(experiment, finding, CAPTION, wide, narrow, rows)


def _gain(gain: Gain) -> str:
    if not gain.known:
        return DASH
    return f"{phrases.ratio(gain.ratio)} ({gain.low:.2f} to {gain.high:.2f})"
