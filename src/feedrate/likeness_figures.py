"""The generated dataset beside a real one, in a figure and a sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes

from feedrate import phrases
from feedrate.dataset_figures import plain
from feedrate.figures import MUTED, POINT, STYLE, WIDE_IN, canvas, to_svg

TICKS = (0.1, 0.2, 0.3, 0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 5, 10)
PARTS = {
    "tuned": ("images it was tuned on", MUTED, "s", 0.02),
    "held_out": ("images held out", POINT, "o", -0.22),
}
"""Part of the real dataset: its name in the legend, how it is marked, and how high in its row."""
KINDS = ("mean", "median")


def draw_likeness(likeness: Mapping[str, Any], width_in: float = WIDE_IN) -> str:
    """Draw how far the generated dataset is from the real one, a row a figure, as SVG text.

    Ratios of means with their intervals, and of medians as small strokes.

    Args:
        likeness: Content of ``likeness.json``.
        width_in: Inches.
    """
    rows, limit = likeness["figures"], float(likeness["limit"])
    with mpl.rc_context(STYLE | {"text.parse_math": False}):
        figure, axes = canvas(width_in, 0.62 * len(rows) + 1.1)
        axes.axvspan(1 / limit, limit, color=MUTED, alpha=0.18, linewidth=0)
        axes.axvline(1, color=MUTED, linewidth=1)
        for height, row in enumerate(rows):
            _draw_ratios(axes, -height, row)
        _scale(axes, [1 / limit, limit, *(end for row in rows for end in _ends(row))])
        axes.set_ylim(-len(rows) + 0.5, 0.6)
        axes.set_xlabel("generated / real (log scale)")
        figure.legend(loc="outside upper left", ncols=1 if width_in < WIDE_IN else 2, frameon=False)
        return to_svg(figure)


def is_alike(likeness: Mapping[str, Any], row: Mapping[str, Any], part: str) -> bool:
    """Tell whether a figure's mean and median lie within the limit of a part of the real data."""
    limit = likeness["limit"]
    return all(1 / limit <= row[f"ratio_{part}_{kind}"] <= limit for kind in KINDS)


def name_of(row: Mapping[str, Any]) -> str:
    """Return a figure's name in words."""
    return str(row["name"]).replace("_", " ")


def say_likeness(likeness: Mapping[str, Any]) -> str:
    """Say how many figures agree, on the images it was tuned on and on those held out."""
    rows, limit = likeness["figures"], likeness["limit"]
    tuned, held = (sum(is_alike(likeness, row, part) for row in rows) for part in PARTS)
    farthest = max(rows, key=lambda row: abs(math.log(row["ratio_held_out_mean"])))
    return (
        f"On images that were held out, {held} of {len(rows)} figures are within {limit:g}x of the "
        f"real dataset's, in mean and median; on those the generator was tuned on, {tuned}. The "
        f"farthest of the former is {name_of(farthest)}: "
        f"{phrases.ratio(farthest['ratio_held_out_mean'])} the real mean."
    )


def _ends(row: Mapping[str, Any]) -> list[float]:
    medians = [row[f"ratio_{part}_median"] for part in PARTS]
    return [*medians, *(end for part in PARTS for end in row[f"ratio_{part}_mean_interval"])]


def _draw_ratios(axes: Axes, height: int, row: Mapping[str, Any]) -> None:
    for part, (name, colour, marker, up) in PARTS.items():
        place, label = height + up, name if height == 0 else None
        interval = row[f"ratio_{part}_mean_interval"]
        axes.plot(interval, [place] * 2, color=colour, linewidth=2)
        axes.plot(row[f"ratio_{part}_median"], place, marker="|", color=colour, markersize=11)
        mean = row[f"ratio_{part}_mean"]
        axes.plot(mean, place, marker=marker, color=colour, linestyle="none", label=label)
    said = f"{plain(name_of(row))}: {phrases.ratio(row['ratio_held_out_mean'])}"
    across = axes.get_yaxis_transform()
    axes.text(0, height + 0.3, said, transform=across, va="center", in_layout=False)


def _scale(axes: Axes, shown: Sequence[float]) -> None:
    low, high = min(shown) / 1.1, max(shown) * 1.1
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    ticks = [tick for tick in TICKS if low <= tick <= high]
    axes.set_xticks(ticks, [f"{tick:g}x" for tick in ticks])
    axes.minorticks_off()
    axes.set_yticks([])
