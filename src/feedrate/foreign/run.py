"""What runs in a fresh fork: some batches of somebody's loader, or its stages one by one."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from time import perf_counter, sleep
from typing import Any

import torch
from torch.utils.data import DataLoader

from feedrate.foreign.lighter import Lighter
from feedrate.foreign.source import kind_of, open_loader
from feedrate.foreign.stages import time_stages
from feedrate.watching import Watch


def run(request: Mapping[str, Any]) -> dict[str, Any]:
    """Run one task: ``{"task": "batches" or "stages", "loader": ..., ...}``.

    ``batches``: keys ``settings`` (of `feedrate.foreign.source.reopen`, and ``payload``),
    ``batches`` (0 for an epoch), ``limit_s`` and ``consume_ms``. ``stages``: ``batches``.
    """
    return _TASKS[request["task"]](request)


def _batches(request: Mapping[str, Any]) -> dict[str, Any]:
    settings = dict(request["settings"])
    lighter = settings.pop("payload", None) == "uint8"
    began_s = perf_counter()
    loader = open_loader(request["loader"], settings)
    if lighter and isinstance(loader, DataLoader):
        from feedrate.foreign.source import reopen

        loader = reopen(loader, {"collate_fn": Lighter(loader.collate_fn), **settings})
    construct_s = perf_counter() - began_s
    watched = Watch(loader, lambda _: None)
    consume_s, limit_s = request["consume_ms"] / 1e3, request["limit_s"]
    most = request["batches"] or None
    arrived_s: list[float] = []
    began_s = perf_counter()
    iterator = iter(watched)
    for _ in itertools.islice(iterator, most):
        arrived_s.append(perf_counter() - began_s)
        if consume_s:
            sleep(consume_s)
        if limit_s and arrived_s[-1] > limit_s:
            break
    iterator.close()  # type: ignore[attr-defined]
    (seen,) = watched.epochs
    return {
        "kind": kind_of(loader),
        "construct_s": construct_s,
        "arrived_s": arrived_s,
        "elapsed_s": seen.elapsed_s,
        "stall_fraction": seen.stall_fraction,
        "first_s": seen.first_s,
        "cause": seen.cause,
        "workers": seen.workers,
        "settings": _settings_of(loader),
    }


def _stages(request: Mapping[str, Any]) -> dict[str, Any]:
    torch.set_num_threads(1)
    loader = open_loader(request["loader"], {})
    if not isinstance(loader, DataLoader):
        return {"stages_ms": {}, "why": f"a {type(loader).__name__} does not show its stages"}
    return time_stages(loader, request["batches"])


def _settings_of(loader: Any) -> dict[str, Any]:
    if not isinstance(loader, DataLoader):
        return {}
    return {
        "num_workers": loader.num_workers,
        "prefetch_factor": loader.prefetch_factor,
        "batch_size": loader.batch_size,
        "persistent_workers": loader.persistent_workers,
        "pin_memory": loader.pin_memory,
    }


_TASKS = {"batches": _batches, "stages": _stages}
