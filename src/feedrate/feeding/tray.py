"""Room for a batch: every field of it in lent memory, where its samples are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from feedrate.feeding.pool import Loan, Pool
from feedrate.targets.params import Mask, Targets

MAP_FIELDS = ("shrink_maps", "threshold_maps", "shrink_masks", "threshold_masks")
"""Fields of a tray that hold maps."""


@dataclass(frozen=True, eq=False)
class Tray:
    """Room for one batch of B images of S pixels a side.

    Attributes:
        images: ``(B, 3, S, S)`` float32, or ``(B, S, S, 3)`` uint8.
        shrink_maps: ``(B, 1, S, S)`` float32.
        threshold_maps: The same.
        shrink_masks: ``(B, 1, S, S)`` uint8.
        threshold_masks: The same.
    """

    images: Loan
    shrink_maps: Loan
    threshold_maps: Loan
    shrink_masks: Loan
    threshold_masks: Loan

    def targets(self, place: int, shrink_map: Mask) -> Targets:
        """Return what the kernel may write the maps of one place into.

        Args:
            place: In the batch.
            shrink_map: ``(S, S)`` uint8 of the caller's, for a batch has it as float32; `put_maps`
                brings it there.
        """
        loans = (self.shrink_masks, self.threshold_maps, self.threshold_masks)
        return Targets(shrink_map, *(loan.array[place, 0] for loan in loans))

    def image_tensor(self) -> torch.Tensor:
        """Return the images as ``(B, 3, S, S)``; uint8 has its channels last in memory."""
        tensor = self.images.tensor()
        return tensor.permute(0, 3, 1, 2) if tensor.dtype == torch.uint8 else tensor


class Trays:
    """Lends trays for batches of one size; keeps the memory of `keep` while nobody has it."""

    def __init__(self, batch_size: int, image_size: int, pixels: type, keep: int) -> None:
        side = (image_size, image_size)
        images = (batch_size, *side, 3) if pixels is np.uint8 else (batch_size, 3, *side)
        maps = (batch_size, 1, *side)
        shapes = (images, maps, maps, maps, maps)
        types = (pixels, np.float32, np.float32, np.uint8, np.uint8)
        self._pools = [Pool(*each, keep) for each in zip(shapes, types, strict=True)]

    def fill(self, with_maps: bool = True) -> None:
        """Get all the memory that is kept, that of the maps only where it will be used."""
        for pool in self._pools if with_maps else self._pools[:1]:
            pool.fill()

    def lend(self, count: int) -> Tray:
        """Lend room for a batch of `count` images, contents undefined."""
        return Tray(*(pool.lend(count) for pool in self._pools))


def put_square(square: npt.NDArray[Any], images: Loan, place: int) -> None:
    """Copy ``(S, S, 3)`` pixels to their place among images of their type, if they are not there.

    Raises:
        ValueError: They are of another size or type.
    """
    if np.may_share_memory(square, images.array):
        return
    target = images.array[place]
    last = target if target.dtype == np.uint8 else target.transpose(1, 2, 0)
    if (square.shape, square.dtype) != (last.shape, last.dtype):
        raise ValueError(
            f"an image came as {square.dtype} {square.shape}, must be {last.dtype} {last.shape}"
        )
    last[...] = square
    images.notes[place] = (0, 0, *last.shape[:2])


def put_maps(targets: Targets | None, tray: Tray, place: int) -> frozenset[str]:
    """Copy maps to their place where they do not lie there yet.

    Returns:
        The fields of the tray that now have a map at this place.
    """
    if targets is None:
        return frozenset()
    found = {
        "shrink_maps": targets.shrink_map,
        "threshold_maps": targets.threshold_map,
        "shrink_masks": targets.shrink_mask,
        "threshold_masks": targets.threshold_mask,
    }
    present = {name: values for name, values in found.items() if values is not None}
    for name, values in present.items():
        room = getattr(tray, name).array
        if not np.may_share_memory(values, room):
            room[place, 0] = values
    return frozenset(present)
