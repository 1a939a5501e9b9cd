"""Pipelines whose stages, contention and bottleneck are known, as if they had been measured."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from feedrate.cell import Cell
from feedrate.model.contention import Contention
from feedrate.model.events import Arrangement, play
from feedrate.model.fitting import fit_model
from feedrate.model.measured import Measured
from feedrate.model.prediction import Model
from feedrate.shares import IN_WORKERS

STAGES_MS = {
    "read": 0.2, "decode": 10.0, "transform": 3.0, "filter": 0.1, "targets": 6.0, "collate": 2.0
}  # fmt: skip
PROFILE: dict[str, Any] = {
    "machine": {"cores": 8},
    "levels": Cell(workers=0).model_dump(),
    "batch_size": 16,
    "image_size": 640,
    "per_image_ms": {**STAGES_MS, "transfer": 0.0, "consume": 500.0},
    "alternatives": {
        "decode": {"pillow": 10.0, "opencv": 7.0, "simplejpeg": 5.0},
        "targets": {"npz": 6.0, "kernel": 0.5, "reference": 30.0},
    },
}
LAW = Contention(1.05, 0.15, 0.02)
IMAGES = 128
EFFECTS: dict[tuple[str, str], dict[str, float]] = {
    ("decoder", "simplejpeg"): {"decode": 0.5},
    ("decoder", "opencv"): {"decode": 0.7},
    ("targets", "kernel"): {"targets": 1 / 12},
    ("targets", "none"): {"targets": 0.0},
    ("transform", "fused"): {"transform": 0.4},
    ("transform", "opencv"): {"transform": 0.7, "collate": 0.9},
    ("payload", "uint8"): {"transform": 0.6, "collate": 0.3},
}
"""What each level does to the stages of the planted pipelines."""


def planted_ms(cell: Cell) -> dict[str, float]:
    stages_ms = dict(STAGES_MS)
    for factor, level in cell.model_dump().items():
        for stage, times in EFFECTS.get((factor, level), {}).items():
            stages_ms[stage] *= times
    if cell.ablate != "none":
        freed = IN_WORKERS[:5] if cell.ablate == "all" else (cell.ablate,)
        stages_ms |= dict.fromkeys(freed, 0.0)
    return stages_ms


def planted_run(cell: Cell) -> tuple[dict[str, float], float, float]:
    """Stages inside the workers (ms), seconds and stall of an epoch of a planted pipeline."""
    slowdown = LAW.slowdown(max(cell.workers, 1))
    stages_ms = {stage: ms * slowdown for stage, ms in planted_ms(cell).items()}
    consume_s = float(cell.consumer.partition(":")[2] or 0) / 1e3
    service_s = np.full(IMAGES // cell.batch_size, cell.batch_size * sum(stages_ms.values()) / 1e3)
    epoch = play(service_s, Arrangement(cell.workers, cell.prefetch_factor, consume_s=consume_s))
    return stages_ms, epoch.ended_s, epoch.stall_fraction


def measured(experiment: str, levels: dict[str, Any], noise: float = 0.0) -> Measured:
    reference = Cell()
    cell = reference.with_levels(levels)
    stages_ms, epoch_s, stall = planted_run(cell)
    reference_ms, reference_s, _ = planted_run(reference)
    return Measured(
        experiment,
        cell.name(reference),
        cell.model_dump(),
        reference.model_dump(),
        stages_ms,
        reference_ms,
        epoch_s,
        reference_s,
        stall,
        reference_s / epoch_s * math.exp(noise),
        0.01,
    )


CALIBRATION = [
    measured("workers", {"workers": 1}),
    measured("workers", {"workers": 8}),
    measured("decoders", {"decoder": "simplejpeg"}),
    measured("transforms", {"transform": "fused"}),
    measured("transforms", {"transform": "opencv"}),
    measured("traffic", {"payload": "uint8"}),
    measured("targets", {"targets": "kernel"}),
]
NAMES = {(each.experiment, each.cell) for each in CALIBRATION}
UNSEEN = [
    measured("combined", {"workers": workers, "decoder": decoder, "targets": targets, **more})
    for workers in (1, 2, 4)
    for decoder in ("simplejpeg", "opencv")
    for targets in ("kernel", "none")
    for more in ({"transform": "fused"}, {"consumer": "sleep:300"}, {"payload": "uint8"}, {})
]


def fitted(cells: list[Measured] | None = None) -> Model:
    return fit_model(PROFILE, cells or CALIBRATION, NAMES, {}, IMAGES)
