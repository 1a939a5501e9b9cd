"""The kernel beside the reference: how long, how far above the floor, and how well they agree."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import numpy as np

from feedrate.machine import fingerprint
from feedrate.progress import Progress
from feedrate.sample import Polygon
from feedrate.speed.cases import CASES, PARAMS, Case, draw_inputs
from feedrate.speed.codecs import STORED_CASES, bench_codecs
from feedrate.speed.readings import SHORTEST_MS, Call, read_in_turn
from feedrate.targets.kernel import build_targets, empty_targets
from feedrate.targets.params import MAPS, Targets
from feedrate.targets.reference import build_reference

SCHEMA = 1
ROUNDS = 4
CODEC_ROUNDS = 2
FILLED = tuple(name for name in MAPS if name != "threshold_map")
EMPTY = {"shrink_map": 0, "shrink_mask": 1, "threshold_map": PARAMS.thresh_min, "threshold_mask": 0}
"""What each map of an image without texts is filled with."""


def bench_targets(progress: Progress) -> dict[str, Any]:
    """Time target maps on this machine: made, saved and loaded.

    Returns:
        Plain data for JSON: the machine's fingerprint, a row a case (`bench_case`), and a row a
        case and codec (`feedrate.speed.codecs.bench_codecs`).
    """
    cases, codecs = list[dict[str, Any]](), list[dict[str, Any]]()
    total = len(CASES) + len(STORED_CASES)
    for done, case in enumerate(CASES, start=1):
        cases.append(bench_case(case, ROUNDS))
        progress(done, total)
    for done, case in enumerate(STORED_CASES, start=len(CASES) + 1):
        codecs += bench_codecs(case, CODEC_ROUNDS)
        progress(done, total)
    return {"schema": SCHEMA, "machine": fingerprint(), "cases": cases, "codecs": codecs}


def bench_case(case: Case, rounds: int, shortest_ms: float = SHORTEST_MS) -> dict[str, Any]:
    """Time one case; every ``_ms`` is the median of the readings, CPU time an image."""
    inputs, size = draw_inputs(case), (case.size, case.size)
    agreement = _agreement(case.name, inputs, size)
    buffers = empty_targets(size)
    readings = read_in_turn(_methods(inputs, size, buffers), rounds, shortest_ms)
    middle = {f"{name}_ms": median(values) for name, values in readings.items()}
    return {
        "case": case.name,
        "size": case.size,
        "polygons": case.polygons,
        "vertices": case.vertices,
        "inputs": len(inputs),
        **middle,
        "bytes_written": sum(getattr(buffers, name).nbytes for name in MAPS),
        "speedup": middle["reference_ms"] / middle["kernel_ms"],
        "goal": case.goal,
        **agreement,
        "readings": readings,
    }


def _methods(
    inputs: Sequence[Sequence[Polygon]], size: tuple[int, int], buffers: Targets
) -> Mapping[str, Sequence[Call]]:
    """For each method, one call an input.

    ``kernel_fresh`` allocates its maps anew; the allocator mostly hands it the memory of the call
    before, so page faults are few. ``floor`` only writes what an empty image holds: no method that
    fills the buffers can be faster.
    """
    flags = [[False] * len(polygons) for polygons in inputs]
    tasks = [
        (polygons, ignore, size, PARAMS) for polygons, ignore in zip(inputs, flags, strict=True)
    ]
    return {
        "reference": [functools.partial(build_reference, *task) for task in tasks],
        "kernel": [functools.partial(build_targets, *task, buffers) for task in tasks],
        "kernel_fresh": [functools.partial(build_targets, *task) for task in tasks],
        "floor": [functools.partial(_reset, buffers) for _ in tasks],
    }


def _reset(buffers: Targets) -> None:
    for name, value in EMPTY.items():
        getattr(buffers, name).fill(value)


def _agreement(
    case: str, inputs: Sequence[Sequence[Polygon]], size: tuple[int, int]
) -> dict[str, Any]:
    """Compare kernel and reference: the largest error, and pixels that differ in all inputs."""
    error, different = 0.0, dict.fromkeys(FILLED, 0)
    for polygons in inputs:
        task = (polygons, [False] * len(polygons), size, PARAMS)
        seen, expected = build_targets(*task), build_reference(*task)
        if not np.isfinite(seen.threshold_map).all():
            raise ValueError(f"{case}: the kernel's threshold map holds what is not a number")
        apart = np.abs(seen.threshold_map - expected.threshold_map.astype(np.float64))
        error = max(error, float(apart.max()))
        for name in FILLED:
            different[name] += int(np.sum(getattr(seen, name) != getattr(expected, name)))
    return {"max_threshold_error": error, "different_pixels": different}
