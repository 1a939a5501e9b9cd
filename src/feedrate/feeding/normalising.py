"""uint8 batches become normalised float32, where they are: on a CPU, or on the device."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch

from feedrate.feeding.painting import TABLE, normalise_into
from feedrate.feeding.pool import Pool
from feedrate.transforms.imagenet import MEAN, STANDARD_DEVIATION


class Normaliser:
    """Normalises batches of one shape; on a CPU into memory that is used again, as a batch's is."""

    def __init__(self, batch_size: int, image_size: int) -> None:
        self._pool = Pool((batch_size, 3, image_size, image_size), np.float32, keep=2)

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Return ``(B, 3, S, S)`` float32 of ``(B, 3, S, S)`` uint8; float32 as it is.

        Raises:
            ValueError: They are of another type, or more or larger ones than the loader's.
        """
        if images.dtype == torch.float32:
            return images
        most, *sides = self._pool.shape
        if images.dtype != torch.uint8 or len(images) > most or list(images.shape[1:]) != sides:
            raise ValueError(
                f"images are {images.dtype} {tuple(images.shape)}, must be torch.uint8 of the"
                f" loader's shape, at most {self._pool.shape}"
            )
        return self._look_up(images) if images.device.type == "cpu" else compute(images)

    def _look_up(self, images: torch.Tensor) -> torch.Tensor:
        pixels = np.ascontiguousarray(images.permute(0, 2, 3, 1).numpy())
        loan = self._pool.lend(len(pixels))
        for place, picture in enumerate(pixels):
            normalise_into(picture, TABLE, loan.array[place], 0, 0)
        return loan.tensor()


def compute(images: torch.Tensor) -> torch.Tensor:
    """Normalise on any device: the operations behind the table, in their order and in float32."""
    mean, factor = _constants(images.device)
    floats = images.to(torch.float32, memory_format=torch.contiguous_format)
    return floats.sub_(mean).mul_(factor)


@lru_cache
def _constants(device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what `feedrate.transforms.imagenet.make_table` subtracts and multiplies by."""
    mean = np.array(MEAN, np.float32) * 255.0
    factor = np.reciprocal(np.array(STANDARD_DEVIATION, np.float32) * 255.0)
    tensors = (torch.from_numpy(each.reshape(3, 1, 1)).to(device) for each in (mean, factor))
    return next(tensors), next(tensors)
