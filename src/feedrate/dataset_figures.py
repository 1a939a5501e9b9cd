"""What a dataset is like, in figures and sentences: sizes, shapes, compression and texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator

from feedrate import phrases
from feedrate.figures import BAD, NARROW_IN, POINT, STYLE, canvas, to_svg

Values = npt.NDArray[np.float64]

HEIGHT_IN = 2.1
BINS, FEWEST_BARS = 28, 8
LOG_SPAN, DENSE_SPAN = 20.0, 300.0
"""Values that span more are drawn on a logarithmic axis; beyond the second, a tick a decade."""
LEAST_SHARE = 1e-2
"""On a logarithmic axis, less than this of the largest value is drawn as this."""
LONGEST_NAME = 40
TEXT_SIDE = "text_side"


@dataclass(frozen=True)
class Distribution:
    """One thing that differs from image to image, or from text to text.

    Attributes:
        question: What it answers.
        verb: Before a number in a sentence.
        unit: After it.
        axis: Under the drawing.
        of: What is counted: images or texts.
        spread: Whether the axis may be logarithmic.
    """

    question: str
    verb: str
    unit: str
    axis: str
    of: str = "images"
    spread: bool = True


DISTRIBUTIONS = {
    "size": Distribution("How large are the images?", "have", "megapixels", "megapixels"),
    "aspect": Distribution(
        "How wide are they for their height?", "are", "times as wide as high", "width / height"
    ),
    "bits": Distribution(
        "How hard are they compressed?", "take", "bits a pixel", "bits of the file a pixel"
    ),
    "texts": Distribution(
        "How much text is there?", "hold", "texts", "texts an image", spread=False
    ),
    TEXT_SIDE: Distribution(
        "How high is text after the resize?",
        "are",
        "px high",
        "shorter side of a text after the resize (px)",
        of="texts",
    ),
}
"""What is drawn as a histogram, in the order of a page."""


def values_of(name: str, facts: pd.DataFrame) -> Values:
    """Return what a distribution is drawn from; images of unknown size have none.

    Args:
        name: A key of `DISTRIBUTIONS`.
        facts: One row a sample, as the validation writes them.
    """
    if name == TEXT_SIDE:
        sides = [np.asarray(each, np.float64) for each in facts["text_sides"]]
        found = np.concatenate([np.zeros(0), *sides])
        return np.asarray(found[np.isfinite(found)])
    if name == "texts":
        return np.asarray(facts["instances"], np.float64)
    known = facts[(facts["width"] > 0) & (facts["height"] > 0)]
    width, height, size = (
        np.asarray(known[column], np.float64) for column in ("width", "height", "bytes")
    )
    pixels = width * height
    return {"size": pixels / 1e6, "aspect": width / height, "bits": 8 * size / pixels}[name]


def drawable(facts: pd.DataFrame) -> list[str]:
    """Name the distributions that these facts have values for."""
    return [name for name in DISTRIBUTIONS if values_of(name, facts).size]


def draw_distribution(
    name: str, facts: pd.DataFrame, min_text_side: float | None, width_in: float = NARROW_IN
) -> str:
    """Draw a histogram as SVG text.

    Args:
        name: One that is `drawable`.
        facts: One row a sample, as the validation writes them.
        min_text_side: Texts with a shorter side (px) are masked out of the target maps; None
            where it is not known, and not shown.
        width_in: Inches.
    """
    item, values = DISTRIBUTIONS[name], values_of(name, facts)
    limit = min_text_side if name == TEXT_SIDE and min_text_side else 0.0
    edges, logarithmic = bin_edges(values, item.spread)
    counts, _ = np.histogram(np.maximum(values, edges[0]), edges)
    with mpl.rc_context(STYLE):
        figure, axes = canvas(width_in, HEIGHT_IN)
        axes.bar(edges[:-1], counts, np.diff(edges), align="edge", color=POINT)
        if logarithmic:
            axes.set_xscale("log")
            dense = edges[-1] / edges[0] < DENSE_SPAN
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if dense else (1,)))
            axes.minorticks_off()
        elif not item.spread:
            axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.set_xlim(min(edges[0], limit or edges[0]), max(edges[-1], limit))
        if limit:
            _mark_limit(axes, limit)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.set_xlabel(item.axis)
        axes.set_ylabel(item.of)
        return to_svg(figure)


def say_distribution(name: str, facts: pd.DataFrame, min_text_side: float | None) -> str:
    """Say in a sentence or two what a histogram shows; arguments as for `draw_distribution`."""
    item, values = DISTRIBUTIONS[name], values_of(name, facts)
    spread = np.quantile(values, [0, 0.25, 0.75, 1])
    low, first, last, high = (say_value(value) for value in spread.tolist())
    if low == high:
        said = f"All {len(values):,} {item.of} {item.verb} {low} {item.unit}."
    else:
        said = f"Half of the {item.of} {item.verb} {first} to {last} {item.unit}"
        said += f", all of them {low} to {high}."
    if name != TEXT_SIDE or min_text_side is None:
        return said
    small = int((values < min_text_side).sum())
    share = f"{phrases.percent(small / len(values))} are" if small else "None is"
    return f"{said} {share} below {min_text_side:g} px, which the target maps mask out."


def count_kinds(facts: pd.DataFrame) -> list[tuple[str, int]]:
    """Count files by kind and Pillow's mode, ``JPEG RGB``; the most frequent first."""
    kinds = (facts["kind"] + " " + facts["mode"]).str.strip().replace("", "unknown")
    return [(str(name), int(number)) for name, number in kinds.value_counts().items()]


