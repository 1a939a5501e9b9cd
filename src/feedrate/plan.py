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
    "pillow_draft": 8.0,
    "opencv": 8.0,
    "opencv_reduced": 6.0,
    "simplejpeg": 7.0,
    "simplejpeg_scaled": 4.5,
    "turbojpeg": 7.0,
    "nvimgcodec": 7.0,
    "transform": 5.0,
    "reference": 45.0,
    "kernel": 0.8,
    "npz": 8.0,
    "npz_ram": 0.3,
    "npz_raw": 1.5,
    "packed": 0.4,
    "packed_ram": 0.4,
    "polygons": 0.9,
    "resized_jpeg": 1.5,
    "collate": 4.0,
    "dbnet": 500.0,
    "dbnet_train": 1800.0,
}
"""Rough milliseconds an image of 1.5 megapixels on one core of a server of 2023 (docs/records).

Only used where no earlier record of the same cell tells better.
"""

AREA_MS = 12.0
"""What resizing by area, or by cubic polynomials, costs more."""

COLD_MS = 2.0
"""What reading a file costs more that is not in memory."""

SIDE_PX = 640
"""Side of the input that the costs above are of; those of pixels grow with its square."""

LIGHT_PAYLOAD = 0.25
"""Share of the cost of collating that is left where bytes travel."""

PRELOADED = {"npz_ram": "npz", "packed_ram": "packed"}
"""Target sources that load every map before the first batch, and what loading one costs."""

STARTING_S = 4.0
"""Workers that start from nothing import everything first."""

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
    images = measured.conditions.work.images
    estimate = {
        side: estimate_s(cell, measured.images_delivered, images)
        for side, cell in measured.sides.items()
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


def estimate_s(cell: Cell, images: int, distinct: int = 0) -> float:
    """Estimate one trial from typical costs, what comes before its first batch included.

    Args:
        cell: Its levels. Work is shared by as many workers as there are cores.
        images: Images delivered.
        distinct: Different ones among them: what fills a cache goes through these once.
    """
    stages_ms = _stages_ms(cell)
    filled = ("decode", "transform") if cell.images == "decoded_ram" else ()
    ablated = stages_ms if cell.ablate != "none" else ()
    filling_ms = sum(_stages_ms(cell, filled=True)[stage] for stage in ablated or filled)
    filling_ms += TYPICAL_MS.get(PRELOADED.get(cell.targets, ""), 0.0)
    startup_s = distinct * filling_ms / 1e3
    startup_s += STARTING_S * (cell.workers > 0 and cell.start_method != "fork")
    at_once = min(max(cell.workers, 1), usable_cores())
    loading_s = images * sum(stages_ms.values()) / 1e3 / at_once
    consumer, argument = split_level(cell.consumer)
    paced_s = _milliseconds(consumer, argument) / 1e3 * images / cell.batch_size
    consuming_s = paced_s + images * TYPICAL_MS.get(consumer, 0.0) / 1e3
    epoch_s = max(loading_s, consuming_s) if cell.workers else loading_s + consuming_s
    return startup_s + epoch_s


def _stages_ms(cell: Cell, filled: bool = False) -> dict[str, float]:
    """What each stage costs; or what it costs while caches are filled, before it is free."""
    area = (cell.image_size / SIDE_PX) ** 2 if cell.image_size else 1.0
    _, interpolation = split_level(cell.transform)
    slow = interpolation in ("area", "cubic")
    stages_ms = {
        "read": TYPICAL_MS["read"] + COLD_MS * (cell.page_cache == "cold"),
        "decode": TYPICAL_MS.get(cell.decoder, 0.0),
        "transform": area * TYPICAL_MS["transform"] + AREA_MS * slow,
        "targets": TYPICAL_MS.get(cell.targets, 0.0),
        "collate": area * TYPICAL_MS["collate"],
    }
    if cell.payload == "uint8":
        stages_ms["collate"] *= LIGHT_PAYLOAD
    if cell.images == "resized_jpeg":
        stages_ms["decode"] = TYPICAL_MS[cell.images]
    if filled:
        return stages_ms
    gone: dict[str, tuple[str, ...]] = {
        "all": ("read", "decode", "transform", "targets"),
        "none": (),
    }
    for stage in gone.get(cell.ablate, (cell.ablate,)):
        stages_ms[stage] = 0.0
    if cell.images in ("decoded_ram", "decoded_mmap"):
        stages_ms["decode"] = 0.0
    return stages_ms


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
    if not record.get("available", {"ok": True})["ok"]:
        return _Seen(0, dict.fromkeys(SIDES, 0.0))
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
