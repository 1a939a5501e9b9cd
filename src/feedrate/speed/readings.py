"""The clock of the benchmarks: methods in turn, one thread, CPU time of this process.

CPU time leaves out what other processes do to the wall clock; taking turns spreads what they do to
caches and frequency over all methods alike. The wall clock is read beside it, for what waits.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import cv2

Call = Callable[[], object]

SHORTEST_MS = 20.0
"""A reading repeats its call until it lasts so long: far above the resolution of any clock."""


class Reading(NamedTuple):
    """Milliseconds a call, by both clocks."""

    cpu_ms: float
    wall_ms: float


def read_in_turn(
    methods: Mapping[str, Sequence[Call]], rounds: int, shortest_ms: float = SHORTEST_MS
) -> dict[str, list[float]]:
    """Time methods side by side; as `read_both_in_turn`, and only milliseconds of CPU time."""
    readings = read_both_in_turn(methods, rounds, shortest_ms)
    return {name: [reading.cpu_ms for reading in each] for name, each in readings.items()}


def read_both_in_turn(
    methods: Mapping[str, Sequence[Call]], rounds: int, shortest_ms: float = SHORTEST_MS
) -> dict[str, list[Reading]]:
    """Time methods side by side.

    Args:
        methods: For each method, one call an input; all methods have the same inputs.
        rounds: How often each input is read.
        shortest_ms: How long a reading lasts at least, in CPU time.

    Returns:
        For each method, ``rounds * inputs`` readings.
    """
    readings: dict[str, list[Reading]] = {name: [] for name in methods}
    with _undisturbed():
        counts = {name: _count_calls(calls[0], shortest_ms) for name, calls in methods.items()}
        for _ in range(rounds):
            for calls in zip(*methods.values(), strict=True):
                for name, call in zip(methods, calls, strict=True):
                    readings[name].append(_read(call, counts[name]))
    return readings


def _read(call: Call, count: int) -> Reading:
    """Run a call so many times, and divide what both clocks say by it."""
    wall, cpu = time.perf_counter_ns(), time.process_time_ns()
    for _ in range(count):
        call()
    cpu, wall = time.process_time_ns() - cpu, time.perf_counter_ns() - wall
    return Reading(cpu / count / 1e6, wall / count / 1e6)


def _count_calls(call: Call, shortest_ms: float) -> int:
    """Find how many calls last `shortest_ms`, and warm the method by that."""
    call()
    count = 1
    while (last_ms := _read(call, count).cpu_ms * count) < shortest_ms:
        count = max(2 * count, math.ceil(count * 1.2 * shortest_ms / max(last_ms, 1e-3)))
    return count


@contextmanager
def _undisturbed() -> Iterator[None]:
    """One thread in OpenCV (numpy and the kernel have no more), and no garbage collection."""
    threads, collecting = cv2.getNumThreads(), gc.isenabled()
    cv2.setNumThreads(1)
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        cv2.setNumThreads(threads)
        if collecting:
            gc.enable()
