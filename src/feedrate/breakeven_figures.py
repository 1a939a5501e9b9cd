"""Curves of what a dearer start comes to after so many epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt

from feedrate.figures import MUTED, STAGE_COLOURS, STYLE, WIDE_IN, canvas, to_svg

MOST_EPOCHS = 100
Row = Mapping[str, Any]


def dearer_cells(rows: Sequence[Row]) -> list[Row]:
    """The rows of ``epoch_s`` whose cell costs more before its first epoch, and saves in each."""
    return [
        row
        for row in rows
        if row["extra_startup_s"] + row["extra_build_s"] > 0 and row["saved_s"] > 0
    ]


def gain_after(row: Row, epochs: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How many times as fast a cell is, its start and its store's building included.

    Args:
        row: A summary's, of ``epoch_s``.
        epochs: Numbers of epochs.

    Returns:
        ``(epochs,)``; below 1 the start is not paid back yet. The part of the start-up that both
        have is left out.
    """
    extra_s = row["extra_startup_s"] + row["extra_build_s"]
    reference_s, cell_s = row["reference_median"], row["cell_median"]
    return np.asarray(epochs * reference_s / (extra_s + epochs * cell_s), np.float64)


def draw_break_even(rows: Sequence[Row], width_in: float = WIDE_IN) -> str:
    """Draw the gain of every dearer cell over epochs as SVG text.

    Args:
        rows: From `dearer_cells`, at least one and at most as many as there are colours.
        width_in: Inches.
    """
    epochs = np.geomspace(1, MOST_EPOCHS, 200)
    with mpl.rc_context(STYLE):
        figure, axes = canvas(width_in, 2.8)
        axes.axhline(1, color=MUTED, linewidth=1)
        styles = ("-", "--", ":")
        for place, row in enumerate(rows):
            colours = list(STAGE_COLOURS.values())
            axes.plot(
                epochs, gain_after(row, epochs), styles[place // len(colours) % len(styles)],
                color=colours[place % len(colours)], label=f"{row['experiment']}/{row['cell']}",
            )  # fmt: skip
        axes.set_xscale("log")
        axes.set_xticks([1, 2, 5, 10, 20, 50, 100], ["1", "2", "5", "10", "20", "50", "100"])
        axes.minorticks_off()
        axes.set_xlabel("epochs of the measured work")
        axes.set_ylabel("times as fast,\nstart and building included")
        figure.legend(loc="outside upper left", ncols=1 if width_in < 5 else 2, frameon=False)
        return to_svg(figure)
