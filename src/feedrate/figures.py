"""Tables in, SVG text out. Colours are chosen here and nowhere else.

An SVG has its text as text, no date and a fixed salt, so that equal data give equal bytes. Ink is
written as ``currentColor``: on a page it follows the text, light or dark; alone it is black. What
a colour says is also said by shape or by words.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from feedrate import phrases
from feedrate.control import control_series, steadiness
from feedrate.estimands import paired
from feedrate.shares import stage_table
from feedrate.tables import counted

WIDE_IN, NARROW_IN = 7.4, 3.7
INK, MUTED = "#010203", "#8a8f98"
POINT, GOOD, BAD, OPEN = "#4a94d6", "#1b9e77", "#d9662b", "#8a8f98"
WIDE_FROM_IN = 5
LETTERS_PER_INCH = 12
"""Of a label's text, on average."""
LINE = 0.24
"""A line of a label, in distances between two cells."""
STAGE_COLOURS = {
    "read": "#56b4e9",
    "decode": "#0072b2",
    "transform": "#009e73",
    "filter": "#f0e442",
    "targets": "#e69f00",
    "collate": "#cc79a7",
}
"""Told apart by all kinds of colour vision, and in print (Okabe & Ito 2008)."""
_MARKS = {
    "faster": (GOOD, "^"),
    "slower": (BAD, "v"),
    "equivalent": (OPEN, "s"),
    "inconclusive": (OPEN, "D"),
}
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "feedrate",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    **{f"{name}.color": INK for name in ("text", "xtick", "ytick")},
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.grid": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
}


@dataclass(frozen=True, eq=False)
class Material:
    """What the figures of one dataset on one machine are drawn from.

    Attributes:
        trials: From `tables.collect`, this dataset and machine only.
        summaries: From `stats.summarise`, this dataset and machine only.
        stages: Content of ``results/stages/{dataset}.json``, empty where it is absent.
    """

    trials: pd.DataFrame
    summaries: pd.DataFrame
    stages: Mapping[str, Any] = field(default_factory=dict)


def draw(figure: str, material: Material, width_in: float = WIDE_IN) -> str:
    """Draw one figure as SVG text.

    Args:
        figure: A key of `FIGURES`, or the name of an experiment.
        material: Of one dataset.
        width_in: Inches; `NARROW_IN` is for a telephone.

    Raises:
        ValueError: No such figure for this material.
    """
    with mpl.rc_context(STYLE):
        if figure in FIGURES:
            return to_svg(FIGURES[figure](material, width_in))
        if figure in set(material.summaries["experiment"]):
            return to_svg(plot_experiment(material, width_in, figure))
    known = ", ".join(figure_names(material))
    raise ValueError(f"figure {figure!r}: not drawn from these data; known are {known}")


def figure_names(material: Material) -> list[str]:
    """Every figure of a dataset: its experiments, then `FIGURES`."""
    lacking = {"stages": not material.stages, "control": counted(material.trials).empty}
    drawn = [name for name in FIGURES if not lacking.get(name)]
    return [*dict.fromkeys(material.summaries["experiment"]), *drawn]


def plot_experiment(material: Material, width_in: float, experiment: str) -> Figure:
    """Every pair's speed-up, the interval, and the margin, a strip a cell."""
    table = material.summaries
    rows = table[(table["experiment"] == experiment) & (table["estimand"] == "epoch_s")]
    rates = table[(table["experiment"] == experiment) & (table["estimand"] == "images_per_s")]
    rate_of = rates.set_index("cell")[["reference_median", "cell_median"]]
    labels = [_strip_label(row, rate_of.loc[row["cell"]], width_in) for _, row in rows.iterrows()]
    heights = _heights(labels)
    figure, axes = canvas(width_in, 0.66 * -heights[-1] + 0.7)
    margin = float(rows["margin"].iloc[0])
    axes.axvspan(1 / (1 + margin), 1 + margin, color=MUTED, alpha=0.18, linewidth=0)
    axes.axvline(1, color=MUTED, linewidth=1)
    shown = [1.0]
    for height, label, (_, row) in zip(heights, labels, rows.iterrows(), strict=False):
        shown += _strip(axes, height, row, material.trials)
        note = axes.text(0, height + 0.2, label, transform=axes.get_yaxis_transform(), va="bottom")
        note.set_in_layout(False)  # it stands inside: making room for it would squeeze the axes
    _ratio_axis(axes, shown)
    axes.set_ylim(heights[-1] + 0.5, heights[0] + 0.3 + LINE * (1 + labels[0].count("\n")))
    axes.set_xlabel("times as fast as the reference" + ("" if width_in < 5 else " (log scale)"))
    return figure


