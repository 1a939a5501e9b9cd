"""Samples of a trial become a batch of tensors."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import torch

from feedrate.clock import Clock, SilentClock
from feedrate.pipeline import Loaded


class Batch(NamedTuple):
    """What a detector's training step takes. A field is None where the targets have no such map.

    Attributes:
        images: ``(B, 3, S, S)`` float32, normalised; or uint8, channels last in memory, for
            `feedrate.collate.finishing`.
        shrink_maps: ``(B, 1, S, S)`` float32, 1 inside shrunk polygons.
        threshold_maps: ``(B, 1, S, S)`` float32.
        shrink_masks: ``(B, S, S)`` uint8, 1 where the pixel counts in the loss.
        threshold_masks: ``(B, S, S)`` uint8, 1 inside dilated polygons.
        indices: ``(B,)`` int64, places of the samples in the pipeline.
        rows: ``(B, columns)`` int64, what the clock saw; the batch's own time is in the first row.
        worker: Who loaded its first sample (`feedrate.pipeline.Loaded.maker`).
        threads: Threads that torch and OpenCV would use in that process; None where another one
            put them together.
        makers: Who loaded each of its samples; empty where one loaded them all.
    """

    images: torch.Tensor
    shrink_maps: torch.Tensor | None
    threshold_maps: torch.Tensor | None
    shrink_masks: torch.Tensor | None
    threshold_masks: torch.Tensor | None
    indices: torch.Tensor
    rows: torch.Tensor
    worker: int
    threads: tuple[int, int] | None
    makers: tuple[int, ...] = ()


class Collate:
    """Collate function of a `torch.utils.data.DataLoader` over a `feedrate.pipeline.Pipeline`."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or SilentClock()

    def __call__(self, items: Sequence[Loaded]) -> Batch:
        """Stack samples into tensors."""
        self.clock.start_batch()
        makers = tuple(item.maker for item in items)
        maps = [item.targets for item in items if item.targets is not None]
        batch = Batch(
            images=_stack_images([item.image for item in items]),
            shrink_maps=_stack_maps([each.shrink_map for each in maps]),
            threshold_maps=_stack_maps([each.threshold_map for each in maps]),
            shrink_masks=_stack_masks([each.shrink_mask for each in maps]),
            threshold_masks=_stack_masks([each.threshold_mask for each in maps]),
            indices=torch.tensor([item.index for item in items]),
            rows=torch.from_numpy(np.stack([item.row for item in items])),
            worker=makers[0],
            threads=(torch.get_num_threads(), cv2.getNumThreads())
            if items[0].process == os.getpid()
            else None,
            makers=makers if len(set(makers)) > 1 else (),
        )
        self.clock.lap("collate")
        batch.rows[0] += torch.from_numpy(self.clock.row())
        return batch


def _stack_images(images: Sequence[npt.NDArray[Any]]) -> torch.Tensor:
    """Stack ``(S, S, 3)`` images into ``(B, 3, S, S)``, in one copy.

    Floats are copied to where their channels come first; bytes stay as they lie, and are copied
    by whoever normalises them.
    """
    tensors = [torch.from_numpy(image) for image in images]
    if images[0].dtype == np.uint8:
        return torch.stack(tensors).permute(0, 3, 1, 2)
    return torch.stack([tensor.permute(2, 0, 1) for tensor in tensors])


def _stack_maps(maps: Sequence[npt.NDArray[np.generic]]) -> torch.Tensor | None:
    """Stack maps into ``(B, 1, S, S)`` float32, in one copy."""
    if not maps:
        return None
    stacked = np.empty((len(maps), 1, *maps[0].shape), np.float32)
    for place, each in enumerate(maps):
        stacked[place, 0] = each
    return torch.from_numpy(stacked)


def _stack_masks(masks: Sequence[npt.NDArray[np.uint8] | None]) -> torch.Tensor | None:
    present = [mask for mask in masks if mask is not None]
    return torch.from_numpy(np.stack(present)) if present else None
