"""What no loader can do without: an image's decode, resize, maps and one write, each alone.

Their processor time divided into the machine's cores is the rate that a perfect loader would
reach: no queues, no copies, no waiting, no core that idles.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from feedrate.cell import Cell
from feedrate.index import count_samples, read_places
from feedrate.intervals import signed_rank_interval
from feedrate.machine import fingerprint, usable_cores
from feedrate.matrix import Conditions
from feedrate.pairs import trial_spec
from feedrate.pipeline import Pipeline, Setting, build_pipeline, fit_sample, usable_polygons
from feedrate.progress import Progress
from feedrate.sample import Prepared
from feedrate.speed.readings import SHORTEST_MS, Call, read_in_turn
from feedrate.targets.kernel import build_targets, empty_targets
from feedrate.targets.params import TargetParams
from feedrate.transforms.lookup import look_up, table_of
from feedrate.work import TrialSpec, work_order

SCHEMA = 1
ROUNDS = 6
"""The least that gives an interval."""


def measure_limits(
    cell: Cell,
    conditions: Conditions,
    dataset: str,
    index: Path,
    maps_root: Path,
    progress: Progress,
    stores_root: Path | None = None,
    shortest_ms: float = SHORTEST_MS,
) -> dict[str, Any]:
    """Time the parts that a pipeline cannot do without.

    Args:
        cell: The pipeline; its decoder, transform and targets are timed, its loader is not.
        conditions: Of the study.
        dataset: The dataset's name.
        index: The dataset's accepted samples.
        maps_root: Folder with one folder of stored maps a codec.
        progress: Told the number of steps done and to do.
        stores_root: Folder with one folder a built store of images; None where none is read.
        shortest_ms: How long a reading lasts at least.

    Returns:
        Content of ``results/limits/{dataset}/{experiment}.json``: ``parts`` (milliseconds of CPU
        time an image with their interval over rounds), ``image_ms``, and ``images_per_s``, what
        the machine's cores would deliver at that.
    """
    torch.set_num_threads(1)
    progress(0, 2)
    spec = trial_spec(cell, conditions, index, maps_root, stores_root)
    pipeline = _open(cell, spec)
    methods = _methods(cell, pipeline, spec)
    progress(1, 2)
    readings = read_in_turn(methods, ROUNDS, shortest_ms)
    progress(2, 2)
    rounds = {name: np.reshape(seen, (ROUNDS, -1)).mean(axis=1) for name, seen in readings.items()}
    image_ms, cores = _centre(sum(rounds.values())), usable_cores()
    return {
        "schema": SCHEMA,
        "dataset": dataset,
        "levels": cell.model_dump(),
        "images": len(pipeline),
        "cores": cores,
        "parts": {name: _centre(each) for name, each in rounds.items()},
        "image_ms": image_ms,
        "images_per_s": {
            "centre": 1e3 * cores / image_ms["centre"],
            "low": 1e3 * cores / image_ms["high"],
            "high": 1e3 * cores / image_ms["low"],
        },
        "machine": fingerprint(),
    }


def _open(cell: Cell, spec: TrialSpec) -> Pipeline:
    """Open the cell's pipeline on a trial's images; of fewer, a few large ones would decide."""
    index = Path(spec.index)
    chosen, _ = work_order(count_samples(index), spec.images, 0, spec.seed)
    setting = Setting(
        maps_dir=Path(spec.maps_dir) if spec.maps_dir else None,
        image_size=spec.image_size,
        params=TargetParams(**spec.params),
        plugins=spec.plugins,
        store_dir=Path(spec.store_dir) if spec.store_dir else None,
    )
    samples = read_places(index, chosen)
    return build_pipeline(cell, samples, range(len(samples)), setting)


def _methods(cell: Cell, pipeline: Pipeline, spec: TrialSpec) -> Mapping[str, Sequence[Call]]:
    """For each part, one call an image."""
    methods: dict[str, list[Call]] = {}
    for place in range(len(pipeline)):
        for name, call in _calls(cell, pipeline, spec, place):
            methods.setdefault(name, []).append(call)
    return methods


def _calls(
    cell: Cell, pipeline: Pipeline, spec: TrialSpec, place: int
) -> Iterator[tuple[str, Call]]:
    """The parts of one image, on inputs made beforehand and into memory that is there already."""
    payload, sample = pipeline.store.read(place).payload, pipeline.samples[place]
    if not isinstance(payload, Prepared):
        yield "decode", functools.partial(pipeline.decode_image, place, payload)
        image = pipeline.decode_image(place, payload)
        yield "resize", functools.partial(fit_sample, sample, pipeline.transform, image)
        payload = fit_sample(sample, pipeline.transform, image)
    if cell.targets != "none":
        yield "targets", _maps_of(cell, pipeline, spec, place, payload)
    size = pipeline.image_size
    out = np.empty((3, size, size), np.float32)
    yield "write", functools.partial(look_up, payload.image, table_of(pipeline.transform), out)


def _maps_of(
    cell: Cell, pipeline: Pipeline, spec: TrialSpec, place: int, prepared: Prepared
) -> Call:
    """Making one image's maps; the kernel can draw them where a batch wants them."""
    if cell.targets != "kernel":
        return functools.partial(pipeline.find_targets, place, prepared.polygons)
    kept, size = usable_polygons(prepared.polygons), (spec.image_size, spec.image_size)
    polygons = [prepared.polygons[each] for each in kept]
    ignore = [pipeline.samples[place].instances[each].ignore for each in kept]
    params, out = TargetParams(**spec.params), empty_targets(size)
    return functools.partial(build_targets, polygons, ignore, size, params, out)


def _centre(values: Any) -> dict[str, float]:
    found = signed_rank_interval(values)
    return {"centre": found.centre, "low": found.low, "high": found.high}
