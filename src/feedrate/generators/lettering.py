"""Where the texts of a receipt stand: ink on flat paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from feedrate.generators.till import Line

Ink = npt.NDArray[np.uint8]
Box = tuple[int, int, int, int]

UNREADABLE_SHARE = 0.02
"""Fields smeared or struck out, annotated as ignored; SROIE's annotators ignored none."""

# All lengths below are in heights of the body's letters (em). The pitch and the width are such that
# a text is as high at 640 px, and a receipt as slim, as the first 200 of SROIE are in the middle.
PAPER_WIDTH = 24.0
SIDE_MARGIN = 1.4
END_MARGIN = 2.5
LINE_PITCH = 1.7
RULE_SPACE = 0.8
COLUMN_END = 17.5
"""Where a line's `column` ends, from the left edge."""


@dataclass(frozen=True)
class Field:
    """One printed field: what people annotate as one text.

    Attributes:
        text: What it says.
        box: ``(left, top, right, bottom)`` on the paper (px): the letters' width, and the height
            from ascender to descender, as annotators draw it.
        ignore: True where it was made unreadable.
    """

    text: str
    box: Box
    ignore: bool


def paper_size(lines: Sequence[Line]) -> tuple[float, float]:
    """Return ``(width, height)`` of the paper that these lines fill, in em."""
    return PAPER_WIDTH, 2 * END_MARGIN + sum(_advance(line) for line in lines)


def print_receipt(
    rng: np.random.Generator, lines: Sequence[Line], em_px: int
) -> tuple[Ink, list[Field]]:
    """Print the lines of a receipt.

    Args:
        rng: Decides which fields are unreadable, and how.
        lines: From top to bottom.
        em_px: Height of the body's letters (px).

    Returns:
        ``(height, width)`` uint8 ink, 255 where the paper is black, and the fields.
    """
    width, height = (round(side * em_px) for side in paper_size(lines))
    canvas = Image.new("L", (width, height), 0)
    placed = list(_place_lines(ImageDraw.Draw(canvas), lines, em_px, width))
    unreadable = rng.random(len(placed)) < UNREADABLE_SHARE
    ink = np.asarray(canvas).copy()
    fields = [
        Field(text, box, bool(bad)) for (text, box), bad in zip(placed, unreadable, strict=True)
    ]
    for field in fields:
        if field.ignore:
            spoil = smear if rng.random() < 0.5 else _strike
            spoil(ink, field.box)
    return ink, fields


def _advance(line: Line) -> float:
    return LINE_PITCH * line.scale + RULE_SPACE * line.ruled


def _place_lines(
    draw: ImageDraw.ImageDraw, lines: Sequence[Line], em_px: int, width: int
) -> Iterator[tuple[str, Box]]:
    """Draw line after line; yield each field with its box."""
    margin, top = SIDE_MARGIN * em_px, END_MARGIN * em_px
    for line in lines:
        font = load_font(round(em_px * line.scale))
        if line.ruled:
            _draw_rule(draw, margin, width - margin, top + RULE_SPACE * em_px / 2, em_px)
        baseline = top + _advance(line) * em_px - 0.4 * em_px * line.scale
        middle = (width - font.getlength(line.left)) / 2
        for text, left in (
            (line.left, middle if line.centred else margin),
            (line.column, COLUMN_END * em_px - font.getlength(line.column)),
            (line.right, width - margin - font.getlength(line.right)),
        ):
            if text:
                yield text, _draw_text(draw, text, left, baseline, font)
        top += _advance(line) * em_px


def _draw_rule(draw: ImageDraw.ImageDraw, left: float, right: float, y: float, em_px: int) -> None:
    for x in np.arange(left, right - em_px / 3, em_px * 0.6):
        draw.line((x, y, x + em_px / 3, y), fill=255, width=max(1, em_px // 14))


def draw_words(
    draw: ImageDraw.ImageDraw, text: str, left: float, baseline: float, font: ImageFont.FreeTypeFont
) -> Iterator[tuple[str, Box]]:
    """Draw one line; yield each word with its box, as `Field.box` is drawn."""
    for word in text.split():
        yield word, _draw_text(draw, word, left, baseline, font)
        left += font.getlength(word + " ")


def _draw_text(
    draw: ImageDraw.ImageDraw, text: str, left: float, baseline: float, font: ImageFont.FreeTypeFont
) -> Box:
    at = (round(left), round(baseline))
    draw.text(at, text, fill=255, font=font, anchor="ls")
    ink_left, ink_top, ink_right, ink_bottom = draw.textbbox(at, text, font=font, anchor="ls")
    # Letters from cap to baseline span 0.73 em; accents and commas may reach beyond the line.
    top = min(ink_top, at[1] - 0.82 * font.size)
    bottom = max(ink_bottom, at[1] + 0.2 * font.size)
    return int(ink_left) - 1, int(top), int(ink_right) + 1, int(np.ceil(bottom))


def smear(ink: Ink, box: Box) -> None:
    """Wipe a word sideways while the ink is wet, in place, past its own box."""
    left, top, right, bottom = box
    reach = (bottom - top) // 2
    rows = slice(max(0, top - reach), bottom + reach)
    columns = slice(max(0, left - reach), right + reach)
    wet = np.zeros_like(ink)[rows, columns]
    inside = (
        slice(top - rows.start, bottom - rows.start),
        slice(left - columns.start, right - columns.start),
    )
    wet[inside] = ink[top:bottom, left:right]
    ink[top:bottom, left:right] = 0
    wiped = cv2.GaussianBlur(wet, (0, 0), reach * 0.7, sigmaY=reach * 0.3)
    np.maximum(ink[rows, columns], wiped, out=ink[rows, columns])


def _strike(ink: Ink, box: Box) -> None:
    """Strike a word out with a broad pen, in place."""
    left, top, right, bottom = box
    height = bottom - top
    ends = ((left, top + height * 3 // 5), (right, top + height * 2 // 5))
    cv2.line(ink, *ends, 255, max(2, height * 2 // 5), cv2.LINE_AA)


@lru_cache(maxsize=64)
def load_font(size_px: int) -> ImageFont.FreeTypeFont:
    """Load Pillow's own font, the same on every machine."""
    font = ImageFont.load_default(size_px)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise RuntimeError("Pillow was built without FreeType: its scalable font is needed")
    return font
