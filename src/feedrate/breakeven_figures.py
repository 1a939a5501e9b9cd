"""Curves of what a dearer start comes to after so many epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt

from feedrate.figures import (
    LETTERS_PER_INCH,
    MUTED,
    STAGE_COLOURS,
    STYLE,
    WIDE_IN,
    canvas,
    in_lines,
    to_svg,
)

MOST_EPOCHS = 100
SAMPLE_IN = 0.7
"""Inches of the sample of a line beside its label, and of the gap before the next."""
Row = Mapping[str, Any]


def dearer_cells(rows: Sequence[Row]) -> list[Row]:
    """The rows of ``epoch_s`` whose cell saves in each epoch what it costs more before the first.

    A cost below the margin, as a share of one epoch, is of no practical use to know.
    """
    return [
        row
        for row in rows
        if row["saved_s"] > 0
        and row["extra_startup_s"] + row["extra_build_s"] > row["margin"] * row["reference_median"]
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
        labels = [f"{row['experiment']}/{row['cell']}" for row in rows]
        letters = LETTERS_PER_INCH * (width_in / 2 - SAMPLE_IN)
        columns = 2 if max(map(len, labels)) < letters else 1
        labels = [in_lines(label, width_in - SAMPLE_IN) for label in labels]
        lines = sum(label.count("\n") + 1 for label in labels) / columns
        figure, axes = canvas(width_in, 2.4 + 0.18 * lines)
        axes.axhline(1, color=MUTED, linewidth=1)
        styles = ("-", "--", ":")
        for place, (row, label) in enumerate(zip(rows, labels, strict=True)):
            colours = list(STAGE_COLOURS.values())
            axes.plot(
                epochs, gain_after(row, epochs), styles[place // len(colours) % len(styles)],
                color=colours[place % len(colours)], label=label,
            )  # fmt: skip
        axes.set_xscale("log")
        axes.set_xticks([1, 2, 5, 10, 20, 50, 100], ["1", "2", "5", "10", "20", "50", "100"])
        axes.minorticks_off()
        axes.set_xlabel("epochs of the measured work")
        axes.set_ylabel("times as fast,\nstart included")
        figure.legend(loc="outside upper left", ncols=columns, frameon=False)
        return to_svg(figure)
