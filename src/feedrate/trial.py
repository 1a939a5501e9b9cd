"""One trial: one cell's pipeline, in this process, over a fixed amount of work.

`run` is called in a fresh fork of a clean server (`feedrate.forkserver`). It returns plain data;
it does not know what it will be compared with, nor how it will be judged.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import psutil
import torch

from feedrate.cell import Cell, split_level
from feedrate.deliveries import Delivery, describe, worker_threads
from feedrate.equivalence import keep_batch
from feedrate.index import count_samples, read_places
from feedrate.machine import conditions, stolen_s, usable_cores
from feedrate.matrix import plugin_modules
from feedrate.pipeline import Pipeline, Setting, build_pipeline
from feedrate.registry import Plugins, resolve
from feedrate.stages import StageClock
from feedrate.targets.params import TargetParams
from feedrate.usage import (
    memory_total,
    own_usage,
    tree_memory,
    tree_usage,
    worker_process_threads,
)
from feedrate.witness import WitnessedDecode, watch
from feedrate.work import TrialSpec, is_network, work_order


def run(request: Mapping[str, Any]) -> dict[str, Any]:
    """Run one trial and return its record (see `feedrate.records`).

    Raises:
        ValueError: The dataset has fewer images than the work asks for.
    """
    spec = TrialSpec(**request)
    cell = Cell.model_validate(spec.levels)
    _set_threads(cell)
    before, started_at = conditions(), time.time()
    stolen_before_s = stolen_s()
    startup, loader = _start(spec, cell)
    consume = _consumer(cell, spec.plugins)
    batches = -(-spec.deliver // cell.batch_size)
    measured = _Run(loader, consume, batches, spec).measure()
    startup |= {name: measured.pop(name) for name in ("iter_s", "first_batch_s")}
    after = conditions()
    return {
        "started_at": started_at,
        "load_before": before["load"],
        "load_after": after["load"],
        "steal_s": stolen_s() - stolen_before_s,
        "mhz": after["mhz"],
        "pressure": after["pressure"],
        "threads": _threads(),
        "startup": startup,
        "startup_s": sum(value for name, value in startup.items() if name != "first_batch_s"),
        "loader_facts": dict(getattr(loader, "facts", {})),
        **measured,
    }


def _start(spec: TrialSpec, cell: Cell) -> tuple[dict[str, float], Any]:
    """Build the loader, and say what each part of that took."""
    began = time.perf_counter()
    index = Path(spec.index)
    chosen, order = work_order(count_samples(index), spec.images, spec.deliver, spec.seed)
    samples = read_places(index, chosen)
    indexed = time.perf_counter()
    _load_compiled(cell, spec.plugins)
    compiled = time.perf_counter()
    setting = Setting(
        maps_dir=Path(spec.maps_dir) if spec.maps_dir else None,
        image_size=spec.image_size,
        params=TargetParams(**spec.params),
        plugins=spec.plugins,
    )
    pipeline = _watched(build_pipeline(cell, samples, order, setting, StageClock()))
    opened = time.perf_counter()
    loader = resolve("loaders", cell.loader, spec.plugins)(pipeline, cell)
    built = time.perf_counter()
    return {
        "construct_s": (indexed - began) + (built - opened),
        "jit_s": compiled - indexed,
        "preload_s": opened - compiled,
    }, loader


def _watched(pipeline: Pipeline) -> Pipeline:
    """Count calls into decoders' libraries from here on, in workers too; the preload is over."""
    watch(pipeline.clock)
    return replace(pipeline, decode=WitnessedDecode(pipeline.decode, pipeline.clock))


def _load_compiled(cell: Cell, plugins: Plugins) -> None:
    """Let every plug-in that has compiled code load it now: start-up of a kind of its own."""
    for module in plugin_modules(cell, plugins):
        getattr(importlib.import_module(module), "load_compiled", lambda: None)()


class _Run:
    """The timed part: from the start of the iteration to the last batch consumed."""

    def __init__(
        self, loader: Any, consume: Callable[[Any], None], batches: int, spec: TrialSpec
    ) -> None:
        self.loader, self.consume, self.batches, self.spec = loader, consume, batches, spec
        self.deliveries: list[Delivery] = []
        self.memory: list[dict[str, Any]] = []

    def measure(self) -> dict[str, Any]:
        """Deliver the work and describe it."""
        self._observe("preloaded")
        usage_before = own_usage()
        began = time.perf_counter()
        iterator = iter(self.loader)
        started = time.perf_counter()
        self._observe("iterating")
        self._deliver(iterator, started)
        usage, most_threads = tree_usage(usage_before), worker_process_threads()
        processes = tree_memory()
        self._observe("end")
        del iterator  # only now may the workers go: their memory and counters have been read
        return {
            "iter_s": started - began,
            "first_batch_s": self.deliveries[0].arrived_s if self.deliveries else 0.0,
            "epoch_s": self.deliveries[-1].consumed_s if self.deliveries else 0.0,
            **usage,
            **memory_total(processes),
            "worker_threads": worker_threads(self.deliveries, most_threads),
            "memory": self.memory,
            **describe(self.deliveries),
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
            self.deliveries.append(
                Delivery.of(batch, asked - started, arrived - started, done - started)
            )
            if self.spec.keep:
                keep_batch(Path(self.spec.keep), number, batch)
            self._observe("batch", number)

    def _observe(self, moment: str, batch: int | None = None) -> None:
        """Read the memory of every process: only in trials whose times are thrown away."""
        if self.spec.observe:
            self.memory.append({"moment": moment, "batch": batch, "processes": tree_memory()})


def _set_threads(cell: Cell) -> None:
    """One thread a process: workers are the only parallelism. A network may use every core."""
    cv2.setNumThreads(1)
    torch.set_num_threads(usable_cores() if is_network(cell.consumer) else 1)


def _threads() -> dict[str, Any]:
    """Say how many threads this process would use, and has: asked when the work is done."""
    numba = sys.modules.get("numba")
    return {
        "torch": torch.get_num_threads(),
        "opencv": cv2.getNumThreads(),
        "numba": numba.config.NUMBA_NUM_THREADS if numba else 0,
        "omp_environment": os.environ.get("OMP_NUM_THREADS", "unset"),
        "process": psutil.Process().num_threads(),
    }


def _consumer(cell: Cell, plugins: Plugins) -> Callable[[Any], None]:
    name, argument = split_level(cell.consumer)
    consume: Callable[[Any], None] = resolve("consumers", name, plugins)(argument)
    return consume
