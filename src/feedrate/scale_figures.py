"""How the stages grow with the size of a page, and the caches with the number of images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from feedrate.figures import BAD, GOOD, MUTED, POINT, STYLE, WIDE_FROM_IN, WIDE_IN, to_svg
from feedrate.scaling import Cost

_COLOURS = {"decode": POINT, "transform": MUTED, "targets": BAD, "read": GOOD, "filter": GOOD}
_MARKERS = ("o", "s", "^")
_LEAST_MS = 0.05
"""What is quicker everywhere is not drawn."""


def draw_scaling(costs: Sequence[Cost], width_in: float = WIDE_IN) -> str:
    """Draw milliseconds against megapixels and against words, on log scales, as SVG text.

    Each panel holds the other size at its middle value.

    Args:
        costs: From `scaling.fit_costs`.
        width_in: Inches.
    """
    wide = width_in > WIDE_FROM_IN
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width_in, 3.2 if wide else 5.6), layout="constrained")
        panels = figure.subplots(*((1, 2) if wide else (2, 1)), sharey=True)
        for axes, (along, held) in zip(
            panels, (("megapixels", "words"), ("words", "megapixels")), strict=True
        ):
            _panel(axes, costs, along, held)
        panels[0].set_ylabel("milliseconds an image")
        handles, labels = panels[0].get_legend_handles_labels()
        columns = 3 if wide else 2
        figure.legend(handles, labels, loc="outside upper left", ncols=columns, frameon=False)
        return to_svg(figure)


def label_of(cost: Cost) -> str:
    """Name a line: ``decode, pillow``."""
    return ", ".join(part for part in (cost.stage, cost.level) if part)


def _panel(axes: Axes, costs: Sequence[Cost], along: str, held: str) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    middle = middle_of(costs[0].rows, held)
    seen: list[str] = []
    for cost in costs:
        points = sorted((row[along], median(row["ms"])) for row in cost.rows if row[held] == middle)
        if max(ms for _, ms in points) < _LEAST_MS:
            continue
        axes.plot(
            *np.transpose(points),
            color=_COLOURS[cost.stage],
            marker=_MARKERS[seen.count(cost.stage) % len(_MARKERS)],
            linestyle="--" if cost.stage in seen else "-",
            markersize=4,
            label=label_of(cost),
        )
        seen.append(cost.stage)
    axes.set_xscale("log")
    axes.set_yscale("log")
    ticks = sorted({row[along] for row in costs[0].rows})
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel(f"{along} ({middle:g} {held})")


def middle_of(rows: Sequence[Mapping[str, Any]], size: str) -> Any:
    """The middle one of the values that a size took."""
    values = sorted({row[size] for row in rows})
    return values[len(values) // 2]
