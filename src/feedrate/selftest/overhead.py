"""What the stage clock itself costs: the same batches with the clock on and off, in one process.

Batch by batch in turn, which first drawn by a coin: what the machine does meets both alike.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import torch

from feedrate.cell import Cell
from feedrate.clock import Clock, SilentClock
from feedrate.collate.batch import Batch, Collate
from feedrate.index import count_samples, read_places
from feedrate.loaders import dataloader
from feedrate.pipeline import Pipeline, Setting, build_pipeline
from feedrate.stages import StageClock
from feedrate.targets.params import TargetParams
from feedrate.witness import WitnessedDecode

WARM_UP = 8
"""Rounds thrown away: memory is faulted in, code and files are read for the first time."""


def run(request: Mapping[str, Any]) -> dict[str, list[float]]:
    """Time one batch after the other on both pipelines; called in a fork of a clean server.

    Args:
        request: ``index``, ``maps_dir``, ``image_size``, ``levels``, ``rounds``, ``seed``.

    Returns:
        ``on_s`` and ``off_s``: wall time of the same batches; ``on_cpu_s`` and ``off_cpu_s``:
        processor time. ``(rounds,)`` each.
    """
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    sides = {"on": _Side(request, StageClock()), "off": _Side(request, SilentClock())}
    coin = random.Random(request["seed"])  # noqa: S311  a reproducible order, no secret
    seen: dict[str, list[float]] = {
        f"{side}{what}_s": [] for side in sides for what in ("", "_cpu")
    }
    for _ in range(WARM_UP + request["rounds"]):
        order = list(sides)
        coin.shuffle(order)
        for side in order:
            wall_s, cpu_s = sides[side].take()
            seen[f"{side}_s"].append(wall_s)
            seen[f"{side}_cpu_s"].append(cpu_s)
    return {name: values[WARM_UP:] for name, values in seen.items()}


class _Side:
    """One pipeline, its batches made one at a time."""

    def __init__(self, request: Mapping[str, Any], clock: Clock) -> None:
        cell, index = Cell.model_validate(request["levels"]), Path(request["index"])
        samples = read_places(index, list(range(count_samples(index))))
        setting = Setting(Path(request["maps_dir"]), request["image_size"], TargetParams())
        order = range(len(samples))
        pipeline = build_pipeline(cell, samples, order, setting, clock)
        if isinstance(clock, StageClock):  # with all that a trial hangs on it
            pipeline = replace(pipeline, decode=WitnessedDecode(pipeline.decode, clock))
        self.batches = _endless(pipeline, cell.batch_size)

    def take(self) -> tuple[float, float]:
        """Make the next batch; returns its wall and its processor time in seconds."""
        cpu, wall = time.process_time(), time.perf_counter()
        next(self.batches)
        return time.perf_counter() - wall, time.process_time() - cpu


def _endless(pipeline: Pipeline, size: int) -> Iterator[Batch]:
    collate, at = Collate(pipeline.clock), 0
    while True:
        places = [place % len(pipeline) for place in range(at, at + size)]
        yield collate([pipeline[place] for place in places])
        at += size


@dataclass(eq=False)
class Unclocked:
    """A loader whose batches bring no clock rows."""

    loader: Iterable[Batch]

    def __iter__(self) -> Iterator[Any]:
        batches: Iterator[Any] = iter(self.loader)
        return (batch._replace(rows=None) for batch in batches)


def unclocked(dataset: Pipeline, cell: Cell) -> Unclocked:
    """PyTorch's loader as ever, over a pipeline without a clock."""
    decode = getattr(dataset.decode, "decode", dataset.decode)  # without the witness, too
    return Unclocked(dataloader.build(replace(dataset, clock=SilentClock(), decode=decode), cell))
