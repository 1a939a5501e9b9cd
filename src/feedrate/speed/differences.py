"""How far the pixels of one decoder are from another's, over many images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from feedrate.sample import Image

ROWS_AT_ONCE = 256
"""Images are compared in strips: their differences need no third image in memory."""

RESIZED_BY = "OpenCV INTER_AREA"
"""What makes a whole image as small as a scaled one: each pixel the mean of what it covers."""


@dataclass
class Differences:
    """What was seen so far; values are those of the channels, 0 to 255.

    Attributes:
        largest: The largest difference.
        total: The sum of all.
        values: How many values were compared.
        apart: Pixels of which any channel differs.
        images: Images compared.
        images_apart: Images with such a pixel.
    """

    largest: int = 0
    total: int = 0
    values: int = 0
    apart: int = 0
    images: int = 0
    images_apart: int = 0

    def add(self, image: Image, other: Image) -> None:
        """Compare two images of one shape, ``(H, W, 3)`` uint8."""
        before = self.apart
        for top in range(0, len(image), ROWS_AT_ONCE):
            rows = slice(top, top + ROWS_AT_ONCE)
            strip = np.abs(image[rows].astype(np.int16) - other[rows])
            self.largest = max(self.largest, int(strip.max()))
            self.total += int(strip.sum(dtype=np.int64))
            self.apart += int(strip.any(axis=2).sum())
        self.values += image.size
        self.images += 1
        self.images_apart += self.apart > before

    def summed_up(self) -> dict[str, Any]:
        """Return the largest and the mean difference, the share of pixels that differ, and images.

        Plain data for JSON: ``max``, ``mean``, ``share``, ``images_apart``.
        """
        values = max(self.values, 1)
        return {
            "max": self.largest,
            "mean": self.total / values,
            "share": 3 * self.apart / values,
            "images_apart": self.images_apart,
        }


def shrink_like(whole: Image, image: Image) -> Image:
    """Bring a whole image to the shape of a scaled one; itself where the shapes are the same."""
    if whole.shape == image.shape:
        return whole
    height, width = image.shape[:2]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA))
