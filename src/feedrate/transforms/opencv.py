"""The write-up's chain on OpenCV alone: the same pixels, points and numbers as albumentations."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from feedrate.sample import Image, Polygon, Prepared
from feedrate.transforms import Frame
from feedrate.transforms.imagenet import normalise
from feedrate.transforms.letterbox import fit_letterbox, interpolation_of, resize_with_opencv


class OpencvTransform:
    """One ``cv2.resize`` into a black square, and one look-up a value."""

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
        """Subtract the mean and divide by the standard deviation, channel by channel."""
        return normalise(image)


def build(size: int, argument: str | None = None) -> OpencvTransform:
    """Build the transform for a square input of `size` pixels.

    Args:
        size: Side of the square.
        argument: ``linear`` (default), ``area`` or ``cubic``.

    Raises:
        ValueError: The argument is none of these.
    """
    return OpencvTransform(size, interpolation_of(argument))
