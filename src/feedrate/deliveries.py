"""What a trial got: of every batch its images, clock rows, worker and times; pixels are let go."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from feedrate.stages import COLUMNS, COUNTERS, SAMPLE_STAGES, STAGES, WORKER_STAGES


@dataclass(frozen=True, eq=False)
class Delivery:
    """One batch as the consumer saw it.

    Attributes:
        images: How many.
        indices: Places of its samples in the pipeline, None where the batch does not tell.
        rows: What the clock saw, None where the loader dropped it.
        makers: Who loaded each of its samples (`feedrate.pipeline.Loaded.maker`).
        threads: Threads of torch and OpenCV there, None where the batch does not tell.
        requested_s: When the consumer asked for it; seconds since the iteration began.
        arrived_s: When it came.
        moved_s: When it was where and as the consumer wants it.
        consumed_s: When the consumer was done with it.
    """

    images: int
    indices: Any
    rows: Any
    makers: tuple[int, ...]
    threads: tuple[int, int] | None
    requested_s: float
    arrived_s: float
    moved_s: float
    consumed_s: float

    @classmethod
    def of(
        cls, batch: Any, requested_s: float, arrived_s: float, moved_s: float, consumed_s: float
    ) -> Delivery:
        """Remember of a batch what must be remembered."""
        stamps = (requested_s, arrived_s, moved_s, consumed_s)
        rows = getattr(batch, "rows", None)
        if rows is None:
            return cls(count_images(batch), None, None, (os.getpid(),), None, *stamps)
        images = len(batch.images)
        makers = batch.makers or (batch.worker,) * images
        return cls(images, batch.indices, rows, makers, batch.threads, *stamps)


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


def describe(deliveries: Sequence[Delivery]) -> dict[str, Any]:
    """Sum up a trial's batches, and list them row by row."""
    clocked = [np.asarray(each.rows) for each in deliveries if each.rows is not None]
    every = np.concatenate(clocked) if clocked else np.zeros((1, len(COLUMNS)), np.int64)
    sums = every.sum(axis=0).tolist()
    total = dict(zip(COLUMNS, sums, strict=True))
    stages_s = {stage: total[f"{stage}_ns"] / 1e9 for stage in WORKER_STAGES}
    medians_s = (np.median(every[:, : len(SAMPLE_STAGES)], axis=0) / 1e9).tolist()
    transfer_s = sum(each.moved_s - each.arrived_s for each in deliveries)
    consume_s = sum(each.consumed_s - each.moved_s for each in deliveries)
    return {
        "images": sum(each.images for each in deliveries),
        "batches": len(deliveries),
        "repeats": _repeats(deliveries),
        "stall_s": sum(each.arrived_s - each.requested_s for each in deliveries),
        "consume_s": consume_s,
        "instrumented": bool(clocked),
        "stages_s": dict.fromkeys(STAGES, 0.0)
        | stages_s
        | {"transfer": transfer_s, "consume": consume_s},
        "image_median_s": dict(zip(SAMPLE_STAGES, medians_s, strict=True)),
        "counters": {name: total[name] for name in COUNTERS},
        "workers_seen": len(
            {maker for each in deliveries for maker in each.makers} - {os.getpid()}
        ),
        "batch_rows": [_batch_row(number, each) for number, each in enumerate(deliveries)],
        "sample_rows": [
            row for number, each in enumerate(deliveries) for row in _sample_rows(number, each)
        ],
    }


def worker_threads(deliveries: Sequence[Delivery], process_max: int) -> dict[str, int]:
    """The most threads seen in any worker; 0 where there is none, or where none told."""
    own = (os.getpid(),)
    told = [each.threads for each in deliveries if each.threads and each.makers[:1] != own]
    return {
        "torch_max": max((torch for torch, _ in told), default=0),
        "opencv_max": max((opencv for _, opencv in told), default=0),
        "process_max": process_max,
    }


def _repeats(deliveries: Sequence[Delivery]) -> dict[str, int]:
    """How many distinct images came, and how often the rarest and the commonest of them."""
    seen = Counter(
        index
        for each in deliveries
        if each.indices is not None
        for index in np.asarray(each.indices).tolist()
    )
    return {
        "distinct": len(seen),
        "least": min(seen.values(), default=0),
        "most": max(seen.values(), default=0),
    }


def _batch_row(number: int, each: Delivery) -> dict[str, Any]:
    names = ("images", "requested_s", "arrived_s", "moved_s", "consumed_s")
    told = {name: getattr(each, name) for name in names}
    return {"batch": number, "worker": each.makers[0], **told}


def _sample_rows(number: int, each: Delivery) -> list[dict[str, Any]]:
    if each.rows is None:
        return []
    return [
        {
            "batch": number,
            "index": int(index),
            "worker": maker,
            **dict(zip(COLUMNS, np.asarray(row).tolist(), strict=True)),
        }
        for index, row, maker in zip(each.indices, each.rows, each.makers, strict=True)
    ]
