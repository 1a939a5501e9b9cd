"""The self-test in pictures: intervals of cells against themselves, planted against measured, time.

Ratios are *times as long*: cell over reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes

from feedrate import phrases
from feedrate.figures import BAD, GOOD, MUTED, OPEN, POINT, STYLE, WIDE_IN, canvas, to_svg

Section = Mapping[str, Any]

NARROW_BELOW_IN = 5.0
"""A figure narrower than this has less beside its data."""


def draw_aa(section: Section, width_in: float = WIDE_IN) -> str:
    """Draw every interval of a cell against itself, sorted by kind and place, as SVG text.

    Args:
        section: ``aa`` of ``results/selftest/summary.json``.
        width_in: Inches.
    """
    names = list(dict.fromkeys(row["name"] for row in section["rows"]))
    with mpl.rc_context(STYLE):
        figure, axes = canvas(width_in, 0.085 * len(section["rows"]) + 0.34 * len(names) + 0.6)
        axes.axvline(1, color=MUTED, linewidth=1)
        height = 0.0
        for name in names:
            axes.text(0, height, name, transform=axes.get_yaxis_transform(), va="center")
            rows = [row for row in section["rows"] if row["name"] == name]
            for row in sorted(rows, key=lambda each: each["ratio"]):
                height -= 0.5 if row is not rows[0] else 0.9
                colour, marker = (BAD, "D") if row["excludes"] else (POINT, "o")
                _interval(axes, row, height, colour, marker)
            height -= 1.5
        axes.set_ylim(height + 0.8, 0.8)
        axes.set_yticks([])
        _ratio_axis(axes, [row[end] for row in section["rows"] for end in ("low", "high")])
        axes.set_xlabel("times as long as itself")
        return to_svg(figure)


def draw_plants(section: Section, width_in: float = WIDE_IN) -> str:
    """Draw what each repeat measured, less what was really planted in it, as SVG text.

    Args:
        section: ``plants`` of the summary.
        width_in: Inches.
    """
    levels = section["levels"]
    with mpl.rc_context(STYLE):
        figure, axes = canvas(width_in, 0.085 * sum(len(x["rows"]) for x in levels) + 2.3)
        axes.axvline(0, color=MUTED, linewidth=1)
        height, brief = 0.0, width_in < NARROW_BELOW_IN
        for level in levels:
            covered = level["covered"]
            planted = phrases.percent(level["planted"])
            text = f"{planted} planted: {covered['count']} of {covered['of']}"
            text += "" if brief else " intervals hold it"
            axes.text(0, height, text, transform=axes.get_yaxis_transform(), va="center")
            height -= 0.5
            for row in sorted(level["rows"], key=lambda each: each["ratio"] / each["truth"]):
                height -= 0.5
                colour, marker = (POINT, "o") if row["covers"] else (BAD, "D")
                _interval(axes, _less_truth(row), height, colour, marker)
            height -= 1.5
        axes.set_ylim(height + 0.8, 0.8)
        axes.set_yticks([])
        reach = 1.05 * max(abs(end) for end in axes.get_xlim())
        axes.set_xlim(-reach, reach)  # what was planted stands in the middle, clear of the names
        axes.set_xlabel("% from what was planted")
        return to_svg(figure)


def draw_patterns(section: Section, width_in: float = WIDE_IN) -> str:
    """Draw which estimand showed which planted effect, and whether it should, as SVG text.

    A filled square shows an effect, an empty one does not; a cross is not as declared.

    Args:
        section: ``patterns`` of the summary.
        width_in: Inches.
    """
    rows, estimands = section["rows"], section["estimands"]
    with mpl.rc_context(STYLE):
        figure, axes = canvas(width_in, 0.5 * len(rows) + 1.5)
        for line, row in enumerate(rows):
            for column, estimand in enumerate(estimands):
                _square(axes, row["entries"][estimand], column, -line)
        axes.set_xticks(range(len(estimands)), [_brief(each) for each in estimands], rotation=35)
        axes.set_yticks([-line for line in range(len(rows))], [row["name"] for row in rows])
        axes.tick_params(length=0)
        axes.xaxis.tick_top()
        axes.set_xlim(-0.6, len(estimands) - 0.4)
        axes.set_ylim(-len(rows) + 0.4, 0.6)
        axes.spines[:].set_visible(False)
        return to_svg(figure)


def draw_time(section: Section, width_in: float = WIDE_IN) -> str:
    """Draw how long each part took and what was planned for it, as SVG text.

    Args:
        section: ``time`` of the summary.
        width_in: Inches.
    """
    parts: Sequence[Section] = section["sections"]
    with mpl.rc_context(STYLE):
        figure, axes = canvas(width_in, 0.4 * len(parts) + 0.7)
        for line, part in enumerate(parts):
            axes.barh(-line, part["elapsed_s"] / 60, height=0.5, color=POINT)
            axes.plot([part["planned_s"] / 60] * 2, [-line - 0.35, -line + 0.35], color=OPEN, lw=2)
        axes.set_yticks([-line for line in range(len(parts))], [NAMES[p["name"]] for p in parts])
        axes.tick_params(axis="y", length=0)
        axes.set_xlim(left=0)
        axes.set_xlabel("minutes (stroke: as planned)")
        return to_svg(figure)


NAMES = {
    "preparation": "data",
    "aa": "cells against themselves",
    "plant": "planted effects",
    "pattern": "where effects show",
    "clock": "clock, in pairs",
    "clock cost": "clock, batch by batch",
    "sabotage": "switched off",
    "honest": "left alone",
}
"""What a section of the record is called in a figure."""


def _square(axes: Axes, entry: Section, column: int, line: int) -> None:
    """Draw one entry: its ratio stands in it."""
    wrong = entry["expected"] is not None and entry["expected"] != entry["shown"]
    colour = BAD if wrong else GOOD if entry["shown"] else OPEN
    face = colour if entry["shown"] else "none"
    axes.plot(
        column, line, marker="s", markersize=19, color=colour, markerfacecolor=face, alpha=0.45
    )
    if wrong:
        axes.plot(column, line, marker="x", markersize=15, color=BAD)
    axes.text(column, line, f"{entry['ratio']:.2f}", ha="center", va="center", fontsize=8)


def _less_truth(row: Section) -> dict[str, float]:
    """A repeat in per cent of what was planted in it."""
    return {name: 100 * (row[name] / row["truth"] - 1) for name in ("ratio", "low", "high")}


def _interval(axes: Axes, row: Section, height: float, colour: str, marker: str) -> None:
    axes.plot([row["low"], row["high"]], [height] * 2, color=colour, linewidth=1.4)
    axes.plot(row["ratio"], height, marker=marker, color=colour, markersize=3.6)


def _ratio_axis(axes: Axes, shown: Sequence[float]) -> None:
    reach = max(1.02, *(max(value, 1 / value) for value in shown)) * 1.01
    axes.set_xscale("log")
    axes.set_xlim(1 / reach, reach)
    steps = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
    step = next(each for each in steps if each * 3 >= reach - 1)
    ticks = [1 + step * k for k in range(4) if 1 + step * k <= reach]
    axes.set_xticks(np.array([*(1 / tick for tick in ticks[:0:-1]), *ticks]))
    axes.minorticks_off()
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.2f}x")


def _brief(estimand: str) -> str:
    return estimand.removesuffix("_s").replace("_s_per_image", "").replace("_", " ")
