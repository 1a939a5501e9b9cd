"""The generated dataset beside a real one, in a figure and a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes

from feedrate import phrases
from feedrate.dataset_figures import plain
from feedrate.figures import MUTED, POINT, STYLE, WIDE_IN, canvas, to_svg

BAND = 1.5
"""The generated dataset is to differ from the real one by no more, in either direction."""
TICKS = (0.1, 0.2, 0.3, 0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 5, 10)
RATIOS = {
    "ratio_tuned": ("images it was tuned on", MUTED, "s"),
    "ratio_held_out": ("images held out", POINT, "o"),
}
"""Column of a likeness: its name in the legend, and how it is marked."""


def draw_likeness(rows: Sequence[Mapping[str, Any]], width_in: float = WIDE_IN) -> str:
    """Draw how far the generated dataset is from the real one, a row a figure, as SVG text.

    Args:
        rows: With ``name`` and the ratios of `RATIOS`; generated over real.
        width_in: Inches.
    """
    with mpl.rc_context(STYLE | {"text.parse_math": False}):
        figure, axes = canvas(width_in, 0.5 * len(rows) + 1.1)
        axes.axvspan(1 / BAND, BAND, color=MUTED, alpha=0.18, linewidth=0)
        axes.axvline(1, color=MUTED, linewidth=1)
        for height, row in enumerate(rows):
            _draw_ratios(axes, -height, row)
        shown = [float(row[column]) for row in rows for column in RATIOS]
        axes.set_xscale("log")
        axes.set_xlim(min([*shown, 1 / BAND]) / 1.1, max([*shown, BAND]) * 1.1)
        ticks = [tick for tick in TICKS if axes.get_xlim()[0] <= tick <= axes.get_xlim()[1]]
        axes.set_xticks(ticks, [f"{tick:g}x" for tick in ticks])
        axes.minorticks_off()
        axes.set_yticks([])
        axes.set_ylim(-len(rows) + 0.5, 0.7)
        axes.set_xlabel("generated / real (log scale)")
        figure.legend(loc="outside upper left", ncols=1 if width_in < WIDE_IN else 2, frameon=False)
        return to_svg(figure)


def is_alike(row: Mapping[str, Any], column: str) -> bool:
    """Tell whether a ratio lies inside the band."""
    return bool(1 / BAND <= row[column] <= BAND)


def say_likeness(likeness: Mapping[str, Any]) -> str:
    """Say how many figures agree, on the images it was tuned on and on those held out."""
    rows = likeness["figures"]
    tuned, held = (sum(is_alike(row, column) for row in rows) for column in RATIOS)
    farthest = max(rows, key=lambda row: abs(np.log(row["ratio_held_out"])))
    return (
        f"{held} of {len(rows)} figures lie within {BAND:g}x of the real dataset's on images that "
        f"were held out, {tuned} on those the generator was tuned on. The farthest is "
        f"{farthest['name']}, {phrases.ratio(farthest['ratio_held_out'])}."
    )


def _draw_ratios(axes: Axes, height: int, row: Mapping[str, Any]) -> None:
    for column, (name, colour, marker) in RATIOS.items():
        filled = colour if is_alike(row, column) else "none"
        axes.plot(
            row[column],
            height,
            marker=marker,
            markeredgecolor=colour,
            markerfacecolor=filled,
            linestyle="none",
            label=name if height == 0 else None,
        )
    label = f"{plain(row['name'])}: {phrases.ratio(row['ratio_held_out'])}"
    across = axes.get_yaxis_transform()
    axes.text(0, height + 0.33, label, transform=across, va="center", in_layout=False)
