"""Memory of a thread's own, used again for sample after sample."""

from __future__ import annotations

import threading
from typing import cast

import numpy as np
import simplejpeg

from feedrate.decoders import Header, choose_divisor, divide, opencv
from feedrate.sample import Image

KEPT_BYTES = 64 << 20
"""Room for 22 megapixels, in each thread. What a larger image takes is let go with it."""


class Scratch(threading.local):
    """Room whose content lasts until the same thread asks again."""

    def __init__(self) -> None:
        self._memory = np.empty(0, np.uint8)

    def room(self, shape: tuple[int, ...]) -> Image:
        """Return a uint8 array of a shape, contents undefined."""
        length = int(np.prod(shape))
        if length > KEPT_BYTES:
            return np.empty(shape, np.uint8)
        if length > len(self._memory):
            # By powers of two, so that it does not grow often; what is not touched costs nothing.
            self._memory = np.empty(1 << (length - 1).bit_length(), np.uint8)
        return self._memory[:length].reshape(shape)


def decode_into(data: bytes, header: Header, at_least: int | None, scratch: Scratch) -> Image:
    """Decode an image; see `feedrate.decoders.Decode`.

    JPEG is decoded by libjpeg-turbo into a thread's own memory, PNG by OpenCV into memory of its
    own: both give Pillow's pixels.

    Args:
        data: The encoded file.
        header: What `feedrate.decoders.read_header` says of it.
        at_least: The longer side (px) that is enough of a JPEG; None for the whole image.
        scratch: Where a JPEG's pixels are; they last until this thread decodes the next.

    Raises:
        ValueError: The data are damaged.
    """
    if header.kind != "JPEG":
        return opencv.decode(data)
    divisor = choose_divisor(header, at_least)
    height, width = divide(header.height, divisor), divide(header.width, divisor)
    least = {} if divisor == 1 else {"min_height": height, "min_width": width}
    room = scratch.room((height, width, 3))
    # Not strict: what libjpeg mends with a warning, Pillow and OpenCV accept without a word.
    return cast(Image, simplejpeg.decode_jpeg(data, "RGB", buffer=room, strict=False, **least))
