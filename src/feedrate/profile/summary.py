"""What the processes of a profile read, summed up: ``results/stages/{dataset}.json``.

Every ``intervals`` key holds ``[low, high]``: the exact 95 % signed-rank interval over processes,
whose centre is the figure beside it. Times of a stage are net of the checksums that read its
result; what one reading costs stands in ``checksum_ms``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from feedrate.intervals import signed_rank_interval
from feedrate.profile.levels import FORWARD, STAGE_OF
from feedrate.stages import STAGES, WORKER_STAGES

OTHER_ALLOCATOR = "other allocator"
"""The task that runs the stages with another allocator, on the first of their images."""

OPENED = (
    *("lazy_ms", "low", "high"),
    *("loaded_ms", "loaded_low", "loaded_high"),
    *("factor", "factor_low", "factor_high"),
)
"""The figures of an opening: without reading what is in the file, with it, and how many times."""

Reply = Mapping[str, Any]
Values = npt.NDArray[np.float64]


@dataclass
class Replies:
    """What the processes of all tasks returned.

    Attributes:
        seen: A task's name, and one reply a process.
        refused: A task's name, and the reason why it was not profiled.
    """

    seen: dict[str, list[Reply]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def describe(replies: Replies, image_size: int, allocators: tuple[str, str]) -> dict[str, Any]:
    """Sum up a profile.

    Args:
        replies: Of ``stages``, the other allocator, ``operations``, ``openings``, the alternatives
            (``targets~kernel``) and the forward pass.
        image_size: Side of the maps (px).
        allocators: The one of the base pipeline, and the other.
    """
    stages, other = replies.seen["stages"], replies.seen[OTHER_ALLOCATOR]
    return {
        **_describe_stages(stages, replies.seen[FORWARD]),
        **_describe_alternatives(replies),
        **_describe_operations(replies.seen.get("operations", [])),
        "lazy": _describe_openings(replies.seen.get("openings", [])),
        "faults": _describe_faults(dict(zip(allocators, (stages, other), strict=True))),
        "map_bytes_in_memory_per_image": _map_bytes(image_size),
        "not_profiled": replies.refused,
    }


def _describe_stages(runs: Sequence[Reply], forwards: Sequence[Reply]) -> dict[str, Any]:
    every, keys = _milliseconds(runs), runs[0]["keys"]
    spent = every[:, : len(keys)]  # without the images that came again
    figures = dict(zip(WORKER_STAGES, map(_centre, spent.mean(axis=1).T), strict=True))
    readings = np.array([run["checksum_ns"] for run in runs]) / 1e6
    read_ms, wall_ms = (np.array([run[key] for run in runs]) / 1e6 for key in ("off_ns", "wall_ns"))
    cpu_ms = np.array([run["cpu_user_s"] + run["cpu_system_s"] for run in runs]) * 1e3
    closure = _centre(every.sum(axis=(1, 2)) / (wall_ms - read_ms))
    forward_ms = [float(np.mean(reply["image_ms"])) for reply in forwards]
    per_image_ms = dict.fromkeys(STAGES, 0.0) | _centres(figures)
    return {
        "images": len(keys),
        "processes": len(runs),
        "per_image_ms": per_image_ms | {"consume": float(np.mean(forward_ms))},
        "intervals_ms": _bounds(figures),
        "per_process_ms": _named(WORKER_STAGES, spent.mean(axis=1).T),
        "consume_per_process_ms": forward_ms,
        "cpu_ms_per_image": float(((cpu_ms - read_ms) / every.shape[1]).mean()),
        "checksum_ms": _named(WORKER_STAGES, readings.mean(axis=(0, 1))),
        "closure": closure[0],
        "closure_interval": list(closure[1:]),
        "spread_ms": _spread(spent),
        "worst_images": _worst(spent, keys),
    }


def _spread(spent: Values) -> dict[str, dict[str, float]]:
    """How far apart images lie: quantiles of their medians over the processes."""
    images = np.median(spent, axis=0)
    shares = {"q05": 0.05, "median": 0.5, "q95": 0.95, "most": 1.0}
    found = {name: np.quantile(images, share, axis=0) for name, share in shares.items()}
    return {
        stage: {name: float(values[place]) for name, values in found.items()}
        for place, stage in enumerate(WORKER_STAGES)
    }


def _worst(spent: Values, keys: Sequence[str]) -> list[dict[str, Any]]:
    """The slowest image of every stage that takes time (the batch's own time is shared out)."""
    images = np.median(spent, axis=0)
    return [
        {"key": keys[int(values.argmax())], "stage": stage, "ms": float(values.max())}
        for stage, values in zip(WORKER_STAGES, images.T, strict=True)
        if stage != "collate" and values.any()
    ]


def _describe_alternatives(replies: Replies) -> dict[str, Any]:
    centres: dict[str, dict[str, float]] = {stage: {} for stage in STAGE_OF.values()}
    bounds: dict[str, dict[str, list[float]]] = {stage: {} for stage in STAGE_OF.values()}
    images = 0
    for name, runs in replies.seen.items():
        factor, separator, level = name.partition("~")
        if separator:
            stage = STAGE_OF[factor]
            spent = _milliseconds(runs)[..., WORKER_STAGES.index(stage)]
            images = spent.shape[1]
            centres[stage][level], *bounds[stage][level] = _centre(spent.mean(axis=1))
    return {
        "alternatives": centres,
        "alternatives_intervals_ms": bounds,
        "alternatives_images": images,
    }


def _describe_operations(runs: Sequence[Reply]) -> dict[str, Any]:
    if not runs:
        nothing = dict.fromkeys(("whole_ms", "whole_interval", "closure", "closure_interval"))
        return {"operations": []} | {f"operations_{key}": None for key in nothing}
    names = list(runs[0]["steps_ms"])
    steps = np.array([[run["steps_ms"][name] for name in names] for run in runs])
    whole = np.array([run["whole_ms"] for run in runs])
    whole_ms, *whole_interval = _centre(whole)
    closure, *closure_interval = _centre(steps.sum(axis=1) / whole)
    return {
        "operations": [
            dict(zip(("operation", "ms", "low", "high"), (name, *_centre(values)), strict=True))
            for name, values in zip(names, steps.T, strict=True)
        ],
        "operations_whole_ms": whole_ms,
        "operations_whole_interval": whole_interval,
        "operations_closure": closure,
        "operations_closure_interval": closure_interval,
    }


def _describe_openings(runs: Sequence[Reply]) -> list[dict[str, Any]]:
    found = []
    for what in runs[0] if runs else ():
        lazy, loaded = (
            np.array([run[what][key] for run in runs]) for key in ("lazy_ms", "loaded_ms")
        )
        factor = np.exp(_centre(np.log(loaded / lazy))).tolist()
        figures = zip(OPENED, (*_centre(lazy), *_centre(loaded), *factor), strict=True)
        found.append({"what": what, **dict(figures)})
    return found


def _describe_faults(runs: Mapping[str, Sequence[Reply]]) -> dict[str, Any]:
    """Page faults: by stage, of the first images and when they come again, and by allocator."""
    default, other = runs.values()
    distinct, alike = len(default[0]["keys"]), len(other[0]["keys"])
    faults, spent = np.array([run["faults"] for run in default]), _milliseconds(default)
    again = faults.shape[1] - distinct
    moments = {"first": slice(0, again), "again": slice(distinct, None)}
    return {
        "per_image": float(faults[:, :distinct].sum(axis=2).mean()),
        "per_stage": _named(WORKER_STAGES, faults[:, :distinct].mean(axis=(0, 1))),
        "system_share": _system_share(default),
        "warming_images": again,
        "warming": {
            name: {
                "faults_per_image": float(faults[:, moment].sum(axis=2).mean()),
                **_total(spent[:, moment]),
            }
            for name, moment in moments.items()
        },
        "allocators": {name: _describe_allocator(each, alike) for name, each in runs.items()},
        "allocators_images": alike,
    }


def _describe_allocator(runs: Sequence[Reply], images: int) -> dict[str, Any]:
    spent = _milliseconds(runs)[:, :images]
    faults = np.array([run["faults"] for run in runs])[:, :images]
    return {
        **_total(spent),
        "faults_per_image": float(faults.sum(axis=2).mean()),
        "system_share": _system_share(runs),
        "per_image_ms": _named(WORKER_STAGES, spent.mean(axis=(0, 1))),
    }


def _total(spent: Values) -> dict[str, float]:
    """Milliseconds an image, all stages, with their interval."""
    return dict(zip(("ms", "low", "high"), _centre(spent.sum(axis=2).mean(axis=1)), strict=True))


def _system_share(runs: Sequence[Reply]) -> float:
    """The part of the processor time that the kernel took, mostly to hand out pages."""
    user, system = (sum(run[f"cpu_{kind}_s"] for run in runs) for kind in ("user", "system"))
    return float(system / (user + system)) if user + system else 0.0


def _map_bytes(image_size: int) -> int:
    """What one preloaded map holds in memory: the arrays that its codec hands over, added up."""
    from feedrate.targets.codecs import Drawn
    from feedrate.targets.codecs.npz import CODEC
    from feedrate.targets.params import TargetParams
    from feedrate.targets.reference import build_reference

    size, params = (image_size, image_size), TargetParams()
    drawn = Drawn([], [], size, params, build_reference([], [], size, params))
    maps = CODEC.decode(CODEC.encode(drawn), size, params)
    return sum(array.nbytes for array in (maps.shrink_map, maps.threshold_map))


def _milliseconds(runs: Sequence[Reply]) -> Values:
    """The stages' times: ``(processes, images, stages)``."""
    return np.array([run["ns"] for run in runs], np.float64) / 1e6


def _centre(values: npt.ArrayLike) -> tuple[float, float, float]:
    """Centre, low and high over processes."""
    found = signed_rank_interval(values)
    return found.centre, found.low, found.high


def _centres(figures: Mapping[str, tuple[float, float, float]]) -> dict[str, float]:
    return {name: centre for name, (centre, _, _) in figures.items()}


def _bounds(figures: Mapping[str, tuple[float, float, float]]) -> dict[str, list[float]]:
    return {name: [low, high] for name, (_, low, high) in figures.items()}


def _named(names: Iterable[str], values: npt.NDArray[Any]) -> dict[str, Any]:
    return dict(zip(names, values.tolist(), strict=True))
