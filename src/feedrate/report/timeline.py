"""One epoch of the base pipeline, moment by moment: which, and how it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from feedrate.figures import NARROW_IN, WIDE_IN
from feedrate.records import RecordPaths
from feedrate.report.templates import Embed
from feedrate.tables import counted
from feedrate.timeline_figures import draw_timeline, say_timeline


@dataclass(frozen=True, eq=False)
class Epoch:
    """One epoch of a trial.

    Attributes:
        cell: Experiment and cell beside which it was measured; it is the reference's.
        pair: Of which pair.
        clock_s: When its iteration began, on the clock of the samples.
        samples: Its rows of ``*.samples.parquet``.
        batches: Its rows of ``*.batches.parquet``.
    """

    cell: str
    pair: int
    clock_s: float
    samples: pd.DataFrame
    batches: pd.DataFrame


@dataclass(frozen=True)
class TimelineView:
    """What the section says, ready to print."""

    finding: str
    caption: str
    wide: Markup
    narrow: Markup


def read_epoch(results: Path, trials: pd.DataFrame) -> Epoch | None:
    """Read the reference's middle epoch of the first cell that was measured.

    Args:
        results: The results folder.
        trials: From `tables.collect`, one dataset.

    Returns:
        The epoch; None where the records do not say when samples began.
    """
    epochs = counted(trials)
    epochs = epochs[epochs["side"] == "reference"]
    if epochs.empty or "clock_s" not in epochs or epochs["clock_s"].isna().all():
        return None
    first = epochs.iloc[0]
    same = epochs[
        (epochs["experiment"] == first["experiment"]) & (epochs["cell"] == first["cell"])
    ].sort_values("epoch_s")
    chosen = same.iloc[len(same) // 2]
    name = f"{chosen['experiment']}/{chosen['cell']}"
    folder = results / "trials" / str(chosen["dataset"])
    paths = RecordPaths.beside(folder / f"{name}.json")
    rows = [_of_trial(pd.read_parquet(path), chosen) for path in (paths.samples, paths.batches)]
    return Epoch(name, int(chosen["pair"]), float(chosen["clock_s"]), *rows)


def view_epoch(epoch: Epoch, embed: Embed, prefix: str) -> TimelineView:
    """Turn an epoch into the text and drawing of its section.

    Args:
        epoch: From `read_epoch`.
        embed: `feedrate.report.page.embed_svg`.
        prefix: Begins the ids of the drawing.
    """
    finding = say_timeline(epoch.batches)
    wide, narrow = (
        embed(
            draw_timeline(epoch.samples, epoch.batches, epoch.clock_s, width),
            f"{prefix}-timeline-{width:g}in",
            finding,
        )
        for width in (WIDE_IN, NARROW_IN)
    )
    caption = (
        f"One epoch as it was: the reference in pair {epoch.pair} of {epoch.cell}. Each worker is "
        "a lane; what is white in it is waiting, for the order of the next batch or for a core."
    )
    return TimelineView(finding, caption, wide, narrow)


def _of_trial(table: pd.DataFrame, chosen: pd.Series) -> pd.DataFrame:
    same = (table["pair"] == chosen["pair"]) & (table["side"] == "reference")
    epoch: pd.DataFrame = table[same & (table["kind"] == "epoch")]
    return epoch
