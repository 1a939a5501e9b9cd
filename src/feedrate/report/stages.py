"""The section of the stages: figures, sentences and the levels beside each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pandas as pd
from markupsafe import Markup

from feedrate import phrases, stage_figures
from feedrate.figures import NARROW_IN, WIDE_IN
from feedrate.report.stage_sentences import (
    Stages,
    between,
    say_claimed_opening,
    say_closure,
    say_contention,
    say_faults,
    say_forward,
    say_openings,
    say_operations,
    say_stages,
    say_worst,
)
from feedrate.shares import contention


@dataclass(frozen=True)
class Drawing:
    """A figure of the section: the finding it shows, for wide and for narrow screens."""

    name: str
    finding: str
    caption: str
    wide: Markup
    narrow: Markup


@dataclass(frozen=True)
class Alternative:
    """One level of a stage, beside the others."""

    stage: str
    level: str
    figure: str
    interval: str


@dataclass(frozen=True)
class StageSection:
    """All that the page says of the stages of one dataset."""

    drawings: list[Drawing]
    notes: list[str]
    alternatives: list[Alternative]
    alternatives_note: str
    missing: list[tuple[str, str]]


def build_section(
    stages: Stages,
    trials: pd.DataFrame,
    claims: pd.DataFrame,
    embed: Callable[[str, str, str], Markup],
) -> StageSection | None:
    """Build the section of one dataset.

    Args:
        stages: Its profile; none, or one of an older schema, gives no section.
        trials: From `tables.collect`, this dataset only.
        claims: From `claims.judge`, this dataset only.
        embed: Turns SVG text, a prefix for its ids and a label into markup.
    """
    if stages.get("schema") != 2:
        return None
    draws = {
        "stages-alone": (
            say_stages(stages, trials),
            say_contention(contention(stages, trials)),
            partial(stage_figures.draw_stages, stages, trials),
        ),
        "openings": (
            say_openings(stages),
            f"{say_claimed_opening(stages, claims)} Files in the page cache; lines: 95 % intervals "
            f"over processes.",
            partial(stage_figures.draw_openings, stages),
        ),
    }
    if stages["operations"]:
        draws["operations"] = (
            say_operations(stages),
            "Run one by one on the same images, and as a whole, in turn.",
            partial(stage_figures.draw_operations, stages),
        )
    drawings = [
        Drawing(
            name,
            finding,
            caption,
            *(
                embed(draw(width_in=width), f"{stages['dataset']}-{name}-{width:g}in", finding)
                for width in (WIDE_IN, NARROW_IN)
            ),
        )
        for name, (finding, caption, draw) in draws.items()
    ]
    notes = [say_closure(stages), say_faults(stages), say_worst(stages), say_forward(stages)]
    return StageSection(
        drawings,
        notes,
        alternatives(stages),
        f"Each level alone, on the same {stages['alternatives_images']} images, in "
        f"{stages['processes']} fresh processes. No pairs: what a level gains in a loader is "
        f"measured by a cell.",
        list(stages["not_profiled"].items()),
    )


def alternatives(stages: Stages) -> list[Alternative]:
    """Every level of a stage that was profiled beside others, the quickest first."""
    bounds = stages["alternatives_intervals_ms"]
    return [
        Alternative(stage, level, phrases.milliseconds(ms), between(*bounds[stage][level]))
        for stage, levels in stages["alternatives"].items()
        for level, ms in sorted(levels.items(), key=lambda item: float(item[1]))
    ]
