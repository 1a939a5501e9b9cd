"""The arithmetic of a polygon: pure functions on ``(N, 2)`` float64 pixels ``(x, y)``, y downward.

Plain Python: a text has a handful of points, fewer than numpy's overhead is worth.
"""

from __future__ import annotations

import numpy as np

from feedrate.sample import Polygon


def signed_area(polygon: Polygon) -> float:
    """Area in square pixels, positive where the outline runs clockwise on screen.

    The sum of ``(x_i - x_(i+1)) * (y_i + y_(i+1))`` over the edges, first to last, halved: in the
    order of MhLiao/DB, so that a text at a limit of its area is judged alike to the last bit.
    A self-crossing outline's loops cancel; fewer than three points enclose nothing.
    """
    points = polygon.tolist()
    twice = 0.0
    for (ax, ay), (bx, by) in zip(points, points[1:] + points[:1], strict=True):
        twice += (ax - bx) * (by + ay)
    return twice / 2


def shorter_side(polygon: Polygon) -> float:
    """The smaller side of the axis-aligned bounding box, in pixels."""
    x, y = polygon.T.tolist()
    return float(min(max(x) - min(x), max(y) - min(y)))


def is_outside(polygon: Polygon, size: tuple[int, int]) -> bool:
    """Whether the bounding box lies wholly outside of ``[0, width - 1] x [0, height - 1]``.

    Args:
        polygon: ``(N, 2)`` float64, N > 0.
        size: The frame's ``(height, width)`` in pixels.
    """
    height, width = size
    x, y = polygon.T.tolist()
    return bool(max(x) < 0 or min(x) > width - 1 or max(y) < 0 or min(y) > height - 1)


def clip_to_frame(polygon: Polygon, size: tuple[int, int]) -> Polygon:
    """Move every point into ``[0, width - 1] x [0, height - 1]``, each coordinate by itself.

    Args:
        polygon: ``(N, 2)`` float64, left as it is.
        size: The frame's ``(height, width)`` in pixels.
    """
    height, width = size
    return np.minimum(np.maximum(polygon, 0.0), (width - 1.0, height - 1.0))
