"""Random crops that cut through no text: EAST's, which DBNet was trained with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from feedrate.sample import Polygon
from feedrate.transforms import Frame

TRIES = 50
LEAST_SHARE = 0.1
"""Of a crop's side in the image's; both as ``EastRandomCropData`` of MhLiao/DB has them."""

Window = tuple[int, int, int, int]
"""Left, top, right, bottom (px); what lies in it is kept."""

Cuts = list[npt.NDArray[np.int64]]
"""Places where no text is, in ascending order, one array for each gap between texts."""


def choose_crop(polygons: Sequence[Polygon], frame: Frame, draw: np.random.Generator) -> Window:
    """Choose a window that holds a text, and every text that it touches whole.

    Two gaps between texts are drawn along each axis, each gap as likely as the others, and a place
    in each of them. The whole image is taken where there is no text, or no such window was drawn.

    Args:
        polygons: In the frame of the image; those that are not finite do not count.
        frame: Height and width of the image (px).
        draw: Where random numbers come from.
    """
    height, width = frame
    boxes = _boxes(polygons, frame)
    columns, rows = (
        find_cuts(boxes[:, 0, axis], boxes[:, 1, axis], length)
        for axis, length in enumerate((width, height))
    )
    for _ in range(TRIES if len(boxes) else 0):
        left, right = _draw_two(columns, draw)
        top, bottom = _draw_two(rows, draw)
        if min((right - left) / width, (bottom - top) / height) < LEAST_SHARE:
            continue
        inside = (boxes[:, 0] < (right, bottom)) & (boxes[:, 1] > (left, top))
        if inside.all(axis=1).any():
            return left, top, right, bottom
    return 0, 0, width, height


def find_cuts(lows: npt.NDArray[np.float64], highs: npt.NDArray[np.float64], length: int) -> Cuts:
    """Find where an axis can be cut: the places from 0 to `length` strictly within no text.

    Args:
        lows: Where texts begin along the axis (px), none below 0.
        highs: Where they end, none beyond `length`: so that both ends can always be cut.
        length: Of the axis (px).
    """
    free = np.ones(length + 1, np.bool_)
    for low, high in zip(np.floor(lows) + 1, np.ceil(highs), strict=True):
        free[int(low) : int(high)] = False
    places = np.flatnonzero(free)
    return np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)


def _boxes(polygons: Sequence[Polygon], frame: Frame) -> npt.NDArray[np.float64]:
    """Return ``(N, 2, 2)``: corners (x, y) of the part in the frame of each polygon's box."""
    found = [
        (polygon.min(axis=0), polygon.max(axis=0))
        for polygon in polygons
        if len(polygon) and np.isfinite(polygon).all()
    ]
    boxes = np.array(found, np.float64).reshape(-1, 2, 2)
    return np.clip(boxes, 0, frame[::-1])


def _draw_two(cuts: Cuts, draw: np.random.Generator) -> tuple[int, int]:
    first, second = (
        int(draw.choice(cuts[gap])) for gap in draw.integers(len(cuts), size=2).tolist()
    )
    return min(first, second), max(first, second)