def plot_stages(material: Material, width_in: float) -> Figure:
    """Milliseconds an image of every stage of the loader, clocked in one process."""
    table = stage_table(material.stages)
    table = table[(table["stage"] != "consume") & (table["ms"] > 0)]
    figure, axes = canvas(width_in, 0.34 * len(table) + 0.6)
    for height, (_, row) in enumerate(table.iterrows()):
        axes.barh(-height, row["ms"], height=0.6, color=POINT)
        share = phrases.percent(row["loader_share"])
        text = f"{phrases.milliseconds(row['ms'])}, {share}"
        axes.annotate(text, (row["ms"], -height), (6, 0), textcoords="offset points", va="center")
    axes.set_yticks(-np.arange(len(table)), table["stage"])
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0, table["ms"].max() * (1.28 if width_in > 5 else 1.6))
    axes.set_xlabel("milliseconds an image")
    return figure


def plot_control(material: Material, width_in: float) -> Figure:
    """The reference's epoch over wall time, in per cent of its own median."""
    series = control_series(material.trials)
    spread = 100 * steadiness(series).spread
    figure, axes = canvas(width_in, 2.4)
    axes.axhspan(-spread, spread, color=MUTED, alpha=0.18, linewidth=0)
    axes.axhline(0, color=MUTED, linewidth=1)
    deviation = 100 * series["deviation"]
    axes.scatter(series["minutes"], deviation, s=12, color=POINT, alpha=0.8, linewidth=0)
    reach = max(2.0 * spread, 1.15 * float(deviation.abs().max()), 1.0)
    axes.set_ylim(-reach, reach)
    axes.set_xlabel("minutes since the first trial")
    axes.set_ylabel("reference epoch,\n% from its median")
    return figure


FIGURES: dict[str, Callable[[Material, float], Figure]] = {
    "stages": plot_stages,
    "control": plot_control,
}
"""The figures that are not an experiment's."""


def _strip(axes: Axes, height: float, row: pd.Series[Any], trials: pd.DataFrame) -> list[float]:
    """Draw the points and the interval of one cell; returns the values the axis must show."""
    if not np.isfinite(row["low"]):
        return []
    chosen = (trials["experiment"] == row["experiment"]) & (trials["cell"] == row["cell"])
    reference, cell = paired(trials[chosen], "epoch_s")
    points = reference / cell
    # Points below their interval, spread a little: equal ones stay countable.
    spread = height - 0.27 + 0.07 * np.tile([1, -1], points.size)[: points.size]
    axes.scatter(points, spread, s=13, color=POINT, alpha=0.75, linewidth=0)
    colour, marker = _MARKS[row["verdict"]]
    axes.plot([row["low"], row["high"]], [height] * 2, color=colour, linewidth=2.4)
    axes.plot(row["ratio"], height, marker=marker, color=colour, markersize=7)
    return [*points, row["low"], row["high"]]


def _heights(labels: list[str]) -> list[float]:
    """Where each cell's points stand, from 0 downward, and where the next one would."""
    lines = [label.count("\n") for label in [*labels, ""]]
    return [-(place + LINE * sum(lines[1 : place + 1])) for place in range(len(labels) + 1)]


def _strip_label(row: pd.Series[Any], rates: pd.Series[float], width_in: float) -> str:
    """Say what a cell is and what came out, in as many lines as it takes."""
    if not np.isfinite(row["low"]):
        return in_lines(f"{row['cell']}: {row['verdict']}", width_in)
    text = f"{row['cell']}: {phrases.ratio(row['ratio'])}, {row['verdict']}"
    if width_in < WIDE_FROM_IN:
        return in_lines(text, width_in)
    before, after = (phrases.rate(rates[key]) for key in ("reference_median", "cell_median"))
    return in_lines(f"{text} ({after}; reference {before})", width_in)


def _ratio_axis(axes: Axes, shown: list[float]) -> None:
    low, high = min(shown), max(shown)
    axes.set_xscale("log")
    axes.set_xlim(min(low / 1.06, 0.88), max(high * 1.06, 1.14))
    bounds = axes.get_xlim()
    inside = [tick for tick in _ticks(bounds[1] / bounds[0]) if bounds[0] <= tick <= bounds[1]]
    axes.set_xticks(inside)
    axes.minorticks_off()
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}x")
    axes.set_yticks([])


def _ticks(span: float) -> list[float]:
    if span > 4:
        return [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]
    if span > 1.5:
        return [0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.25, 1.5, 2, 2.5, 3]
    return [0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1, 1.05, 1.1, 1.2, 1.3]


def canvas(width_in: float, height_in: float) -> tuple[Figure, Axes]:
    """Return an empty figure of so many inches, without a frame at its left, top and right."""
    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    axes = figure.subplots()
    sns.despine(ax=axes, left=True)
    return figure, axes


def in_lines(text: str, width_in: float) -> str:
    """Break a label where it may be broken: at a blank, or before a change of a cell's name."""
    breakable, letters = text.replace("+", " +"), int(width_in * LETTERS_PER_INCH)
    lines = textwrap.wrap(breakable, letters, break_long_words=False)
    return "\n".join(line.replace(" +", "+") for line in lines)


def to_svg(figure: Figure) -> str:
    """Return a figure as SVG text; equal figures give equal text."""
    stream = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(stream, format="svg", transparent=True, metadata=nothing)
    return stream.getvalue().replace(INK, "currentColor")
