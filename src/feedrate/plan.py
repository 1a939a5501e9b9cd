"""What a study will cost, before anything runs."""

from __future__ import annotations

import json
import math
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from feedrate.cell import Cell, split_level
from feedrate.config import NUMBER_ARGUMENTS, Config
from feedrate.machine import usable_cores
from feedrate.matrix import MeasuredCell, expand
from feedrate.turns import EPOCH, SIDES

TYPICAL_MS = {
    "read": 0.1,
    "pillow": 13.0,
    "opencv": 8.0,
    "simplejpeg": 7.0,
    "transform": 5.0,
    "reference": 45.0,
    "kernel": 0.8,
    "npz": 8.0,
    "npz_ram": 0.3,
    "npz_raw": 1.5,
    "packed": 0.4,
    "packed_ram": 0.4,
    "polygons": 0.9,
    "collate": 4.0,
    "dbnet": 500.0,
    "dbnet_train": 1800.0,
}
"""Rough milliseconds an image of 1.5 megapixels on one core of a server of 2023 (docs/records).

Only used where no earlier record of the same cell tells better.
"""

SERVER_S = 6.0
"""Importing everything once a cell."""

OBSERVING = 1.5
"""A warm-up whose memory is read at every batch takes so many times an epoch."""


@dataclass(frozen=True)
class Cost:
    """What one measured cell costs.

    Attributes:
        pairs: How many are expected: as many as last time, or a few more than the least.
        most_pairs: How many there may be.
        steady: An epoch's length in a looped run, times its pairs.
    """

    dataset: str
    experiment: str
    cell: str
    pairs: int
    most_pairs: int
    steady: float
    reference_s: float
    cell_s: float
    discard: int
    measured: bool

    @property
    def trials_s(self) -> float:
        """Seconds inside the trials that count."""
        return (self.pairs + self.steady) * (self.reference_s + self.cell_s)

    @property
    def most_s(self) -> float:
        """Seconds altogether if the interval never gets narrow enough."""
        return self.total_s + (self.most_pairs - self.pairs) * (self.reference_s + self.cell_s)

    @property
    def total_s(self) -> float:
        """Seconds altogether."""
        warm_ups_s = self.discard * OBSERVING * (self.reference_s + self.cell_s) / 2
        return SERVER_S + warm_ups_s + self.trials_s


def plan(config: Config, trials_dir: Path) -> list[Cost]:
    """Estimate every measured cell of a study, from earlier records where there are any.

    Args:
        config: The study.
        trials_dir: Where earlier records lie (``results/trials``); may not exist yet.
    """
    return [
        _cost(measured, dataset, trials_dir)
        for dataset in config.datasets
        for measured in expand(config)
    ]


def _cost(measured: MeasuredCell, dataset: str, trials_dir: Path) -> Cost:
    path = trials_dir / dataset / measured.experiment / f"{measured.name}.json"
    seen = _seen(path)
    estimate = {
        side: estimate_s(cell, measured.images_delivered) for side, cell in measured.sides.items()
    }
    measuring = measured.conditions.measuring
    likely = math.ceil((2 * measuring.pairs + measuring.max_pairs) / 3)
    looped = measuring.steady_pairs * measured.steady_images / measured.images_delivered
    return Cost(
        dataset=dataset,
        experiment=measured.experiment,
        cell=measured.name,
        pairs=seen.pairs if seen else likely,
        most_pairs=measuring.max_pairs,
        steady=looped,
        reference_s=(seen.epochs_s if seen else estimate)["reference"],
        cell_s=(seen.epochs_s if seen else estimate)["cell"],
        discard=measuring.discard,
        measured=seen is not None,
    )


def estimate_s(cell: Cell, images: int) -> float:
    """Estimate one trial from typical costs: work shared by as many workers as there are cores."""
    names = ["read", cell.decoder, "transform", cell.targets, "collate"]
    if cell.images == "decoded_ram":
        names.remove(cell.decoder)
    per_image_ms = sum(TYPICAL_MS.get(name, 0.0) for name in names)
    loading_s = images * per_image_ms / 1e3 / min(max(cell.workers, 1), usable_cores())
    consumer, argument = split_level(cell.consumer)
    paced_s = _milliseconds(consumer, argument) / 1e3 * images / cell.batch_size
    consuming_s = paced_s + images * TYPICAL_MS.get(consumer, 0.0) / 1e3
    return max(loading_s, consuming_s) if cell.workers else loading_s + consuming_s


def _milliseconds(consumer: str, argument: str | None) -> float:
    return float(argument or 0) if consumer in NUMBER_ARGUMENTS else 0.0


class _Seen(NamedTuple):
    """What an earlier record of a cell tells."""

    pairs: int
    epochs_s: dict[str, float]


def _seen(path: Path) -> _Seen | None:
    """Read an earlier record; None where there is none, or none of this schema with epochs."""
    if not path.is_file():
        return None
    record = json.loads(path.read_text())
    epochs = [t for t in record["trials"] if t.get("kind") == EPOCH]
    if not epochs:
        return None
    return _Seen(
        record["stopping"]["pairs"],
        {
            side: statistics.median(
                t["startup_s"] + t["epoch_s"] for t in epochs if t["side"] == side
            )
            for side in SIDES
        },
    )
