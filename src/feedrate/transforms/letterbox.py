"""The letterbox: the longer side comes to the target size, the shorter is centred on black."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from feedrate.sample import Image, Polygon, Prepared
from feedrate.transforms import Frame

INTERPOLATIONS = {
    "linear": cv2.INTER_LINEAR,
    "area": cv2.INTER_AREA,
    "cubic": cv2.INTER_CUBIC,
}
"""How OpenCV may resize: two by two pixels, the mean of all, four by four; the first is usual."""

Move = Callable[[Polygon], npt.NDArray[Any]]
"""Moves points, ``(N, 2)`` float64, each by itself."""

Paint = Callable[[Image, Image], object]
"""Resizes its first image into its second, whose size is the one wanted."""


def interpolation_of(argument: str | None) -> int:
    """Return OpenCV's flag for the argument of a level, ``linear`` where it has none.

    Raises:
        ValueError: The argument names no interpolation.
    """
    name = argument or "linear"
    if name not in INTERPOLATIONS:
        raise ValueError(f"interpolation {name!r} is unknown; allowed: {', '.join(INTERPOLATIONS)}")
    return INTERPOLATIONS[name]


@dataclass(frozen=True)
class Letterbox:
    """Where a whole image comes to lie in the square input.

    Attributes:
        size: Side of the square (px).
        scale: Pixels of the square for a pixel of the image.
        height: Of the resized image (px), a whole number and at least 1.
        width: The same.
    """

    size: int
    scale: float
    height: int
    width: int

    @classmethod
    def of(cls, frame: Frame, size: int) -> Letterbox:
        """Fit an image of ``(height, width)`` pixels, as LongestMaxSize of albumentations does."""
        scale = size / max(frame)
        height, width = (max(1, round(side * scale)) for side in frame)
        return cls(size, scale, height, width)

    @property
    def corner(self) -> tuple[int, int]:
        """Where the resized image begins, ``(left, top)`` in pixels; PadIfNeeded rounds down."""
        return (self.size - self.width) // 2, (self.size - self.height) // 2

    def inside(self, square: Image) -> Image:
        """Return the part of a ``(size, size, 3)`` image that the picture covers, as a view."""
        left, top = self.corner
        return square[top : top + self.height, left : left + self.width]

    def move(self, polygons: Sequence[Polygon]) -> tuple[Polygon, ...]:
        """Move polygons along: a point (x, y) goes to ``(x scale + left, y scale + top)``.

        In float32 and in the order of albumentations, though float64 would be nearer to the truth
        by 1e-5 px: Clipper truncates to whole pixels, so that maps of points which differ in the
        last bit may differ in a whole row. So both transforms have the very same maps.
        """
        corner, scale = np.array(self.corner, np.float32), np.float32(self.scale)
        return carry(polygons, lambda points: points.astype(np.float32) * scale + corner)


def carry(polygons: Sequence[Polygon], move: Move) -> tuple[Polygon, ...]:
    """Move the points of all polygons at once, and return them as polygons, in float64."""
    if not polygons:
        return ()
    with np.errstate(over="ignore", invalid="ignore"):  # an absurd point is carried as well
        moved = move(np.concatenate([*polygons], dtype=np.float64)).astype(np.float64, copy=False)
    ends = np.cumsum([len(polygon) for polygon in polygons]).tolist()
    return tuple(moved[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True))


def fit_letterbox(
    image: Image, polygons: Sequence[Polygon], frame: Frame | None, size: int, paint: Paint
) -> Prepared:
    """Resize and pad; see `feedrate.transforms.Transform.fit`.

    The geometry is that of the whole image whatever copy of it is painted, so that it agrees with
    maps that were stored before. A decoder that scales rounds its sides up: the copy's last row
    and column may reach past the whole image by a part of their pixels.
    """
    box = Letterbox.of(frame or image.shape[:2], size)
    square = np.zeros((size, size, 3), np.uint8)
    paint(image, box.inside(square))
    return Prepared(square, box.move(polygons))


def resize_with_opencv(image: Image, out: Image, interpolation: int) -> None:
    """Resize an image into another one, a part of a larger one as well."""
    cv2.resize(image, (out.shape[1], out.shape[0]), dst=out, interpolation=interpolation)
