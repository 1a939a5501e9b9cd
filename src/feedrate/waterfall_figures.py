"""What each step contributes, added from the start and taken away from the end: the waterfall."""

from __future__ import annotations

import math
from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from feedrate import phrases
from feedrate.figures import BAD, GOOD, MUTED, STYLE, WIDE_FROM_IN, WIDE_IN, canvas, to_svg
from feedrate.waterfall import Gain, Step

_TICKS = (0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100)


def draw_waterfall(steps: Sequence[Step], width_in: float = WIDE_IN) -> str:
    """Draw every step as SVG text: two bars each, what it adds and what is lost without it.

    The upper bar goes from the pipeline before the step to that after it; the lower, hatched one
    from the last pipeline without the step to the last one. A step without figures has no bar.

    Args:
        steps: From `waterfall.read_steps`, at least one.
        width_in: Inches.
    """
    brief = width_in < WIDE_FROM_IN
    with mpl.rc_context(STYLE):
        figure, axes = canvas(width_in, 0.78 * len(steps) + 1.0)
        axes.axvline(1, color=MUTED, linewidth=1)
        before, last = 1.0, steps[-1].after
        for place, step in enumerate(steps):
            _bar(axes, -place + 0.08, before, step.after, None)
            _bar(axes, -place - 0.2, step.without.ratio, last, "////")
            at = (0.0, -place + 0.36)
            axes.annotate(
                say_step(step, brief), at, (7, 0),
                xycoords=axes.get_yaxis_transform(), textcoords="offset points", va="center",
            )  # fmt: skip
            before = step.after.ratio
        _finish(axes, steps)
        handles = [
            Patch(facecolor=GOOD, hatch=hatch, alpha=0.85, lw=0, label=name)
            for hatch, name in ((None, "added to those above"), ("////", "taken from the last"))
        ]
        columns = 1 if brief else 2
        figure.legend(handles=handles, loc="outside upper left", ncols=columns, frameon=False)
        return to_svg(figure)


def say_step(step: Step, brief: bool = False) -> str:
    """Say what a step contributes: ``decoder~simplejpeg: 1.85x, 1.60x lost without``."""
    if not step.added.known:
        return f"{step.name}: not measured"
    added = phrases.ratio(step.added.ratio)
    if not step.removed.known:
        return f"{step.name}: {added}"
    lost = phrases.ratio(step.removed.ratio)
    return (
        f"{step.name}: {added}, {lost}" if brief else f"{step.name}: {added}, {lost} lost without"
    )


def _bar(axes: Axes, height: float, start: float, end: Gain, hatch: str | None) -> None:
    """Draw a bar between two ratios, with the interval of its end."""
    if not (math.isfinite(start) and end.known):
        return
    colour = GOOD if end.ratio >= start else BAD
    left, right = sorted((start, end.ratio))
    axes.barh(
        height, right - left, left=left, height=0.24, color=colour, hatch=hatch, alpha=0.85, lw=0
    )
    if hatch is None:
        axes.plot([end.low, end.high], [height] * 2, color=STYLE["text.color"], linewidth=1.2)


def _finish(axes: Axes, steps: Sequence[Step]) -> None:
    """Set a log axis that shows every bar and its interval."""
    gains = [gain for step in steps for gain in (step.after, step.without) if gain.known]
    shown = [1.0, *(bound for gain in gains for bound in (gain.low, gain.high))]
    low, high = min(shown) / (1.01 if min(shown) == 1 else 1.1), max(shown) * 1.1
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_xticks([tick for tick in _TICKS if low <= tick <= high])
    axes.minorticks_off()
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}x")
    axes.set_ylim(-len(steps) + 0.55, 0.6)
    axes.set_yticks([])
    axes.set_xlabel("times as fast as the reference")
