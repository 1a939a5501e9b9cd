"""The section on what costs first and saves then: when is it paid back?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from feedrate import phrases
from feedrate.breakeven_figures import dearer_cells, draw_break_even
from feedrate.figures import NARROW_IN, WIDE_IN
from feedrate.report.templates import Embed
from feedrate.tables import records

SHOWN = 8


@dataclass(frozen=True)
class BreakEvenView:
    """What the section says, ready to print."""

    finding: str
    rows: list[tuple[str, ...]]
    wide: Markup
    narrow: Markup


def view_break_even(summaries: pd.DataFrame, embed: Embed, prefix: str) -> BreakEvenView | None:
    """Turn the cells that cost first and save then into a section; None where there is none.

    Args:
        summaries: From `stats.summarise`, one dataset on one machine.
        embed: `feedrate.report.page.embed_svg`.
        prefix: Begins the ids of the drawing.
    """
    epochs = records(summaries[summaries["estimand"] == "epoch_s"])
    dearer = [row for row in dearer_cells(epochs) if row["verdict"] == "faster"]
    shown = sorted(dearer, key=lambda row: row["break_even_epochs"])[:SHOWN]
    if not shown:
        return None
    finding = say_break_even(shown)
    wide, narrow = (
        embed(draw_break_even(shown, width), f"{prefix}-break-even-{width:g}in", finding)
        for width in (WIDE_IN, NARROW_IN)
    )
    return BreakEvenView(finding, [_row(row) for row in shown], wide, narrow)


def say_break_even(rows: Sequence[Mapping[str, Any]]) -> str:
    """Say what is paid back first."""
    first = rows[0]
    return (
        f"{first['experiment']}/{first['cell']} has paid for its start after "
        f"{phrases.epochs(first['break_even_epochs'])} epochs"
    )


def _row(row: Mapping[str, Any]) -> tuple[str, ...]:
    bounds = [phrases.epochs(row[key]) for key in ("break_even_low", "break_even_high")]
    after = phrases.epochs(row["break_even_epochs"])
    if not math.isfinite(row["break_even_epochs"]):
        after = "never"
    return (
        f"{row['experiment']}/{row['cell']}",
        phrases.seconds(row["extra_startup_s"]),
        phrases.seconds(row["extra_build_s"]),
        phrases.seconds(row["saved_s"]),
        f"{after} ({bounds[0]} to {bounds[1]})",
    )
