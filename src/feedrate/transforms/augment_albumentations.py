"""Augmentation for training on albumentations, the points carried as its keypoints.

HorizontalFlip, Rotate and RandomResizedCrop, as most training scripts have them. Other than in
`augment`, every step makes an image of its own, a crop may cut through a text (the maps are drawn
of what is left of it) and its aspect changes by up to a third.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from feedrate.sample import Image, Polygon, Prepared
from feedrate.transforms import Frame
from feedrate.transforms.draws import seed_of_process

# On import albumentations asks PyPI for its newest version, unless told not to.
os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"

from albumentations import (
    Compose,
    HorizontalFlip,
    KeypointParams,
    Normalize,
    RandomResizedCrop,
    Rotate,
)

RANDOM = True
"""Two calls may move the same polygons differently; the exercise gate asks the module."""

MOST_DEGREES = 10
LEAST_AREA = 0.25
"""Of a crop in the image's: half of its side."""

PLACEHOLDERS = 2
"""Points before the first: albumentations cannot turn one alone."""


class AlbumentationsAugmentation:
    """Flip, rotation, crop and resize, drawn anew on each call.

    Albumentations takes points for centres of pixels where it flips and rotates (x goes to
    ``W - 1 - x``), and for corners where it crops and resizes. Hence two compositions, and half a
    pixel between them: else a flip would move texts by a pixel against their picture.

    Args:
        size: Side of the square input (px).
        seed: See `feedrate.transforms.draws`.
    """

    random = True

    def __init__(self, size: int, seed: int = 0) -> None:
        points = KeypointParams(format="xy", remove_invisible=False)
        rotate = Rotate(limit=MOST_DEGREES, border_mode=cv2.BORDER_CONSTANT, fill=0, p=1)
        crop = RandomResizedCrop((size, size), scale=(LEAST_AREA, 1), p=1)
        self._turn = Compose([HorizontalFlip(p=0.5), rotate], keypoint_params=points)
        self._crop = Compose([crop], keypoint_params=points)
        self._normalise = Normalize()
        self._seed, self._process = seed, 0

    def fit(
        self, image: Image, polygons: Sequence[Polygon], frame: Frame | None = None
    ) -> Prepared:
        """Augment; see `feedrate.transforms.Transform`."""
        self._seed_once()
        points = np.concatenate([np.zeros((PLACEHOLDERS, 2)), *polygons])
        if frame is not None and frame != image.shape[:2]:
            points = points * (image.shape[1] / frame[1], image.shape[0] / frame[0])
        with np.errstate(over="ignore", invalid="ignore"):  # an absurd point is carried as well
            turned = self._turn(image=image, keypoints=points - 0.5)
            done = self._crop(image=turned["image"], keypoints=turned["keypoints"] + 0.5)
        moved = np.asarray(done["keypoints"], np.float64)[PLACEHOLDERS:]
        ends = np.cumsum([len(polygon) for polygon in polygons[:-1]], dtype=np.intp)
        return Prepared(done["image"], tuple(np.split(moved, ends)) if polygons else ())

    def normalise(self, image: Image) -> npt.NDArray[np.float32]:
        """Subtract the mean and divide by the standard deviation, channel by channel."""
        return cast(npt.NDArray[np.float32], self._normalise(image=image)["image"])

    def _seed_once(self) -> None:
        """Give a process its own random numbers: albumentations goes on alike in all of them."""
        if self._process != os.getpid():
            self._process, seed = os.getpid(), seed_of_process(self._seed)
            # Shared by all operations: by set_random_seed, each would draw the same numbers.
            state = np.random.default_rng(seed), random.Random(seed)  # noqa: S311  no secret
            self._turn.set_random_state(*state)
            self._crop.set_random_state(*state)


def build(size: int) -> AlbumentationsAugmentation:
    """Build the augmentation for a square input of `size` pixels."""
    return AlbumentationsAugmentation(size)
