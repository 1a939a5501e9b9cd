"""What a study will cost, before anything runs."""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass
from pathlib import Path

from feedrate.cell import Cell, split_level
from feedrate.config import Config
from feedrate.machine import usable_cores
from feedrate.matrix import MeasuredCell, expand

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
    "dbnet": 400.0,
}
"""Rough milliseconds an image of 1.5 megapixels on one core of a server of 2023 (docs/records).

Only used where no earlier record of the same cell tells better.
"""

SERVER_S = 6.0
"""Importing everything once a cell."""

WARM_UP_S = 1.5
"""One trial that is thrown away."""


@dataclass(frozen=True)
class Cost:
    """What one measured cell costs."""

    dataset: str
    experiment: str
    cell: str
    pairs: int
    reference_s: float
    cell_s: float
    discard: int
    measured: bool

    @property
    def trials_s(self) -> float:
        """Seconds inside the trials that count."""
        return self.pairs * (self.reference_s + self.cell_s)

    @property
    def total_s(self) -> float:
        """Seconds altogether."""
        return SERVER_S + self.discard * WARM_UP_S + self.trials_s


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
    seen = _seen_s(path)
    estimate = {
        side: estimate_s(cell, measured.images_delivered) for side, cell in measured.sides.items()
    }
    seconds = seen or estimate
    measuring = measured.conditions.measuring
    return Cost(
        dataset=dataset,
        experiment=measured.experiment,
        cell=measured.name,
        pairs=measuring.pairs,
        reference_s=seconds["reference"],
        cell_s=seconds["cell"],
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
    paced_s = float(argument or 0) / 1e3 * images / cell.batch_size
    consuming_s = paced_s + images * TYPICAL_MS.get(consumer, 0.0) / 1e3
    return max(loading_s, consuming_s) if cell.workers else loading_s + consuming_s


def _seen_s(path: Path) -> dict[str, float] | None:
    if not path.is_file():
        return None
    trials = [t for t in json.loads(path.read_text())["trials"] if not t["discarded"]]
    return {
        side: statistics.median(t["startup_s"] + t["epoch_s"] for t in trials if t["side"] == side)
        for side in ("reference", "cell")
    }
