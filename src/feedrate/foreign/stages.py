"""The stages of a DataLoader, timed: its dataset, the dataset's transform, its collate function."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from time import perf_counter
from typing import Any

from torch.utils.data import DataLoader, IterableDataset

TRANSFORMS = ("transform", "transforms")
"""Attributes by which datasets call what resizes and augments."""


class Timed:
    """A callable whose time is summed up; all else of it is as it was."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self.call, self.spent_s = call, 0.0

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Call it, and add up how long that took."""
        began_s = perf_counter()
        try:
            return self.call(*arguments, **named)
        finally:
            self.spent_s += perf_counter() - began_s

    def __getattr__(self, name: str) -> Any:
        return getattr(self.call, name)


def time_stages(loader: DataLoader[Any], batches: int) -> dict[str, Any]:
    """Load some batches in this process, stage by stage.

    Args:
        loader: As its owner made it; neither it nor its dataset is changed.
        batches: How many count; one more comes first and does not.

    Returns:
        ``stages_ms``: milliseconds a sample of ``dataset`` (reading, decoding and whatever else is
        in it), ``transform`` (where the dataset has one under `TRANSFORMS`) and ``collate``;
        ``samples``; ``why`` some of it could not be told, else empty.
    """
    if isinstance(loader.dataset, IterableDataset):
        return {"stages_ms": {}, "samples": 0, "why": "an IterableDataset gives no single samples"}
    if loader.batch_sampler is None:
        return {"stages_ms": {}, "samples": 0, "why": "without batches there is nothing to collate"}
    dataset, transform, name = _with_timed_transform(loader.dataset)
    samples, spent_s = 0, {"dataset": 0.0, "collate": 0.0}
    for number, indices in enumerate(itertools.islice(loader.batch_sampler, batches + 1)):
        if number == 1:  # the first batch loads what is loaded once
            samples, spent_s = 0, dict.fromkeys(spent_s, 0.0)
            transform.spent_s = 0.0
        began_s = perf_counter()
        items = [dataset[index] for index in indices]
        loaded_s = perf_counter()
        loader.collate_fn(items)
        spent_s["dataset"] += loaded_s - began_s
        spent_s["collate"] += perf_counter() - loaded_s
        samples += len(items)
    spent_s = {
        "dataset": spent_s["dataset"] - transform.spent_s,
        **({name: transform.spent_s} if name else {}),
        "collate": spent_s["collate"],
    }
    why = "" if name else f"the dataset has no {' or '.join(TRANSFORMS)}: it is part of `dataset`"
    stages_ms = {stage: 1e3 * each / max(samples, 1) for stage, each in spent_s.items()}
    return {"stages_ms": stages_ms, "samples": samples, "why": why}


def _with_timed_transform(dataset: Any) -> tuple[Any, Timed, str]:
    """A copy of the dataset whose transform is timed; the transform; the stage's name, if any."""
    for name in TRANSFORMS:
        transform = getattr(dataset, name, None)
        if callable(transform):
            timed, copied = Timed(transform), copy.copy(dataset)
            setattr(copied, name, timed)
            return copied, timed, "transform"
    return dataset, Timed(lambda: None), ""
