"""Normalising by a table: uint8 pixels to float32 channels, one look-up a value, compiled."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from feedrate.sample import Image

Table = npt.NDArray[np.float32]
"""``(3, 256)``: what each value of each channel becomes."""


def table_of(transform: Any) -> Table:
    """Ask a transform what it makes of every value, so that a look-up gives its very bits.

    Args:
        transform: One whose ``normalise`` takes each value of each channel by itself.
    """
    ramp = np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(-1, 1, 3)
    return np.ascontiguousarray(transform.normalise(ramp)[:, 0, :].T, np.float32)


@numba.njit(nogil=True, cache=True)
def look_up(image: Image, table: Table, out: npt.NDArray[np.float32]) -> None:
    """Normalise one image and put its channels first.

    Args:
        image: ``(H, W, 3)`` uint8.
        table: From `table_of`.
        out: ``(3, H, W)`` float32, overwritten.
    """
    height, width, _ = image.shape
    for row in range(height):
        for channel in range(3):  # outside of the columns: one stream of writes at a time
            for column in range(width):
                out[channel, row, column] = table[channel, image[row, column, channel]]
