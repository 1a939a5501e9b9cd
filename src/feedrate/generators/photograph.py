"""A flat receipt becomes a photograph: paper, table, perspective, light, lens and sensor."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from feedrate.sample import Image, Polygon

Plane = npt.NDArray[np.float32]

TABLES = ((92, 64, 45), (120, 118, 116), (60, 66, 74), (150, 128, 100), (44, 52, 48))
"""RGB of the surfaces a receipt lies on."""


def photograph(
    rng: np.random.Generator, ink: npt.NDArray[np.uint8], width: int, height: int
) -> tuple[Image, Polygon]:
    """Lay the paper on a table and take a picture of it.

    Args:
        rng: Decides everything.
        ink: ``(h, w)`` uint8, 255 where the paper is black.
        width: Of the picture (px).
        height: Of the picture (px).

    Returns:
        ``(height, width, 3)`` uint8 RGB, and the ``(3, 3)`` homography from paper to picture.
    """
    homography = _homography(rng, ink.shape, (height, width))
    paper = _paper(rng, ink)
    mask = np.ones(ink.shape, np.float32)
    flags = cv2.INTER_LINEAR
    seen = cv2.warpPerspective(paper, homography, (width, height), flags=flags)
    inside = cv2.warpPerspective(mask, homography, (width, height), flags=flags)[:, :, None]
    shadow = _blur_widely(np.asarray(inside, np.float32), width / 60)[:, :, None]
    scene = _table(rng, height, width) * (1 - 0.45 * shadow) * (1 - inside) + seen * inside
    scene *= cast_light(rng, height, width)[:, :, None]
    blurred: Plane = np.asarray(
        cv2.GaussianBlur(scene, (0, 0), float(rng.uniform(0.5, 0.9))), np.float32
    )
    noisy = blurred + make_noise(rng, blurred)
    return np.clip(noisy, 0, 255).astype(np.uint8), homography


def _blur_widely(plane: Plane, sigma_px: float, step: int = 8) -> Plane:
    """Blur on a coarser grid: what is left after a wide blur needs no finer one."""
    height, width = plane.shape[:2]
    coarse = cv2.resize(plane, (width // step, height // step), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(coarse, (0, 0), sigma_px / step)
    return np.asarray(cv2.resize(blurred, (width, height)), np.float32)


def _homography(
    rng: np.random.Generator, paper: tuple[int, ...], picture: tuple[int, int]
) -> Polygon:
    """Turn the paper a little, and move each corner as a tilted camera would."""
    height, width = paper
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    angle = np.deg2rad(rng.normal(0, 1.5))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    middle = np.array([width, height]) / 2
    moved = (corners - middle) @ turn + rng.uniform(-0.015, 0.015, (4, 2)) * [width, width]
    # Fit it into the picture, as whoever takes it would.
    span = moved.max(axis=0) - moved.min(axis=0)
    scale = float(min(1.0, picture[1] * 0.97 / span[0], picture[0] * 0.97 / span[1]))
    free = np.array([picture[1], picture[0]]) - span * scale
    moved = (moved - moved.min(axis=0)) * scale + free * rng.uniform(0.2, 0.8, 2)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), moved.astype(np.float32))
    return np.asarray(matrix, np.float64)


def _paper(rng: np.random.Generator, ink: npt.NDArray[np.uint8]) -> Plane:
    """White paper with fibres and folds; thermal print that fades in places."""
    height, width = ink.shape
    white = np.array([238, 236, 228], np.float32) * float(rng.uniform(0.93, 1.0))
    fibres = rng.standard_normal((height, width), np.float32) * float(rng.uniform(1.5, 3.0))
    creases = make_cloud(rng, height, width, 7) * 5 + make_cloud(rng, height, width, 40) * 3
    fade = 0.72 + 0.2 * make_cloud(rng, height, width, 5)
    darkness = ink.astype(np.float32) / 255 * np.clip(fade, 0.45, 0.95)
    grey = (1 - darkness) * (1 + (fibres + creases) / 255)
    return np.asarray(white[None, None, :] * grey[:, :, None], np.float32)


def _table(rng: np.random.Generator, height: int, width: int) -> Plane:
    colour = np.array(TABLES[int(rng.integers(len(TABLES)))], np.float32)
    # Grain runs along one direction: a cloud with many more cells across than along.
    grain = (
        make_cloud(rng, height, width, 6, stretch=24) * 0.22
        + make_cloud(rng, height, width, 60) * 0.10
    )
    speckle = rng.standard_normal((height, width), np.float32) * 0.05
    return np.asarray(colour[None, None, :] * (1 + grain + speckle)[:, :, None], np.float32)


def cast_light(rng: np.random.Generator, height: int, width: int) -> Plane:
    """A lamp to one side, a vignette, and now and then the photographer's own shadow."""
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    angle = rng.uniform(0, 2 * np.pi)
    slope = float(rng.uniform(0.05, 0.22))
    light = 0.94 + slope * (x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle)))
    light -= 0.08 * (x * x + y * y)
    if rng.random() < 0.3:
        edge = x * np.float32(np.sin(angle)) + y * np.float32(np.cos(angle))
        light *= 1 - 0.3 / (1 + np.exp(-(edge - 0.4) * 12))
    return light.astype(np.float32)


def make_noise(rng: np.random.Generator, scene: Plane) -> Plane:
    """Noise of brightness grows with the light; noise of colour is coarser (demosaicing)."""
    height, width = scene.shape[:2]
    sigma = float(rng.uniform(1.3, 2.8))
    bright = rng.standard_normal((height, width), np.float32) * sigma
    bright *= np.sqrt(scene.mean(axis=2) / 160 + 0.25)
    chroma = rng.standard_normal((height // 3 + 1, width // 3 + 1, 3), np.float32) * sigma * 0.8
    noise = cv2.resize(chroma, (width, height), interpolation=cv2.INTER_LINEAR)
    return noise + bright[:, :, None]


def make_cloud(
    rng: np.random.Generator, height: int, width: int, cells: int, stretch: int = 1
) -> Plane:
    """Smooth noise of about unit variance with so many cells across."""
    coarse = rng.standard_normal((cells, max(2, cells * stretch)), np.float32)
    cloud = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cloud, np.float32)
