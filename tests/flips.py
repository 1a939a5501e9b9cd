"""Transforms as a user may bring them: one that mirrors at random, one that does not say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from feedrate.sample import Image, Polygon, Prepared
from feedrate.transforms import Frame
from feedrate.transforms.albumentations import AlbumentationsTransform


class RandomFlip(AlbumentationsTransform):
    """Mirrors every second image, drawn anew on each call."""

    random = True

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size, self.coin = size, np.random.default_rng(1)

    def fit(
        self, image: Image, polygons: Sequence[Polygon], frame: Frame | None = None
    ) -> Prepared:
        plain = super().fit(image, polygons, frame)
        if self.coin.random() < 0.5:
            return plain
        mirrored = tuple(polygon * (-1, 1) + (self.size, 0) for polygon in plain.polygons)
        return Prepared(np.ascontiguousarray(plain.image[:, ::-1]), mirrored)


class Silent(RandomFlip):
    """Does not say that it is random."""

    random = None  # type: ignore[assignment]
