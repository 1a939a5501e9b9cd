"""A fabricated profile of the stages: planted times, through the real summary."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from records import MACHINE, STAGES_MS

from feedrate.cell import Cell
from feedrate.profile.levels import FORWARD, STAGE_OF, alone
from feedrate.profile.summary import OTHER_ALLOCATOR, Replies, describe
from feedrate.stages import WORKER_STAGES

PROCESSES, IMAGES, AGAIN, FEW = 6, 12, 3, 6
CHECKSUM_MS, FAULTS = 0.1, 400
LEVELS = {
    "targets~reference": 45.0,
    "targets~npz": 7.1,
    "targets~npz_ram": 0.3,
    "targets~kernel": 0.6,
    "decoder~pillow": 9.0,
    "decoder~opencv": 7.8,
    "decoder~simplejpeg": 7.1,
}
STEPS = {"LongestMaxSize": 2.0, "PadIfNeeded": 0.5, "Normalize": 2.5, "keypoints in and out": 0.3}
OPENED = {"np.load of a compressed .npz": (0.12, 7.2), "PIL.Image.open": (0.2, 9.0)}


def make_profile(dataset: str = "receipts", **changes: float) -> dict[str, Any]:
    """The content of a profile; `changes` replace milliseconds an image of a stage."""
    stages_ms = STAGES_MS | {"consume": 410.0} | changes
    return {
        "schema": 2,
        "dataset": dataset,
        "levels": alone(Cell.model_validate({})).model_dump(),
        "batch_size": 16,
        "image_size": 640,
        **describe(make_replies(stages_ms), 640, ("default", "tuned")),
        "machine": copy.deepcopy(MACHINE),
    }


def make_replies(stages_ms: dict[str, float]) -> Replies:
    """What six processes would return: a per cent apart, the last image twice as slow."""
    seen: dict[str, list[dict[str, Any]]] = {}
    for number in range(PROCESSES):
        pace = 1 + 0.01 * number
        base = {stage: pace * stages_ms[stage] for stage in WORKER_STAGES}
        seen.setdefault("stages", []).append(_stages(base, IMAGES, AGAIN, FAULTS))
        seen.setdefault(OTHER_ALLOCATOR, []).append(_stages(base, FEW, 0, FAULTS // 10))
        steps = {name: pace * ms for name, ms in STEPS.items()}
        whole = {"steps_ms": steps, "whole_ms": pace * 5.5}
        seen.setdefault("operations", []).append(whole)
        opened = {
            what: {"lazy_ms": pace * lazy, "loaded_ms": pace * loaded}
            for what, (lazy, loaded) in OPENED.items()
        }
        seen.setdefault("openings", []).append(opened)
        for name, ms in LEVELS.items():
            stage = STAGE_OF[name.partition("~")[0]]
            seen.setdefault(name, []).append(_stages({stage: pace * ms}, FEW, 0, FAULTS))
    seen[FORWARD] = [{"image_ms": [stages_ms["consume"]]} for _ in range(2)]
    return Replies(seen, {"targets~packed": "no such maps"})


def _stages(stages_ms: dict[str, float], images: int, again: int, faults: int) -> dict[str, Any]:
    """One process: the mean over images is as planted; images that come again cost the same."""
    weights = np.ones(images + again)
    weights[images - 1] = 2.0
    weights[:images] *= images / weights[:images].sum()
    spent = np.outer(weights, [stages_ms.get(stage, 0.0) for stage in WORKER_STAGES])
    checksums = np.full_like(spent, CHECKSUM_MS)
    wall_ms = spent.sum() / 0.99 + 2 * checksums.sum()
    return {
        "ns": (1e6 * spent).tolist(),
        "checksum_ns": (1e6 * checksums).tolist(),
        "faults": np.full(spent.shape, faults).tolist(),
        "keys": [f"{number}.jpg" for number in range(images)],
        "wall_ns": 1e6 * wall_ms,
        "off_ns": 2e6 * checksums.sum(),
        "cpu_user_s": 0.75e-3 * wall_ms,
        "cpu_system_s": 0.25e-3 * wall_ms,
    }
