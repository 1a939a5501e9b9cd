"""One trial: one cell's pipeline, in this process, over a fixed amount of work.

`run` is called in a fresh fork of a clean server (`feedrate.forkserver`). It returns plain data;
it does not know what it will be compared with, nor how it will be judged.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from feedrate.cell import Cell, split_level
from feedrate.equivalence import keep_batch
from feedrate.index import count_samples, read_places
from feedrate.machine import load_average, stolen_s, usable_cores
from feedrate.pipeline import Setting, build_pipeline
from feedrate.registry import Plugins, resolve
from feedrate.stages import COLUMNS, COUNTERS, STAGES, WORKER_STAGES, StageClock
from feedrate.targets.params import TargetParams
from feedrate.usage import own_usage, tree_memory, tree_usage
from feedrate.work import KEPT_BATCHES, TrialSpec, work_order


def run(request: Mapping[str, Any]) -> dict[str, Any]:
    """Run one trial and return its record (see `feedrate.records`).

    Raises:
        ValueError: The dataset has fewer images than the work asks for.
    """
    spec = TrialSpec(**request)
    cell = Cell.model_validate(spec.levels)
    threads = _set_threads(cell)
    before = {"load_before": load_average(), "started_at": time.time()}
    stolen_before_s = stolen_s()
    startup, loader = _start(spec, cell)
    consume = _consumer(cell, spec.plugins)
    batches = -(-spec.deliver // cell.batch_size)
    measured = _Run(loader, consume, batches, spec.keep).measure()
    startup |= {"iter_s": measured.pop("iter_s"), "first_batch_s": measured.pop("first_batch_s")}
    return {
        **before,
        "load_after": load_average(),
        "steal_s": stolen_s() - stolen_before_s,
        "threads": threads,
        "startup": startup,
        "startup_s": startup["construct_s"] + startup["preload_s"] + startup["iter_s"],
        **measured,
    }


def _start(spec: TrialSpec, cell: Cell) -> tuple[dict[str, float], Any]:
    began = time.perf_counter()
    index = Path(spec.index)
    chosen, order = work_order(count_samples(index), spec.images, spec.deliver, spec.seed)
    samples = read_places(index, chosen)
    indexed = time.perf_counter()
    setting = Setting(
        maps_dir=Path(spec.maps_dir) if spec.maps_dir else None,
        image_size=spec.image_size,
        params=TargetParams(**spec.params),
        plugins=spec.plugins,
    )
    pipeline = build_pipeline(cell, samples, order, setting, StageClock())
    opened = time.perf_counter()
    loader = resolve("loaders", cell.loader, spec.plugins)(pipeline, cell)
    built = time.perf_counter()
    return {
        "construct_s": (indexed - began) + (built - opened),
        "preload_s": opened - indexed,
    }, loader


class _Run:
    """The timed part: from the start of the iteration to the last batch consumed."""

    def __init__(
        self, loader: Any, consume: Callable[[Any], None], batches: int, keep: str | None
    ) -> None:
        self.loader, self.consume, self.batches, self.keep = loader, consume, batches, keep
        self.stamps: list[tuple[float, float, float]] = []
        self.delivered: list[Any] = []

    def measure(self) -> dict[str, Any]:
        """Deliver the work and describe it."""
        usage_before = own_usage()
        began = time.perf_counter()
        iterator = iter(self.loader)
        started = time.perf_counter()
        self._deliver(iterator, started)
        usage = tree_usage(usage_before)
        memory = tree_memory()
        del iterator  # only now may the workers go: their memory and counters have been read
        return {
            "iter_s": started - began,
            "first_batch_s": self.stamps[0][1] if self.stamps else 0.0,
            "epoch_s": self.stamps[-1][2] if self.stamps else 0.0,
            "stall_s": sum(arrived - asked for asked, arrived, _ in self.stamps),
            "consume_s": sum(done - arrived for _, arrived, done in self.stamps),
            **usage,
            **memory,
            **_describe(self.delivered, self.stamps),
        }

    def _deliver(self, iterator: Iterator[Any], started: float) -> None:
        for number in range(self.batches):
            asked = time.perf_counter()
            batch = next(iterator, None)
            if batch is None:
                return  # the exercise gate will say how many were missing
            arrived = time.perf_counter()
            self.consume(batch)
            done = time.perf_counter()
            self.stamps.append((asked - started, arrived - started, done - started))
            if self.keep and number < KEPT_BATCHES:
                keep_batch(Path(self.keep), number, batch)
            self.delivered.append(_facts_of(batch))


def _facts_of(batch: Any) -> tuple[int, Any, Any, int]:
    """What to remember of a batch: images, indices, clock rows, worker. Pixels are let go."""
    rows = getattr(batch, "rows", None)
    if rows is None:
        return count_images(batch), None, None, os.getpid()
    return len(batch.images), batch.indices, rows, batch.worker


def count_images(batch: Any) -> int:
    """Count the images of a batch of any make: the length of its first tensor or array.

    Raises:
        TypeError: Nothing in the batch has a length.
    """
    if isinstance(batch, Mapping):
        batch = next(iter(batch.values()))
    elif isinstance(batch, list | tuple):
        batch = batch[0]
    try:
        return len(batch)
    except TypeError:
        raise TypeError(
            f"a batch's first element is a {type(batch).__name__}; "
            "feedrate counts images by the length of a tensor, an array or a list"
        ) from None


def _describe(
    delivered: Sequence[tuple[int, Any, Any, int]], stamps: Sequence[tuple[float, float, float]]
) -> dict[str, Any]:
    clocked = [np.asarray(rows) for _, _, rows, _ in delivered if rows is not None]
    total = (
        dict(zip(COLUMNS, np.concatenate(clocked).sum(axis=0).tolist(), strict=True))
        if clocked
        else {}
    )
    stages_s = {stage: total.get(f"{stage}_ns", 0) / 1e9 for stage in WORKER_STAGES}
    consume_s = sum(done - arrived for _, arrived, done in stamps)
    return {
        "images": sum(images for images, _, _, _ in delivered),
        "batches": len(delivered),
        "instrumented": bool(clocked),
        "stages_s": dict.fromkeys(STAGES, 0.0) | stages_s | {"consume": consume_s},
        "counters": {name: total.get(name, 0) for name in COUNTERS},
        "workers_seen": len({worker for *_, worker in delivered} - {os.getpid()}),
        "batch_rows": [
            {
                "batch": number,
                "images": images,
                "worker": worker,
                "requested_s": asked,
                "arrived_s": arrived,
                "consumed_s": done,
            }
            for number, ((images, _, _, worker), (asked, arrived, done)) in enumerate(
                zip(delivered, stamps, strict=True)
            )
        ],
        "sample_rows": [
            {
                "batch": number,
                "index": int(index),
                "worker": worker,
                **dict(zip(COLUMNS, np.asarray(row).tolist(), strict=True)),
            }
            for number, (_, indices, rows, worker) in enumerate(delivered)
            if rows is not None
            for index, row in zip(indices, rows, strict=True)
        ],
    }


def _set_threads(cell: Cell) -> dict[str, Any]:
    """One thread a process: workers are the only parallelism. A model may use every core."""
    cv2.setNumThreads(1)
    torch.set_num_threads(usable_cores() if cell.consumer == "dbnet" else 1)
    return {
        "torch": torch.get_num_threads(),
        "opencv": cv2.getNumThreads(),
        "omp_environment": os.environ.get("OMP_NUM_THREADS", "unset"),
    }


def _consumer(cell: Cell, plugins: Plugins) -> Callable[[Any], None]:
    name, argument = split_level(cell.consumer)
    consume: Callable[[Any], None] = resolve("consumers", name, plugins)(argument)
    return consume
