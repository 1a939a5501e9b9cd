"""A picture comes to the middle of its place in a batch, resized, with padding around it.

The pixels and numbers are those of the letterbox of albumentations (`feedrate.transforms`). What is
saved: the picture alone is normalised, its padding is known; and padding that is there already,
since the memory's last picture did not reach further, is not written again.
"""

from __future__ import annotations

from typing import Any

import cv2
import numba
import numpy as np
import numpy.typing as npt

from feedrate.feeding.pool import Loan
from feedrate.sample import Image
from feedrate.transforms.imagenet import make_table
from feedrate.transforms.letterbox import Letterbox, resize_with_opencv

Box = tuple[int, int, int, int]
"""Top, left, bottom, right (px), the last two behind the last row and column."""

TABLE = make_table()
PADDING = TABLE[:, 0]
"""What black becomes when it is normalised, channel by channel."""


def paint_bytes(
    image: Image,
    letterbox: Letterbox,
    images: Loan,
    place: int,
    interpolation: int = cv2.INTER_LINEAR,
) -> None:
    """Resize an image into its place of ``(B, S, S, 3)`` uint8."""
    square = images.array[place]
    resize_with_opencv(image, letterbox.inside(square), interpolation)
    _pad_around((letterbox.height, letterbox.width), square, np.uint8(0), images.notes, place)


def paint_floats(picture: Image, images: Loan, place: int) -> None:
    """Normalise a picture of its final size into the middle of its place of ``(B, 3, S, S)``."""
    planes = images.array[place]
    box = _pad_around(picture.shape[:2], planes.transpose(1, 2, 0), PADDING, images.notes, place)
    normalise_into(picture, TABLE, planes, box[0], box[1])


def resize(image: Image, out: Image, interpolation: int = cv2.INTER_LINEAR) -> Image:
    """Resize an image into another one, which is returned; or return it if it is so large."""
    if image.shape == out.shape:
        return image
    resize_with_opencv(image, out, interpolation)
    return out


@numba.njit(nogil=True, cache=True)
def normalise_into(
    picture: Image,
    table: npt.NDArray[np.float32],
    out: npt.NDArray[np.float32],
    top: int,
    left: int,
) -> None:
    """Normalise a picture into a part of a larger one, its channels first.

    Args:
        picture: ``(H, W, 3)`` uint8.
        table: ``(3, 256)``: what each value of each channel becomes.
        out: ``(3, S, S)`` float32.
        top: Row of `out` for the first row of the picture.
        left: Column of `out` for its first column.
    """
    height, width, _ = picture.shape
    for row in range(height):
        for channel in range(3):
            for column in range(width):
                value = picture[row, column, channel]
                out[channel, top + row, left + column] = table[channel, value]


def load_compiled() -> None:
    """Compile what is compiled here, or load it from numba's cache, for pixels of any store."""
    pixels, planes = np.zeros((1, 1, 3), np.uint8), np.empty((3, 1, 1), np.float32)
    normalise_into(pixels, TABLE, planes, 0, 0)
    pixels.flags.writeable = False  # as those of a mapped file are: another type to numba
    normalise_into(pixels, TABLE, planes, 0, 0)


def _pad_around(
    sides: tuple[int, ...], square: npt.NDArray[Any], value: Any, notes: list[Any], place: int
) -> Box:
    """See to the padding around a picture in the middle of a square; return where it lies.

    Args:
        sides: Height and width of the picture (px).
        square: ``(S, S, 3)``.
        value: Of the padding.
        notes: Where the last picture of each place lay, None where nobody knows; updated.
        place: Of the square in its batch.
    """
    (height, width), size = sides, len(square)
    top, left = (size - height) // 2, (size - width) // 2
    box, before = (top, left, top + height, left + width), notes[place]
    if before is None or _sticks_out(before, box):
        square[: box[0]] = value
        square[box[2] :] = value
        square[box[0] : box[2], : box[1]] = value
        square[box[0] : box[2], box[3] :] = value
    notes[place] = box
    return box


def _sticks_out(before: Box, box: Box) -> bool:
    """Whether a part of one box lies outside of another."""
    return before[0] < box[0] or before[1] < box[1] or before[2] > box[2] or before[3] > box[3]
