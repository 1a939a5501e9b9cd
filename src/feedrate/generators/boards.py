"""What hangs in a street: flat boards with straight lines, and round ones with words along arcs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage
from PIL import ImageDraw

from feedrate.generators.lettering import draw_words, load_font, smear
from feedrate.sample import Polygon

Ink = npt.NDArray[np.uint8]

EM_PX = 64
"""Height of the letters on a flat board; what hangs far away is drawn smaller later."""

SIDES = 7
"""Points on either long side of a bent word: 14 vertices, as curved text is annotated."""


@dataclass(frozen=True, eq=False)
class Lettered:
    """One word on a board.

    Attributes:
        text: What it says.
        outline: ``(N, 2)`` float64, clockwise from its top left corner, on the board (px).
        ignore: True where it was made unreadable.
    """

    text: str
    outline: Polygon
    ignore: bool = False


@dataclass(frozen=True, eq=False)
class Board:
    """A flat board before it is hung.

    Attributes:
        ink: ``(h, w)`` uint8, 255 where the paint of the letters is.
        face: ``(h, w)`` uint8, 255 where the board is; a round one has corners without.
        words: Its words.
    """

    ink: Ink
    face: Ink
    words: tuple[Lettered, ...]


def letter_board(lines: Sequence[str], spoiled: bool = False) -> Board:
    """Write lines one below the other; `spoiled` ones are wiped and to be ignored."""
    font, pitch, margin = load_font(EM_PX), round(1.5 * EM_PX), EM_PX // 2
    width = 2 * margin + max(round(font.getlength(line)) for line in lines)
    canvas = PillowImage.new("L", (width, margin + pitch * len(lines)), 0)
    draw, boxes = ImageDraw.Draw(canvas), []
    for number, line in enumerate(lines):
        left = (width - font.getlength(line)) / 2
        boxes += list(draw_words(draw, line, left, margin / 2 + pitch * (number + 0.8), font))
    ink = np.asarray(canvas).copy()
    if spoiled:
        for _, box in boxes:
            smear(ink, box)
    words = tuple(Lettered(text, _corners(box), spoiled) for text, box in boxes)
    return Board(ink, np.full_like(ink, 255), words)


def letter_emblem(above: str, below: str, middle: str) -> Board:
    """Bend one line over the top and one under the bottom of a disc, and write one across it."""
    radius = 0.5 * (EM_PX * 1.6 + max(_length(above), _length(below)) / 1.9)
    side = round(2 * (radius + EM_PX))
    face, ink = np.zeros((side, side), np.uint8), np.zeros((side, side), np.uint8)
    cv2.circle(face, (side // 2, side // 2), side // 2 - 2, 255, -1, cv2.LINE_AA)
    cv2.circle(ink, (side // 2, side // 2), side // 2 - EM_PX // 5, 255, EM_PX // 16, cv2.LINE_AA)
    words: list[Lettered] = []
    for line, turn in ((above, 1), (below, -1)):
        flat = letter_board([line])
        arc = _Arc(side / 2, radius, turn, (flat.ink.shape[1], flat.ink.shape[0]))
        np.maximum(ink, arc.bend(flat.ink, side), out=ink)
        words += [Lettered(word.text, arc.carry(word.outline)) for word in flat.words]
    plate = letter_board([middle])
    top, left = (side - plate.ink.shape[0]) // 2, (side - plate.ink.shape[1]) // 2
    area = ink[top : top + plate.ink.shape[0], left : left + plate.ink.shape[1]]
    np.maximum(area, plate.ink, out=area)
    words += [Lettered(word.text, np.add(word.outline, [left, top])) for word in plate.words]
    return Board(ink, face, tuple(words))


@dataclass(frozen=True)
class _Arc:
    """A strip bent along a circle.

    Attributes:
        centre: Of the circle, x and y alike (px).
        radius: Of the strip's middle line (px).
        turn: 1 reads clockwise over the top, -1 the other way under the bottom.
        size: ``(width, height)`` of the strip (px).
    """

    centre: float
    radius: float
    turn: int
    size: tuple[int, int]

    def bend(self, strip: Ink, side: int) -> Ink:
        """Draw the strip along the arc, into a square of `side` pixels."""
        y, x = np.mgrid[:side, :side].astype(np.float32) - np.float32(self.centre)
        along = np.arctan2(x, -self.turn * y) * self.radius + self.size[0] / 2
        across = self.turn * (self.radius - np.hypot(x, y)) + self.size[1] / 2
        bent = cv2.remap(
            strip, along.astype(np.float32), across.astype(np.float32), cv2.INTER_LINEAR
        )
        return np.asarray(bent, np.uint8)

    def carry(self, corners: Polygon) -> Polygon:
        """Carry a box along: `SIDES` points on its upper side, as many on its lower one."""
        (left, top), (right, bottom) = corners[0], corners[2]
        along = np.linspace(left, right, SIDES)
        points = np.concatenate(
            [
                np.column_stack([along, np.full(SIDES, top)]),
                np.column_stack([along[::-1], np.full(SIDES, bottom)]),
            ]
        )
        angle = (points[:, 0] - self.size[0] / 2) / self.radius
        reach = self.radius - self.turn * (points[:, 1] - self.size[1] / 2)
        bent = np.column_stack([np.sin(angle), -self.turn * np.cos(angle)]) * reach[:, None]
        return np.asarray(bent + self.centre, np.float64)


def _length(line: str) -> float:
    return load_font(EM_PX).getlength(line) + EM_PX


def _corners(box: tuple[int, int, int, int]) -> Polygon:
    left, top, right, bottom = box
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)
