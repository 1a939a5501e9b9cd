"""Where the time of one image goes: figures of ``feedrate profile-stages``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from feedrate import phrases
from feedrate.figures import BAD, MUTED, POINT, STYLE, WIDE_FROM_IN, WIDE_IN, canvas, to_svg
from feedrate.shares import side_by_side


def draw_stages(stages: Mapping[str, Any], trials: pd.DataFrame, width_in: float = WIDE_IN) -> str:
    """Draw every stage alone and inside the workers, with intervals, as SVG text.

    Args:
        stages: Content of ``results/stages/{dataset}.json``.
        trials: From `tables.collect`, this dataset only.
        width_in: Inches.
    """
    table = side_by_side(stages, trials)
    with mpl.rc_context(STYLE):
        figure, axes = canvas(width_in, 0.62 * len(table) + 1.0)
        for height, (_, row) in enumerate(table.iterrows()):
            alone = (row["ms"], row["low"], row["high"])
            inside = (row["worker_ms"], row["worker_low"], row["worker_high"])
            _bar(axes, -height + 0.19, alone, POINT, "alone, one process")
            if np.isfinite(row["worker_ms"]):
                _bar(axes, -height - 0.19, inside, MUTED, "inside the workers of the trials")
        axes.set_yticks(-np.arange(len(table)), table["stage"])
        _finish(axes, table[["ms", "high", "worker_ms", "worker_high"]].to_numpy(float), width_in)
        _legend(figure, axes)
        return to_svg(figure)


def draw_operations(stages: Mapping[str, Any], width_in: float = WIDE_IN) -> str:
    """Draw every operation of the transform with its interval, and the whole, as SVG text."""
    rows = stages["operations"]
    whole = (stages["operations_whole_ms"], *stages["operations_whole_interval"])
    total_ms = sum(row["ms"] for row in rows)
    with mpl.rc_context(STYLE):
        figure, axes = canvas(width_in, 0.36 * (len(rows) + 2) + 0.7)
        for height, row in enumerate(rows):
            _bar(axes, -height, (row["ms"], row["low"], row["high"]), POINT, "", 0.6)
        _bar(axes, -len(rows), (total_ms, np.nan, np.nan), POINT, "", 0.6)
        _bar(axes, -len(rows) - 1, whole, MUTED, "", 0.6)
        names = [*(row["operation"] for row in rows), "sum", "run as a whole"]
        axes.set_yticks(-np.arange(len(names)), names)
        ends = [*(row["high"] for row in rows), total_ms, whole[2]]
        _finish(axes, ends, width_in)
        return to_svg(figure)


def draw_openings(stages: Mapping[str, Any], width_in: float = WIDE_IN) -> str:
    """Draw opening a file beside opening it and reading what is in it, as SVG text."""
    rows = stages["lazy"]
    with mpl.rc_context(STYLE):
        figure, axes = canvas(width_in, 0.62 * len(rows) + 1.1)
        for height, row in enumerate(rows):
            axes.plot([row["lazy_ms"], row["loaded_ms"]], [-height] * 2, color=MUTED, linewidth=0.6)
            _point(axes, -height, (row["lazy_ms"], row["low"], row["high"]), "o", POINT, "opened")
            loaded = (row["loaded_ms"], row["loaded_low"], row["loaded_high"])
            _point(axes, -height, loaded, "D", BAD, "and read to the last byte")
            note = f"{row['what']}: {phrases.digits(row['factor'])} times as long"
            if width_in < WIDE_FROM_IN:
                note = f"{row['what']}: {phrases.digits(row['factor'])}x"
            axes.text(0, -height + 0.36, note, transform=axes.get_yaxis_transform(), va="center")
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.set_ylim(-len(rows) + 0.5, 0.65)
        axes.set_yticks([])
        axes.set_xlabel("milliseconds a file (log scale)")
        _legend(figure, axes)
        return to_svg(figure)


def _bar(
    axes: Axes,
    height: float,
    figure: tuple[float, float, float],
    colour: str,
    label: str,
    thickness: float = 0.34,
) -> None:
    """Draw one bar with its interval and its value."""
    value, low, high = figure
    axes.barh(height, value, height=thickness, color=colour, label=label, alpha=0.85)
    end = value
    if np.isfinite(low):
        axes.plot([low, high], [height] * 2, color=STYLE["text.color"], linewidth=1.2)
        end = max(value, high)
    text = phrases.milliseconds(value)
    axes.annotate(text, (end, height), (5, 0), textcoords="offset points", va="center")


def _point(
    axes: Axes,
    height: float,
    figure: tuple[float, float, float],
    marker: str,
    colour: str,
    label: str,
) -> None:
    value, low, high = figure
    axes.plot([low, high], [height] * 2, color=colour, linewidth=2.4)
    axes.plot(value, height, marker=marker, color=colour, linestyle="none", label=label)


def _finish(axes: Axes, ends: Any, width_in: float) -> None:
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0, float(np.nanmax(ends)) * (1.16 if width_in > WIDE_FROM_IN else 1.45))
    axes.set_xlabel("milliseconds an image")


def _legend(figure: Any, axes: Axes) -> None:
    """One entry a label, above the drawing."""
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    columns = 2 if figure.get_figwidth() > WIDE_FROM_IN else 1
    place = {"loc": "outside upper left", "ncols": columns, "frameon": False}
    figure.legend(list(unique.values()), list(unique), **place)
