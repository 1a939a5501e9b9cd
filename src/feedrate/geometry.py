"""The arithmetic of a polygon: pure functions on ``(N, 2)`` float64 pixels ``(x, y)``, y downward.

Sums are exactly rounded (`math.fsum`): the result does not depend on the start vertex, so neither
does an offset distance computed from it, nor the pixels which that distance decides.
"""

from __future__ import annotations

import math

import numpy as np

from feedrate.sample import Polygon


def signed_area(polygon: Polygon) -> float:
    """Shoelace area in square pixels, positive where the outline runs clockwise on screen.

    A self-crossing outline's loops cancel; fewer than three points enclose nothing.
    """
    points = polygon.tolist()
    pairs = zip(points, points[1:] + points[:1], strict=True)
    return math.fsum(term for (ax, ay), (bx, by) in pairs for term in (ax * by, -ay * bx)) / 2


def perimeter(polygon: Polygon) -> float:
    """Length of the closed outline in pixels."""
    points = polygon.tolist()
    return math.fsum(map(math.dist, points, points[1:] + points[:1]))


def shorter_side(polygon: Polygon) -> float:
    """The smaller side of the axis-aligned bounding box, in pixels."""
    x, y = polygon.T.tolist()
    return float(min(max(x) - min(x), max(y) - min(y)))


def clip_to_frame(polygon: Polygon, size: tuple[int, int]) -> Polygon:
    """Move every point into ``[0, width - 1] x [0, height - 1]``, each coordinate by itself.

    Args:
        polygon: ``(N, 2)`` float64, left as it is.
        size: The frame's ``(height, width)`` in pixels.
    """
    height, width = size
    return np.minimum(np.maximum(polygon, 0.0), (width - 1.0, height - 1.0))
