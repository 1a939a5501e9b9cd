"""Labelled pictures beside each other: what the previews are composed of.

The colours of the figures stand in ``figures.py``; those that are painted into pixels stand here,
for this layer cannot import that one. They stay apart for colour-blind eyes, and what a colour
says is also said by shape or by words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage
from PIL import ImageDraw

from feedrate.files import write_bytes
from feedrate.generators.lettering import load_font
from feedrate.sample import Image, Polygon

Plane = npt.NDArray[Any]
"""``(h, w)`` numbers: a map, a mask, or a difference of two."""

DRAWN, LEFT_OUT = (0, 158, 115), (213, 94, 0)
"""RGB of the outline of text that is drawn (green) and of text that is left out (orange)."""
MORE, LESS = (179, 88, 6), (33, 102, 172)
"""RGB of the ends of a signed difference: more is brown, less is blue."""
PAPER, INK, MUTED, FAINT = (255, 255, 255), (20, 22, 26), (96, 102, 112), (170, 175, 182)

GAP_PX, MARGIN_PX, FRAME_PX = 16, 12, 2
TITLE_PX, NOTE_PX, WORD_PX = 34, 26, 22
"""Heights of the letters: still read where a sheet is shown at half its size."""
SMALL_PX = 20
"""Polygons less high or wide have thin outlines, which leave something to be seen inside."""
FAINTEST = 0.35
"""Of the colour at full difference: the smallest difference is seen too."""


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture with what it shows.

    Attributes:
        title: What it is.
        note: A second, fainter line; empty for none.
        image: ``(h, w, 3)`` uint8 RGB.
    """

    title: str
    note: str
    image: Image


def write_sheet(path: Path, panels: Sequence[Panel], columns: int) -> None:
    """Write panels of equal size as one PNG, each under its label.

    Args:
        path: The picture to write.
        panels: Row by row.
        columns: Panels a row.

    Raises:
        ValueError: The picture could not be encoded.
    """
    sheet = cv2.cvtColor(compose(panels, columns), cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(".png", sheet, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    if not done:
        raise ValueError(f"{path}: the preview could not be encoded")
    write_bytes(path, data.tobytes())


def compose(panels: Sequence[Panel], columns: int) -> Image:
    """Lay panels out in rows; the last row may be shorter."""
    cells = [_with_label(panel) for panel in panels]
    height, width = cells[0].shape[:2]
    rows = -(-len(cells) // columns)
    pitch = (height + GAP_PX, width + GAP_PX)
    sheet = np.full((rows * pitch[0] - GAP_PX, columns * pitch[1] - GAP_PX, 3), PAPER, np.uint8)
    for number, cell in enumerate(cells):
        top, left = (number // columns) * pitch[0], (number % columns) * pitch[1]
        sheet[top : top + height, left : left + width] = cell
    return sheet


def outline(
    image: Image, polygons: Sequence[Polygon], drawn: Sequence[bool], scale: float = 1.0
) -> Image:
    """Draw polygons into a copy: green where drawn, orange and struck out where left out."""
    canvas = image.copy()
    for polygon, kept in zip(polygons, drawn, strict=True):
        if len(polygon) < 2 or not np.isfinite(polygon).all():
            continue
        points = _pixels(polygon, scale)
        colour = DRAWN if kept else LEFT_OUT
        thick = 1 if np.ptp(points, axis=0).min() < SMALL_PX else 2
        cv2.polylines(canvas, [points], True, colour, thick, cv2.LINE_AA)
        if not kept:
            (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
            middle = (top + bottom) // 2
            cv2.line(canvas, (left, middle), (right, middle), colour, thick, cv2.LINE_AA)
    return canvas


def trace(image: Image, polygons: Sequence[Polygon], scale: float) -> Image:
    """Draw polygons into a copy, thin and grey: for finding one's way."""
    canvas = image.copy()
    for polygon in polygons:
        cv2.polylines(canvas, [_pixels(polygon, scale)], True, FAINT, 1, cv2.LINE_AA)
    return canvas


def grey(values: Plane) -> Image:
    """Show a map or mask of 0 to 1 as grey, black to white."""
    return np.repeat(np.round(values.astype(np.float64) * 255).astype(np.uint8)[:, :, None], 3, 2)


def diverge(difference: Plane, full: float) -> Image:
    """Show signed differences: white for none, brown for more, blue for less.

    Args:
        difference: ``(h, w)``, zero where there is none.
        full: The difference that has the full colour.
    """
    strength = FAINTEST + (1 - FAINTEST) * np.clip(np.abs(difference) / full, 0, 1)
    strength = np.where(difference == 0, 0, strength)[:, :, None]
    ends = np.where((difference > 0)[:, :, None], np.array(MORE), np.array(LESS))
    return np.round(255 + (ends - 255) * strength).astype(np.uint8)


def magnify(image: Image, times: int) -> Image:
    """Show every pixel as a square of `times` by `times`."""
    return image.repeat(times, axis=0).repeat(times, axis=1)


def tint(image: Image, cover: Plane, colour: tuple[int, int, int]) -> Image:
    """Mix a colour into a picture; `cover` is ``(h, w)``, 0 for none of it, 1 for it alone."""
    mixed: Plane = image + (np.array(colour) - image.astype(np.float64)) * cover[:, :, None]
    return np.round(mixed).astype(np.uint8)


def write_words(image: Image, words: Sequence[tuple[str, tuple[float, float]]]) -> Image:
    """Write words into a copy, each centred at ``(x, y)`` pixels."""
    canvas = PillowImage.fromarray(image)
    draw = ImageDraw.Draw(canvas)
    for text, place in words:
        draw.text(place, text, fill=INK, font=load_font(WORD_PX), anchor="mm")
    return np.asarray(canvas).copy()


def _with_label(panel: Panel) -> Image:
    width = panel.image.shape[1] + 2 * FRAME_PX
    height = MARGIN_PX + TITLE_PX + NOTE_PX + MARGIN_PX
    label = PillowImage.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(label)
    for text, top, size, colour in (
        (panel.title, 0, TITLE_PX, INK),
        (panel.note, TITLE_PX + MARGIN_PX // 2, NOTE_PX, MUTED),
    ):
        fitting = size
        while load_font(fitting).getlength(text) > width and fitting > NOTE_PX // 2:
            fitting -= 1
        draw.text((0, top), text, fill=colour, font=load_font(fitting))
    framed = cv2.copyMakeBorder(panel.image, *(FRAME_PX,) * 4, cv2.BORDER_CONSTANT, value=MUTED)
    return np.vstack([np.asarray(label), framed])


def _pixels(polygon: Polygon, scale: float) -> npt.NDArray[np.int32]:
    # A magnified pixel covers `scale` of the new ones; a coordinate means its middle.
    return np.round((np.asarray(polygon) + 0.5) * scale - 0.5).astype(np.int32)
