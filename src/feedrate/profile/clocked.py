"""What runs in a fresh fork of a profile, and its clock: stages, parts, operations, openings.

`run` is called by `feedrate.forkserver` with one request and returns plain data. A ``ValueError``
there is a refusal (a decoder that reads no PNG, a random transform before stored maps): it is
returned, for the profile to say so, not raised.
"""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator, Mapping, Sequence
from time import perf_counter_ns
from typing import Any

import cv2
import numpy as np
import torch

from feedrate.clock import Row
from feedrate.collate.batch import Batch, Collate
from feedrate.machine import usable_cores
from feedrate.pipeline import decode_sample
from feedrate.profile.bench import Bench, decodes, fetches, store, touched
from feedrate.profile.checksums import checksum
from feedrate.profile.levels import FORWARD
from feedrate.profile.openings import openings
from feedrate.profile.operations import parts_of, walk
from feedrate.registry import resolve
from feedrate.sample import Image, Polygon
from feedrate.stages import WORKER_STAGES

QUANTITIES = ("ns", "checksum_ns", "faults")
"""The rows of a `TouchingClock`: time net of checksums, that of one of them, page faults."""


def run(request: Mapping[str, Any]) -> dict[str, Any]:
    """Run one task of a profile: ``{"task": ..., "spec": TrialSpec, "folder": ...}``."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    try:
        return _TASKS[request["task"]](Bench.set_up(request))
    except ValueError as refusal:
        return {"refused": str(refusal)}


class TouchingClock:
    """Times stages whose results are read to the last byte inside of them.

    Each result is read twice: the first time belongs to the stage, for that is when a lazy result
    is made; the second time it is all there, and tells what the reading itself costs. Taken off
    the stage's time are the second reading, and as much of the first as the second took; no more
    than the first took, for a reading may be interrupted.

    Attributes:
        off_ns: All that was taken off so far.
    """

    off_ns = 0

    def __init__(self, stages: Sequence[str]) -> None:
        self._place = {stage: place for place, stage in enumerate(stages)}
        self.start()

    def start(self) -> None:
        """Begin a sample."""
        self._row: Row = np.zeros((len(QUANTITIES), len(self._place)), np.int64)
        self._reading_ns, self._off_ns = 0, 0
        self._faults = _page_faults()
        self._last_ns = perf_counter_ns()

    start_batch = start

    def touch(self, result: Any) -> None:
        """Read a result to its last byte; the stage ends with the next `lap`."""
        began_ns = perf_counter_ns()
        checksum(result)
        made_ns = perf_counter_ns()
        checksum(result)
        second_ns = perf_counter_ns() - made_ns
        reading_ns = min(made_ns - began_ns, second_ns)
        self._reading_ns += reading_ns
        self._off_ns += second_ns + reading_ns

    def lap(self, stage: str) -> None:
        """Give what passed since the last lap to a stage."""
        passed_ns = perf_counter_ns() - self._last_ns
        faults = _page_faults()
        seen = (passed_ns - self._off_ns, self._reading_ns, faults - self._faults)
        self._row[:, self._place[stage]] += seen
        self.off_ns += self._off_ns
        self._reading_ns, self._off_ns, self._faults = 0, 0, faults
        self._last_ns = perf_counter_ns()

    def count(self, counter: str, amount: int = 1) -> None:
        """Do nothing: what a profile runs is known."""

    def row(self) -> Row:
        """Return what was seen since `start`: ``(quantities, stages)`` int64."""
        return self._row


def _stages(bench: Bench) -> dict[str, Any]:
    """Time every stage of the pipeline, batch after batch, as one process would load it."""
    clock = TouchingClock(WORKER_STAGES)
    collate = Collate(TouchingClock(WORKER_STAGES))  # its own lap ends before the batch is read
    pipeline = touched(bench.pipeline(clock), clock.touch)
    pipeline[bench.order[0]]  # libraries load their parts on first use: that is no stage
    rows: list[Row] = []
    before, off_ns, began_ns = _processor_s(), clock.off_ns, perf_counter_ns()
    for places in _batches(bench.order, bench.cell.batch_size):
        items = [pipeline[place] for place in places]
        clock.start()
        clock.touch(collate(items))
        clock.lap("collate")
        share = clock.row() // len(items)
        rows += [item.row + share for item in items]
    wall_ns = perf_counter_ns() - began_ns
    return {
        **_by_quantity(rows),
        "keys": [sample.key for sample in bench.delivered],
        "wall_ns": wall_ns,
        "off_ns": clock.off_ns - off_ns,
        **{key: value - before[key] for key, value in _processor_s().items()},
    }


def _part(bench: Bench) -> dict[str, Any]:
    """Time one stage alone, on inputs made beforehand."""
    clock, rows = TouchingClock(WORKER_STAGES), list[Row]()
    calls = list(decodes(bench) if bench.part == "decode" else fetches(bench))
    for call in [calls[0], *calls]:
        clock.start()
        clock.touch(call())
        clock.lap(bench.part)
        rows.append(clock.row())
    return _by_quantity(rows[1:])


def _operations(bench: Bench) -> dict[str, Any]:
    """Time the transform's operations one by one, and the transform whole, in turn."""
    decode = resolve("decoders", bench.cell.decoder, bench.setting.plugins)
    transform = bench.transform()
    parts, steps_ns, whole_ns = parts_of(transform), dict[str, int](), 0

    def step(image: Image, polygons: list[Polygon]) -> None:
        last_ns = perf_counter_ns()
        for name in walk(parts, image, polygons):
            steps_ns[name] = steps_ns.get(name, 0) + perf_counter_ns() - last_ns
            last_ns = perf_counter_ns()

    def leap(image: Image, polygons: list[Polygon]) -> None:
        nonlocal whole_ns
        began_ns = perf_counter_ns()
        transform.normalise(transform.fit(image, polygons).image)
        whole_ns += perf_counter_ns() - began_ns

    for number, sample in enumerate([bench.delivered[0], *bench.delivered]):
        image = decode_sample(sample, decode, sample.image_path.read_bytes())
        polygons = [item.polygon for item in sample.instances]
        for way in (step, leap) if number % 2 else (leap, step):
            way(image, polygons)
        if not number:  # the first image is seen again
            steps_ns, whole_ns = dict.fromkeys(steps_ns, 0), 0
    count = len(bench.delivered)
    steps_ms = {name: spent / count / 1e6 for name, spent in steps_ns.items()}
    return {"steps_ms": steps_ms, "whole_ms": whole_ns / count / 1e6}


