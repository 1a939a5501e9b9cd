"""What every stage of one image costs, for pages of different words and megapixels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import torch

from feedrate.cell import Cell
from feedrate.pipeline import Setting, build_pipeline
from feedrate.sample import Sample
from feedrate.stages import SAMPLE_STAGES, StageClock

ARRANGEMENTS: tuple[Mapping[str, str | int], ...] = (
    {"decoder": "pillow", "targets": "reference"},
    {"decoder": "simplejpeg", "targets": "kernel"},
)
"""Levels of the two stages that depend on the page; the other stages are the base cell's."""
FACTOR_OF = {"decode": "decoder", "targets": "targets"}
ROUNDS = 3
"""Passes over the pages that count, after one that does not."""


def read_costs(base: Cell, setting: Setting, samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """Clock the stages of one process on each of some pages.

    Args:
        base: The study's base cell: its transform and payload are used.
        setting: Image size and how maps are made.
        samples: Pages of the same words and megapixels.

    Returns:
        A row a stage and level: ``stage``, ``level``, and ``ms``, the median over the passes for
        each page. The stages that are alike in all arrangements are clocked in the first.
    """
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    rows: dict[tuple[str, str], list[float]] = {}
    for levels in ARRANGEMENTS:
        cell = base.with_levels({"images": "disk", "ablate": "none", **levels})
        spent_ms = _clock(cell, setting, samples)
        for stage, level, values in _named(cell, spent_ms):
            rows.setdefault((stage, level), values)
    return [{"stage": stage, "level": level, "ms": ms} for (stage, level), ms in rows.items()]


def _clock(cell: Cell, setting: Setting, samples: Sequence[Sample]) -> Any:
    """Milliseconds of each stage and page: ``(pages, stages)``, medians over the passes."""
    pipeline = build_pipeline(cell, samples, range(len(samples)), setting, StageClock())
    passes = [
        [pipeline[place].row[: len(SAMPLE_STAGES)] for place in pipeline.order]
        for _ in range(ROUNDS + 1)
    ]
    return np.median(np.asarray(passes[1:], np.float64), axis=0) / 1e6


def _named(cell: Cell, spent_ms: Any) -> Iterator[tuple[str, str, list[float]]]:
    for place, stage in enumerate(SAMPLE_STAGES):
        level = getattr(cell, FACTOR_OF[stage]) if stage in FACTOR_OF else ""
        yield stage, level, spent_ms[:, place].tolist()
