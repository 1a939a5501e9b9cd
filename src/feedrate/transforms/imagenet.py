"""ImageNet's statistics: what an encoder trained there expects of the values of each channel."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from feedrate.sample import Image

MEAN = (0.485, 0.456, 0.406)
STANDARD_DEVIATION = (0.229, 0.224, 0.225)
"""Of red, green and blue in [0, 1]: the defaults of albumentations' and torchvision's Normalize."""


def make_table() -> npt.NDArray[np.float32]:
    """Return ``(3, 256)``: what each value of each channel becomes.

    In float32 and in the order of albumentations' Normalize, so that every bit agrees with it.
    """
    mean = np.array(MEAN, np.float32) * 255.0
    factor = np.reciprocal(np.array(STANDARD_DEVIATION, np.float32) * 255.0)
    ramp = np.arange(256, dtype=np.float32)
    table: npt.NDArray[np.float32] = (ramp - mean[:, None]) * factor[:, None]
    return table


_PIXELS = np.ascontiguousarray(make_table().T)[:, None]


def normalise(image: Image) -> npt.NDArray[np.float32]:
    """Turn ``(H, W, 3)`` uint8 into float32 of about zero mean, by one look-up a value."""
    return cast(npt.NDArray[np.float32], cv2.LUT(image, _PIXELS))