def draw_kinds(counts: Sequence[tuple[str, int]], width_in: float = NARROW_IN) -> str:
    """Draw how many files of each kind there are, as SVG text."""
    with mpl.rc_context(STYLE | {"text.parse_math": False}):
        figure, axes = canvas(width_in, max(HEIGHT_IN, 0.28 * len(counts) + 0.6))
        heights = -np.arange(len(counts))
        axes.barh(heights, [number for _, number in counts], height=0.6, color=POINT)
        for height, (_, number) in zip(heights.tolist(), counts, strict=True):
            place = (number, height)
            axes.annotate(f"{number:,}", place, (5, 0), textcoords="offset points", va="center")
        axes.set_yticks(heights, [plain(name) for name, _ in counts])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(min(-len(counts), -3) + 0.4, 0.6)
        axes.set_xlim(0, 1.25 * max(number for _, number in counts))
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.set_xlabel("images")
        return to_svg(figure)


def plain(text: str) -> str:
    """Escape what a drawing cannot hold, letters without a glyph among it; cut what is long."""
    shown = (each if " " <= each <= "~" else ascii(each)[1:-1] for each in text[:LONGEST_NAME])
    return "".join(shown) + ("..." if len(text) > LONGEST_NAME else "")


def bin_edges(values: Values, spread: bool) -> tuple[Values, bool]:
    """Divide the range of some finite values of 0 and more; say whether by equal ratios.

    Args:
        values: At least one.
        spread: Whether equal ratios may be chosen; they are where the values span a lot.
    """
    low, high = float(values.min()), float(values.max())
    floor = max(low, LEAST_SHARE * high)
    if spread and floor > 0 and high / floor > LOG_SPAN:
        return np.geomspace(floor, high, BINS + 1), True
    if (values == np.round(values)).all() and high - low < 2 * BINS:
        beside = max(0, (FEWEST_BARS - (high - low)) // 2)  # one bar alone would be a wall
        return np.arange(max(low - beside, 0), high + beside + 2) - 0.5, False
    if high - low < 0.05 * high:  # nearly equal: stretched, their noise would look like a spread
        return np.linspace(0.8 * low, 1.2 * high, 14), False
    return np.linspace(low, high, BINS + 1), False


def say_value(value: float) -> str:
    """Say a number: a whole one as such, another with three digits."""
    return f"{value:,.0f}" if value == round(value) else phrases.digits(value)


def _mark_limit(axes: Axes, limit: float) -> None:
    """Shade what lies below a limit, and name it above the bars."""
    axes.axvspan(axes.get_xlim()[0], limit, color=BAD, alpha=0.18, linewidth=0)
    axes.axvline(limit, color=BAD, linewidth=1.2, linestyle="--")
    axes.set_ylim(0, 1.2 * axes.get_ylim()[1])
    note = f" min_text_side {limit:g}"
    axes.text(limit, 1, note, transform=axes.get_xaxis_transform(), va="top")
