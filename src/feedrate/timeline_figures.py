"""The timeline of a real epoch: loader processes as lanes, stages as colours, waits in red."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from feedrate import phrases
from feedrate.figures import BAD, MUTED, STAGE_COLOURS, STYLE, WIDE_IN, canvas, to_svg
from feedrate.shares import IN_WORKERS

LANE = 0.74
"""Height of a lane, of the distance between two."""
THINNEST_SHARE = 0.0006
"""Of the epoch: a shorter piece would not be seen, and is left to the one before it."""

Spans = npt.NDArray[np.float64]


def draw_timeline(
    samples: pd.DataFrame, batches: pd.DataFrame, clock_s: float, width_in: float = WIDE_IN
) -> str:
    """Draw one epoch as SVG text.

    Args:
        samples: Its rows of ``*.samples.parquet``.
        batches: Its rows of ``*.batches.parquet``.
        clock_s: The record's ``clock_s`` of this trial: when the iteration began, on the clock of
            ``began_ns``.
        width_in: Inches.
    """
    workers = list(dict.fromkeys(samples.sort_values("began_ns")["worker"]))
    with mpl.rc_context(STYLE):
        figure, axes = canvas(width_in, 0.42 * (len(workers) + 1) + 1.0)
        for lane, worker in enumerate(workers):
            own = samples[samples["worker"] == worker]
            for stage, spans in stage_spans(own, clock_s):
                _draw(axes, spans, -lane, STAGE_COLOURS[stage])
        _draw(axes, wait_spans(batches), -len(workers), BAD)
        _draw(axes, use_spans(batches), -len(workers), MUTED)
        names = [f"worker {number + 1}" for number in range(len(workers))]
        axes.set_yticks(-np.arange(len(workers) + 1), [*names, "consumer"])
        axes.tick_params(axis="y", length=0)
        axes.set_xlim(0, float(batches["consumed_s"].max()))
        axes.set_xlabel("seconds since the epoch began")
        shown = [stage for stage in IN_WORKERS if samples[f"{stage}_ns"].sum() > 0]
        handles = [Patch(color=STAGE_COLOURS[stage], label=stage) for stage in shown]
        handles += [Patch(color=BAD, label="waits"), Patch(color=MUTED, label="consumes")]
        columns = 4 if width_in < 5 else len(handles)
        figure.legend(handles=handles, loc="outside upper left", ncols=columns, frameon=False)
        return to_svg(figure)


def say_timeline(batches: pd.DataFrame) -> str:
    """Say what is seen: how long was waited, and how often."""
    spans = wait_spans(batches)
    waited_s = float((spans[:, 1] - spans[:, 0]).sum())
    whole_s = float(batches["consumed_s"].max())
    return (
        f"The consumer waits {phrases.percent(waited_s / whole_s)} of an epoch of "
        f"{phrases.seconds(whole_s)}, for {len(batches)} batches"
    )


def stage_spans(samples: pd.DataFrame, clock_s: float) -> Iterator[tuple[str, Spans]]:
    """When one worker was in each stage: ``(samples, 2)`` seconds, begin and end.

    The stages of a sample follow each other without a gap from where it began; what is a batch's
    own follows its last sample.
    """
    ordered = samples.sort_values("began_ns")
    at_s = ordered["began_ns"].to_numpy(float) / 1e9 - clock_s
    for stage in IN_WORKERS[:5]:
        ends_s = at_s + ordered[f"{stage}_ns"].to_numpy(float) / 1e9
        yield stage, np.stack([at_s, ends_s], axis=1)
        at_s = ends_s
    own_s = ordered.groupby("batch")["collate_ns"].sum() / 1e9
    last_s = pd.Series(at_s, index=ordered["batch"].to_numpy()).groupby(level=0).max()
    yield "collate", np.stack([last_s, last_s + own_s.reindex(last_s.index)], axis=1)


def wait_spans(batches: pd.DataFrame) -> Spans:
    """When the consumer waited: ``(batches, 2)`` seconds."""
    return np.asarray(batches[["requested_s", "arrived_s"]], np.float64)


def use_spans(batches: pd.DataFrame) -> Spans:
    """When the consumer had a batch in its hands: ``(batches, 2)`` seconds."""
    return np.asarray(batches[["arrived_s", "consumed_s"]], np.float64)


def _draw(axes: Axes, spans: Spans, lane: float, colour: str) -> None:
    """Draw pieces of a lane as one shape."""
    whole_s = max(float(spans[:, 1].max()), 1e-9) if len(spans) else 1.0
    seen = spans[(spans[:, 1] - spans[:, 0]) > THINNEST_SHARE * whole_s]
    pieces = [(start, end - start) for start, end in seen.tolist()]
    axes.broken_barh(pieces, (lane - LANE / 2, LANE), facecolors=colour, linewidth=0)
