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

from feedrate.ablation import ablate
from feedrate.cell import Cell, split_level
from feedrate.collate.finishing import Finish, build_finish
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
    startup, loader, finish = _start(spec, cell)
    consume = _consumer(cell, spec.plugins)
    measured = _Run(loader, finish, consume, cell, spec).measure()
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


def _start(spec: TrialSpec, cell: Cell) -> tuple[dict[str, float], Any, Finish]:
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
        store_dir=Path(spec.store_dir) if spec.store_dir else None,
    )
    whole = build_pipeline(cell, samples, order, setting, StageClock())
    pipeline = _watched(ablate(whole, cell.ablate))
    opened = time.perf_counter()
    finish = build_finish(pipeline)
    loader = resolve("loaders", cell.loader, spec.plugins)(pipeline, cell)
    built = time.perf_counter()
    startup = {
        "construct_s": (indexed - began) + (built - opened),
        "jit_s": compiled - indexed,
        "preload_s": opened - compiled,
    }
    return startup, loader, finish


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
        self,
        loader: Any,
        finish: Finish,
        consume: Callable[[Any], None],
        cell: Cell,
        spec: TrialSpec,
    ) -> None:
        self.loader, self.finish, self.consume, self.spec = loader, finish, consume, spec
        self.epochs, self.batches = cell.epochs, -(-spec.deliver // cell.batch_size)
        self.deliveries: list[Delivery] = []
        self.boundaries_s: list[float] = []
        self.memory: list[dict[str, Any]] = []

    def measure(self) -> dict[str, Any]:
        """Deliver the work and describe it."""
        self._observe("preloaded")
        usage_before = own_usage()
        began = time.perf_counter()
        iterator: Any = iter(self.loader)
        started = time.perf_counter()
        self._observe("iterating")
        self._deliver(iterator, started)
        for _ in range(1, self.epochs):
            done, ended = len(self.deliveries), time.perf_counter()
            iterator = None  # its workers go now, but for those that are to stay
            iterator = iter(self.loader)
            self._deliver(iterator, started)
            if len(self.deliveries) > done:
                self.boundaries_s.append(self.deliveries[done].arrived_s - (ended - started))
        usage, most_threads = tree_usage(usage_before), worker_process_threads()
        processes = tree_memory()
        self._observe("end")
        del iterator  # only now may the workers go: their memory and counters have been read
        return {
            "clock_s": started,
            "iter_s": started - began,
            "first_batch_s": self.deliveries[0].arrived_s if self.deliveries else 0.0,
            "epoch_s": self.deliveries[-1].consumed_s if self.deliveries else 0.0,
            "boundaries_s": self.boundaries_s,
            **usage,
            **memory_total(processes),
            "worker_threads": worker_threads(self.deliveries, most_threads),
            "memory": self.memory,
            **describe(self.deliveries),
        }

    def _deliver(self, iterator: Iterator[Any], started: float) -> None:
        for _ in range(self.batches):
            number, asked = len(self.deliveries), time.perf_counter()
            batch = next(iterator, None)
            if batch is None:
                return  # the exercise gate will say how many were missing
            arrived = time.perf_counter()
            batch = self.finish(batch)
            moved = time.perf_counter()
            self.consume(batch)
            done = time.perf_counter()
            stamps = (each - started for each in (asked, arrived, moved, done))
            self.deliveries.append(Delivery.of(batch, *stamps))
            if self.spec.keep:
                keep_batch(Path(self.spec.keep), number, batch)
            self._observe("batch", number)

    def _observe(self, moment: str, batch: int | None = None) -> None:
        """Read the memory of every process: only in trials whose times are thrown away."""
        if self.spec.observe:
            self.memory.append({"moment": moment, "batch": batch, "processes": tree_memory()})


def _set_threads(cell: Cell) -> None:
    """As many threads a process as the cell says. A network may use every core."""
    cv2.setNumThreads(cell.threads)
    torch.set_num_threads(usable_cores() if is_network(cell.consumer) else cell.threads)


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
