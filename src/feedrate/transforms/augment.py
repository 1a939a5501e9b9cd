"""DBNet's augmentation for training on OpenCV: flip, rotate and crop by a single warp.

The published recipe (``AugmentDetectionData`` and ``EastRandomCropData`` of MhLiao/DB) mirrors
every second image, turns it by up to 10 degrees either way, crops it where no text is cut through,
and resizes the crop to the square. There every step makes an image of its own; here their matrices
are multiplied, and the pixels go through one ``cv2.warpAffine``, which resamples once.

Unlike there, what lies beside the crop fills the square, instead of black. And a warp looks at two
by two pixels, however far it shrinks: it aliases as a bilinear resize without antialiasing does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from feedrate.sample import Image, Polygon, Prepared
from feedrate.transforms import Frame
from feedrate.transforms.crops import Window, choose_crop
from feedrate.transforms.draws import Draws
from feedrate.transforms.imagenet import normalise
from feedrate.transforms.letterbox import carry

RANDOM = True
"""Two calls may move the same polygons differently; the exercise gate asks the module."""

FLIP_SHARE = 0.5
MOST_DEGREES = 10.0

Matrix = npt.NDArray[np.float64]
"""``(3, 3)``: what it makes of a column (x, y, 1), in the frame of pixel corners."""


class Augmentation:
    """Flip, rotation, crop and resize, drawn anew on each call.

    Args:
        size: Side of the square input (px).
        seed: See `feedrate.transforms.draws`.
    """

    random = True

    def __init__(self, size: int, seed: int = 0) -> None:
        self._size, self._draws = size, Draws(seed)

    def fit(
        self, image: Image, polygons: Sequence[Polygon], frame: Frame | None = None
    ) -> Prepared:
        """Augment; see `feedrate.transforms.Transform`."""
        draw, whole = self._draws.generator, frame or image.shape[:2]
        turned = rotation(whole, draw.uniform(-MOST_DEGREES, MOST_DEGREES))
        matrix = turned @ mirror(whole) if draw.random() < FLIP_SHARE else turned
        window = choose_crop(move(polygons, matrix), whole, draw)
        matrix = view(window, self._size) @ matrix
        square = warp(image, matrix @ enlargement(image, whole), self._size)
        return Prepared(square, move(polygons, matrix))

    def normalise(self, image: Image) -> npt.NDArray[np.float32]:
        """Subtract the mean and divide by the standard deviation, channel by channel."""
        return normalise(image)


def build(size: int) -> Augmentation:
    """Build the augmentation for a square input of `size` pixels."""
    return Augmentation(size)


def mirror(frame: Frame) -> Matrix:
    """Swap left and right."""
    return np.array([[-1.0, 0.0, frame[1]], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])


def rotation(frame: Frame, degrees: float) -> Matrix:
    """Turn about the centre, clockwise on screen."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    x, y = frame[1] / 2, frame[0] / 2
    return np.array(
        [
            [cosine, -sine, x - cosine * x + sine * y],
            [sine, cosine, y - sine * x - cosine * y],
            [0.0, 0.0, 1.0],
        ]
    )


def view(window: Window, size: int) -> Matrix:
    """Bring a window's longer side to `size` pixels, and its centre to that of the square."""
    left, top, right, bottom = window
    scale = size / max(right - left, bottom - top)
    x, y = (size - scale * (left + right)) / 2, (size - scale * (top + bottom)) / 2
    return np.array([[scale, 0.0, x], [0.0, scale, y], [0.0, 0.0, 1.0]])


def enlargement(image: Image, frame: Frame) -> Matrix:
    """Bring a smaller copy to the frame of the whole image."""
    return np.diag([frame[1] / image.shape[1], frame[0] / image.shape[0], 1.0])


def move(polygons: Sequence[Polygon], matrix: Matrix) -> tuple[Polygon, ...]:
    """Move polygons, in float64."""
    return carry(polygons, lambda points: points @ matrix[:2, :2].T + matrix[:2, 2])


def warp(image: Image, matrix: Matrix, size: int) -> Image:
    """Resample an image, bilinearly, onto a black square of `size` pixels."""
    # OpenCV counts from the centres of pixels, which lie half a pixel from their corners.
    inwards, outwards = np.eye(3), np.eye(3)
    inwards[:2, 2], outwards[:2, 2] = 0.5, -0.5
    centred = (outwards @ matrix @ inwards)[:2]
    return cast(Image, cv2.warpAffine(image, centred, (size, size), flags=cv2.INTER_LINEAR))
