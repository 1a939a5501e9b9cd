"""One picture with all its polygons; where the one concerned is small, a close-up beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage
from PIL.Image import Resampling

from feedrate import panels
from feedrate.sample import Image, Polygon

WIDTH_PX, HEIGHT_PX = 640, 400
"""A sheet is no larger."""
WHOLE_PX, LEAST_HEIGHT_PX = 260, 220
"""The whole picture's width, and the sheet's height, where a close-up stands beside it."""
GAP_PX, DOT_PX, STRONG_PX = 4, 4, 2
SURROUNDINGS = 1.5
"""Sides of a close-up in sides of the polygon, so that one sees where it lies."""
LEAST_PX, LEAST_SHARE = 24.0, 0.08
"""Sides of a close-up, in pixels and in longer sides of the image: less shows nothing."""
MAGNIFIED = 1.5
"""A close-up that shows the polygon less enlarged than this is not worth its place."""
BEYOND = 0.5
"""How far outside of the image a close-up may lead, in its sides; farther points are pulled in."""
MOST_DOTS = 500
"""Points with a dot; an outline of more is a solid line anyhow."""
MOST_BYTES = 60_000
"""Of an encoded sheet: a page carries two dozen of them."""
QUALITIES = (85, 75, 60, 40, 20)
SUBPIXEL_BITS = 4
"""Lines are placed to a sixteenth of a pixel."""


@dataclass(frozen=True)
class View:
    """What part of an image is shown.

    Attributes:
        left: Pixels of the image, its first column being 0; it may lie outside of the image.
        top: The same of its rows.
        scale: Shown pixels a pixel of the image.
        width: Shown pixels.
        height: Shown pixels.
    """

    left: float
    top: float
    scale: float
    width: int
    height: int


def draw_sheet(image: Image, polygons: Sequence[Polygon], concerned: int | None) -> Image:
    """Draw an image with its polygons thin and green, and the one concerned strong and orange.

    Args:
        image: ``(h, w, 3)`` uint8 RGB.
        polygons: In its frame; coordinates that are not finite are left out.
        concerned: Which of them, from 0; None for none.

    Returns:
        uint8 RGB, at most `WIDTH_PX` by `HEIGHT_PX`.
    """
    outlines = [_drawable(polygon, image) for polygon in polygons]
    if concerned is None or not len(outlines[concerned]):
        return _draw_view(image, _fit(image, WIDTH_PX, HEIGHT_PX), outlines, None)
    whole = _fit(image, WHOLE_PX, HEIGHT_PX)
    height = max(whole.height, LEAST_HEIGHT_PX)
    near = _approach(outlines[concerned], image, WIDTH_PX - GAP_PX - whole.width, height)
    if near.scale < MAGNIFIED * whole.scale:
        return _draw_view(image, _fit(image, WIDTH_PX, HEIGHT_PX), outlines, concerned)
    sheet = np.full((height, WIDTH_PX, 3), panels.PAPER, np.uint8)
    top = (height - whole.height) // 2
    rows = slice(top, top + whole.height)
    sheet[rows, : whole.width] = _draw_view(image, whole, outlines, concerned)
    sheet[:, whole.width + GAP_PX :] = _draw_view(image, near, outlines, concerned)
    return sheet


def encode_small(sheet: Image) -> bytes:
    """Encode as JPEG of at most `MOST_BYTES`, or at the lowest quality where that is too much.

    Raises:
        ValueError: The sheet could not be encoded.
    """
    data = b""
    for quality in QUALITIES:
        flags = [cv2.IMWRITE_JPEG_QUALITY, quality]
        done, encoded = cv2.imencode(".jpg", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR), flags)
        if not done:
            raise ValueError(f"a picture of {sheet.shape} could not be encoded as JPEG")
        data = encoded.tobytes()
        if len(data) <= MOST_BYTES:
            break
    return data


def _drawable(polygon: Polygon, image: Image) -> Polygon:
    """Leave out points without a place, and pull in those that lie far away."""
    size = np.array(image.shape[1::-1], np.float64)
    points = np.asarray(polygon, np.float64).reshape(-1, 2)
    points = points[np.isfinite(points).all(axis=1)]
    return np.clip(points, -BEYOND * size, (1 + BEYOND) * size)


def _fit(image: Image, width: int, height: int) -> View:
    """Show all of an image, as large as it fits."""
    full_height, full_width = image.shape[:2]
    scale = min(width / full_width, height / full_height)
    shown = (max(1, round(full_width * scale)), max(1, round(full_height * scale)))
    return View(0, 0, scale, *shown)


def _approach(outline: Polygon, image: Image, width: int, height: int) -> View:
    """Show a polygon and its surroundings, from inside the image where the polygon lies there."""
    first, last = outline.min(axis=0), outline.max(axis=0)
    least = max(LEAST_PX, LEAST_SHARE * max(image.shape[:2]))
    wanted = np.maximum(SURROUNDINGS * (last - first), least)
    scale = float(min(width / wanted[0], height / wanted[1]))
    shown = np.array([width, height]) / scale
    size = np.array(image.shape[1::-1])
    corner = (first + last - shown) / 2
    inside = np.clip(corner, 0, np.maximum(size - shown, 0))
    within = (first >= 0) & (last <= size)
    left, top = np.where(within, inside, corner).tolist()
    return View(left, top, scale, width, height)


def _draw_view(
    image: Image, view: View, outlines: Sequence[Polygon], concerned: int | None
) -> Image:
    shown = _cut(image, view)
    placed = [(outline - [view.left, view.top] + 0.5) * view.scale - 0.5 for outline in outlines]
    for number, outline in enumerate(placed):
        if number != concerned:
            _draw_line(shown, outline, panels.DRAWN, 1)
    if concerned is not None:
        _draw_strong(shown, placed[concerned], view.scale)
    return shown


def _cut(image: Image, view: View) -> Image:
    """Cut a view out; what lies outside of the image is grey."""
    canvas = np.full((view.height, view.width, 3), panels.MUTED, np.uint8)
    corner, size = np.array([view.left, view.top]), np.array(image.shape[1::-1])
    low = np.clip(corner, 0, size)
    high = np.clip(corner + np.array([view.width, view.height]) / view.scale, 0, size)
    if (high <= low).any():
        return canvas
    start = np.round((low - corner) * view.scale).astype(int)
    stop = np.maximum(np.round((high - corner) * view.scale).astype(int), start + 1)
    first, last = np.floor(low).astype(int), np.ceil(high).astype(int)
    part = PillowImage.fromarray(image[first[1] : last[1], first[0] : last[0]])
    sides, box = (stop - start).tolist(), [*(low - first).tolist(), *(high - first).tolist()]
    shown = part.resize((sides[0], sides[1]), Resampling.BICUBIC, (box[0], box[1], box[2], box[3]))
    canvas[start[1] : stop[1], start[0] : stop[0]] = np.asarray(shown)
    return canvas


def _draw_strong(canvas: Image, outline: Polygon, scale: float) -> None:
    """Draw the outline concerned in place: a dot at each point, a larger one at the first."""
    tiny = np.ptp(outline, axis=0).max() < 4 * DOT_PX
    radius = DOT_PX if tiny else min(DOT_PX, max(1.0, scale))
    for colour, halo in ((panels.PAPER, 1), (panels.LEFT_OUT, 0)):
        _draw_line(canvas, outline, colour, STRONG_PX + 2 * halo)
        for number, point in enumerate(_subpixels(outline[:MOST_DOTS]).tolist()):
            size = round((radius * (1.6 if number == 0 else 1) + halo) * (1 << SUBPIXEL_BITS))
            cv2.circle(canvas, point, size, colour, cv2.FILLED, cv2.LINE_AA, SUBPIXEL_BITS)


def _draw_line(canvas: Image, outline: Polygon, colour: tuple[int, ...], thick: int) -> None:
    points = [_subpixels(outline)]
    cv2.polylines(canvas, points, True, colour, thick, cv2.LINE_AA, SUBPIXEL_BITS)


def _subpixels(outline: Polygon) -> npt.NDArray[np.int32]:
    return np.round(outline * (1 << SUBPIXEL_BITS)).astype(np.int32)
