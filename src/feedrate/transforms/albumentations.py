"""The write-up's chain on albumentations: LongestMaxSize, PadIfNeeded, Normalize."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from feedrate.sample import Image, Polygon, Prepared
from feedrate.transforms import Frame
from feedrate.transforms.letterbox import interpolation_of

# On import albumentations asks PyPI for its newest version, unless told not to.
os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"

from albumentations import Compose, KeypointParams, LongestMaxSize, Normalize, PadIfNeeded


class AlbumentationsTransform:
    """Longest side to `size`, centred on black, ImageNet statistics.

    A point (x, y) goes to ``(x s + left, y s + top)`` with s = size / max(H, W): the frame is that
    of pixel corners, so the image's edge x = W stays on the resized image's edge (to the half
    pixel by which the shorter side is rounded). Albumentations carries points in float32: for
    images of up to 4096 px brought to 640 px the error stays below 1e-4 px.
    """

    random = False

    def __init__(self, size: int, interpolation: int = cv2.INTER_LINEAR) -> None:
        self._fit = Compose(
            [
                LongestMaxSize(max_size=size, interpolation=interpolation),
                PadIfNeeded(size, size, border_mode=cv2.BORDER_CONSTANT, fill=0),
            ],
            keypoint_params=KeypointParams(format="xy", remove_invisible=False),
        )
        self._normalise = Normalize()

    def fit(
        self, image: Image, polygons: Sequence[Polygon], frame: Frame | None = None
    ) -> Prepared:
        """Resize and pad; see `feedrate.transforms.Transform`.

        A smaller copy of the image is resized for itself: its sides are whole pixels, so that
        points may come to lie up to half a pixel from where the whole image would have put them.
        """
        points = np.concatenate([np.empty((0, 2)), *polygons])
        if frame is not None and frame != image.shape[:2]:
            points = points * (image.shape[1] / frame[1], image.shape[0] / frame[0])
        ends = np.cumsum([len(polygon) for polygon in polygons[:-1]], dtype=np.intp)
        with np.errstate(over="ignore", invalid="ignore"):  # an absurd point is carried as well
            done = self._fit(image=image, keypoints=points)
        moved = np.asarray(done["keypoints"], dtype=np.float64).reshape(-1, 2)
        parts = np.split(moved, ends) if polygons else []
        return Prepared(done["image"], tuple(parts))

    def normalise(self, image: Image) -> npt.NDArray[np.float32]:
        """Subtract the mean and divide by the standard deviation, channel by channel."""
        return cast(npt.NDArray[np.float32], self._normalise(image=image)["image"])


def build(size: int, argument: str | None = None) -> AlbumentationsTransform:
    """Build the chain for a square input of `size` pixels.

    Args:
        size: Side of the square.
        argument: ``linear`` (default, no antialiasing), ``area`` or ``cubic``.

    Raises:
        ValueError: The argument is none of these.
    """
    return AlbumentationsTransform(size, interpolation_of(argument))
