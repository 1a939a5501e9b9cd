"""Normalising straight to where a batch wants it: one pass from uint8 to channels-first float32.

The usual way writes the normalised pixels channels last, and the collate function reads them again
with a stride, to put the channels first. Here they are written channels first at once, and a batch
is made by plain copies. Pixels, points and numbers are those of albumentations.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from feedrate.sample import Image, Polygon, Prepared
from feedrate.transforms import Frame
from feedrate.transforms.imagenet import make_table
from feedrate.transforms.letterbox import fit_letterbox, interpolation_of, resize_with_opencv
from feedrate.transforms.lookup import look_up

TABLE = make_table()


class FusedTransform:
    """One ``cv2.resize`` into a black square, and one compiled look-up a value."""

    random = False

    def __init__(self, size: int, interpolation: int) -> None:
        self._size = size
        self._paint = partial(resize_with_opencv, interpolation=interpolation)

    def fit(
        self, image: Image, polygons: Sequence[Polygon], frame: Frame | None = None
    ) -> Prepared:
        """Resize and pad; see `feedrate.transforms.Transform`."""
        return fit_letterbox(image, polygons, frame, self._size, self._paint)

    def normalise(self, image: Image) -> npt.NDArray[np.float32]:
        """Normalise; the result is a view whose channels come first in memory."""
        planes = np.empty((3, *image.shape[:2]), np.float32)
        look_up(image, TABLE, planes)
        return planes.transpose(1, 2, 0)


def load_compiled() -> None:
    """Compile the look-up, or load it from numba's cache, for pixels of any store.

    A trial calls it before anything else, so that loading compiled code is a figure of its own.
    """
    pixels, planes = np.zeros((1, 1, 3), np.uint8), np.empty((3, 1, 1), np.float32)
    look_up(pixels, TABLE, planes)
    pixels.flags.writeable = False  # as those of a mapped file are: another type to numba
    look_up(pixels, TABLE, planes)


def build(size: int, argument: str | None = None) -> FusedTransform:
    """Build the transform for a square input of `size` pixels; compiled once for all workers.

    Args:
        size: Side of the square.
        argument: ``linear`` (default), ``area`` or ``cubic``.

    Raises:
        ValueError: The argument is none of these.
    """
    interpolation = interpolation_of(argument)
    load_compiled()
    return FusedTransform(size, interpolation)
