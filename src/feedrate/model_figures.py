"""Predictions beside measurements: every unseen cell, and each stage for nothing, twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes

from feedrate import phrases
from feedrate.figures import BAD, GOOD, MUTED, POINT, STYLE, WIDE_IN, canvas, to_svg

Row = Mapping[str, Any]
_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)


def draw_predictions(rows: Sequence[Row], width_in: float = WIDE_IN) -> str:
    """Draw predicted against measured ratios as SVG text; a filled dot lies in its interval.

    Args:
        rows: ``predictions`` of ``results/model/{dataset}.json``, at least one.
        width_in: Inches.
    """
    with mpl.rc_context(STYLE):
        figure, axes = canvas(width_in, min(width_in, 4.6))
        for row in rows:
            colour = GOOD if row["covered"] else BAD
            axes.plot([row["measured"]] * 2, [row["low"], row["high"]], color=MUTED, linewidth=0.8)
            face = colour if row["covered"] else "none"
            axes.plot(
                row["measured"], row["predicted"], "o", markersize=4.5,
                markeredgecolor=colour, markerfacecolor=face,
            )  # fmt: skip
        shown = [row[key] for row in rows for key in ("measured", "low", "high")]
        bounds = min(shown) / 1.1, max(shown) * 1.1
        axes.plot(bounds, bounds, color=MUTED, linewidth=1)
        for name in ("x", "y"):
            _log_axis(axes, name, bounds)
        axes.set_xlabel("measured: times as fast as the reference")
        axes.set_ylabel("predicted")
        return to_svg(figure)


def draw_what_if(rows: Sequence[Row], width_in: float = WIDE_IN) -> str:
    """Draw what each stage would give if it were free, by the model and by the cell, as SVG text.

    Args:
        rows: ``what_if`` of ``results/model/{dataset}.json``, at least one.
        width_in: Inches.
    """
    with mpl.rc_context(STYLE):
        figure, axes = canvas(width_in, 0.5 * len(rows) + 1.1)
        axes.axvline(1, color=MUTED, linewidth=1)
        for place, row in enumerate(rows):
            for offset, key, colour, marker in (
                (0.13, "measured", GOOD, "o"),
                (-0.13, "ratio", POINT, "D"),
            ):
                low, high = (
                    (row["low"], row["high"])
                    if key == "ratio"
                    else (row["measured_low"], row["measured_high"])
                )
                height = -place + offset
                axes.plot([low, high], [height] * 2, color=colour, linewidth=2)
                label = {"measured": "by its cell", "ratio": "by the model"}[key]
                axes.plot(row[key], height, marker, color=colour, label="" if place else label)
                axes.annotate(
                    phrases.ratio(row[key]), (high, height), (6, 0),
                    textcoords="offset points", va="center", fontsize=8,
                )  # fmt: skip
        axes.set_yticks(-np.arange(len(rows)), [str(row["free"]) for row in rows])
        axes.tick_params(axis="y", length=0)
        highest = max(max(row["high"], row["measured_high"]) for row in rows)
        lowest = min(1.0, *(min(row["low"], row["measured_low"]) for row in rows))
        _log_axis(axes, "x", (lowest / 1.05, highest * 1.25))
        axes.set_xlabel("times as fast, if it were free")
        figure.legend(loc="outside upper left", ncols=2, frameon=False)
        return to_svg(figure)


def draw_scaling(scaling: Mapping[str, Any], width_in: float = WIDE_IN) -> str:
    """Draw images a second over numbers of workers as SVG text: dots measured, the line predicted.

    Args:
        scaling: Of ``results/model/{dataset}.json``, with something measured.
        width_in: Inches.
    """
    with mpl.rc_context(STYLE):
        figure, axes = canvas(width_in, 2.6)
        for key, style, label in (("predicted", "-", "the model"), ("measured", "o", "measured")):
            counts = [int(count) for count in scaling[key]]
            colour = POINT if key == "predicted" else GOOD
            axes.plot(counts, list(scaling[key].values()), style, color=colour, label=label)
        axes.set_ylim(bottom=0)
        axes.set_xticks([int(count) for count in scaling["predicted"]])
        axes.set_xlabel("loader processes (0: none beside the consumer)")
        axes.set_ylabel("images/s")
        figure.legend(loc="outside upper left", ncols=2, frameon=False)
        return to_svg(figure)


def _log_axis(axes: Axes, name: str, bounds: tuple[float, float]) -> None:
    axis = getattr(axes, f"{name}axis")
    getattr(axes, f"set_{name}scale")("log")
    getattr(axes, f"set_{name}lim")(bounds)
    between = _TICKS if bounds[1] / bounds[0] > 4 else (0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3)
    axis.set_ticks([tick for tick in between if bounds[0] <= tick <= bounds[1]])
    axes.minorticks_off()
    axis.set_major_formatter(lambda value, _: f"{value:g}x")