def _openings(bench: Bench) -> dict[str, Any]:
    """Time opening a file, and opening it and reading what is in it."""
    clock, seen = TouchingClock(("open", "close", "load")), dict[str, Any]()
    for opening in openings(bench.delivered, bench.folder, bench.size, bench.setting.params):
        rows = []
        for path in [opening.files[0], *opening.files]:
            clock.start()
            opened = opening.open(path)
            clock.lap("open")
            getattr(opened, "close", int)()
            clock.lap("close")
            again = opening.open(path)
            clock.touch(opening.load(again))
            clock.lap("load")
            getattr(again, "close", int)()
            rows.append(clock.row())
        lazy, _, loaded = np.mean(rows[1:], axis=0)[0] / 1e6
        seen[opening.what] = {"lazy_ms": float(lazy), "loaded_ms": float(loaded)}
    return seen


def _forward(bench: Bench) -> dict[str, Any]:
    """Time a detector's forward pass on all cores, on batches made beforehand."""
    torch.set_num_threads(usable_cores())
    pipeline, collate = bench.pipeline(), Collate()
    consume = resolve("consumers", FORWARD, bench.setting.plugins)(None)
    spent_ns = []
    for places in _batches(bench.order, bench.cell.batch_size):
        batch: Batch = collate([pipeline[place] for place in places])
        began_ns = perf_counter_ns()
        consume(batch)
        spent_ns.append((perf_counter_ns() - began_ns) / len(places))
    return {"image_ms": [spent / 1e6 for spent in spent_ns]}


_TASKS: Mapping[str, Callable[[Bench], dict[str, Any]]] = {
    "store": store,
    "stages": _stages,
    "part": _part,
    "operations": _operations,
    "openings": _openings,
    "forward": _forward,
}


def _batches(order: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(order), size):
        yield order[start : start + size]


def _by_quantity(rows: Sequence[Row]) -> dict[str, Any]:
    """Turn the rows of images into lists ``(images, stages)``, one a quantity."""
    stacked = np.stack(rows)
    return {name: stacked[:, place].tolist() for place, name in enumerate(QUANTITIES)}


def _page_faults() -> int:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_minflt + usage.ru_majflt


def _processor_s() -> dict[str, float]:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {"cpu_user_s": usage.ru_utime, "cpu_system_s": usage.ru_stime}
