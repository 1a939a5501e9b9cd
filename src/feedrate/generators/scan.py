"""A flat receipt becomes a scan: grey paper and print, a sensor, and a lamp that whitens paper."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from feedrate.generators.photograph import make_cloud
from feedrate.sample import Image, Polygon

SKEW_DEGREES = 0.4
"""Standard deviation of how askew a receipt lies on the glass."""
GREY_SHARE = 0.1
"""Scans whose paper is not whitened: about as many as in the first 200 of SROIE (13 % have less
than 40 % of their pixels at 250 or above)."""
PAPER_TO_WHITE = (1.5, 14.0)
"""How far above white (255) the paper lies before values are cut off: less keeps more grain."""
GRAIN = (1.0, 4.0)
"""Standard deviation of the grain of paper and sensor, before values are cut off."""
SHARPNESS_PX = (0.35, 0.75)
"""Standard deviation of the blur."""


def scan(
    rng: np.random.Generator, ink: npt.NDArray[np.uint8], width: int, height: int
) -> tuple[Image, Polygon]:
    """Lay the paper on the glass and scan it.

    Args:
        rng: Decides everything.
        ink: ``(h, w)`` uint8, 255 where the paper is black.
        width: Of the scan (px).
        height: Of the scan (px).

    Returns:
        ``(height, width, 3)`` uint8 RGB, all channels alike, and the ``(3, 3)`` homography from
        paper to scan.
    """
    homography = _lay(rng, ink.shape, (height, width))
    print_ = cv2.warpPerspective(ink, homography, (width, height), flags=cv2.INTER_LINEAR)
    darkness = np.asarray(
        cv2.GaussianBlur(print_, (0, 0), float(rng.uniform(*SHARPNESS_PX))), np.float32
    )
    fade = np.clip(0.85 + 0.12 * make_cloud(rng, height, width, 5), 0.5, 1.0) / 255
    paper, grain = 255 + rng.uniform(*PAPER_TO_WHITE), rng.uniform(*GRAIN)
    if rng.random() < GREY_SHARE:
        # Nothing is cut off here, so as much grain would cost far more bits than it does in SROIE.
        paper, grain = rng.uniform(215, 240), grain / 2
    noise = rng.standard_normal((height, width), np.float32) * np.float32(grain)
    grey = (paper + noise) * (1 - darkness * fade)
    seen = np.clip(grey, 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(seen, cv2.COLOR_GRAY2RGB), np.uint8), homography


def _lay(rng: np.random.Generator, paper: tuple[int, ...], scanned: tuple[int, int]) -> Polygon:
    """Turn the paper a little about its middle, and put it somewhere where it is all seen."""
    angle = float(rng.normal(0, SKEW_DEGREES))
    middle = (paper[1] / 2, paper[0] / 2)
    turn = np.vstack([cv2.getRotationMatrix2D(middle, angle, 1.0), [0, 0, 1]])
    free = np.array([scanned[1] - paper[1], scanned[0] - paper[0]])
    turn[:2, 2] += free * rng.uniform(0.3, 0.7, 2)
    return np.asarray(turn, np.float64)
