"""What a receipt says and where its words stand, as ink on flat paper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Ink = npt.NDArray[np.uint8]

SHOPS = (
    "CORNER BAKERY",
    "NORTH STAR MART",
    "GREEN LEAF GROCER",
    "HARBOUR HARDWARE",
    "CITY PHARMACY",
)
STREETS = ("Mill Road", "Station Street", "Jalan Besar", "Queen's Parade", "Old Market Lane")
GOODS = (
    *("MILK 1L", "RYE BREAD", "EGGS x12", "BUTTER 250G", "TOMATO", "COFFEE BEANS", "ORANGE JUICE"),
    *(
        "SOAP",
        "A4 PAPER",
        "WOOD SCREW 4x40",
        "PAINT BRUSH",
        "LED BULB 9W",
        "BATTERY AA",
        "RICE 5KG",
    ),
    *("CHICKEN", "GREEN TEA", "NOODLES", "ASPIRIN 20", "TOOTHPASTE", "DOG FOOD", "CHOCOLATE BAR"),
)
GREETINGS = ("THANK YOU, PLEASE COME AGAIN", "GOODS SOLD ARE NOT RETURNABLE", "HAVE A NICE DAY")

UNREADABLE_SHARE = 0.05
"""Words smeared or struck out, annotated as ignored."""


PITCH = 1.4
"""Height of a line in sizes of its font."""

PADDING = 0.14
"""An annotator's box leaves some paper around the ink, in sizes of the font."""


@dataclass(frozen=True)
class Word:
    """One printed word.

    Attributes:
        text: What it says.
        box: ``(left, top, right, bottom)`` on the paper (px), with a little paper around the ink.
        ignore: True where it was made unreadable.
    """

    text: str
    box: tuple[int, int, int, int]
    ignore: bool


@dataclass(frozen=True)
class _Line:
    """Words that stand left, and words that stand right."""

    left: str
    right: str = ""
    scale: float = 1.0
    centred: bool = False


def print_receipt(
    rng: np.random.Generator, width: int, height: int, words: int
) -> tuple[Ink, list[Word]]:
    """Print a receipt of about `words` words.

    Args:
        rng: Decides everything.
        width: Of the paper (px).
        height: Of the paper (px).
        words: Wanted; fewer where the paper is full.

    Returns:
        ``(height, width)`` uint8 ink, 255 where the paper is black, and the words.
    """
    lines = _choose_lines(rng, words)
    body_px = int(
        np.clip(height * 0.94 / sum(line.scale * PITCH for line in lines), 14, width / 18)
    )
    canvas = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(canvas)
    placed = list(_place_lines(draw, lines, body_px, (width, height)))
    unreadable = rng.random(len(placed)) < UNREADABLE_SHARE
    ink = np.asarray(canvas).copy()
    found = [
        Word(text, box, bool(bad)) for (text, box), bad in zip(placed, unreadable, strict=True)
    ]
    for word in found:
        if word.ignore:
            _spoil(rng, ink, word.box)
    return ink, found


def _choose_lines(rng: np.random.Generator, words: int) -> list[_Line]:
    """A shop's heading, as many goods as make up the words, and the sum."""
    number = int(rng.integers(1, 400))
    lines = [
        _Line(str(rng.choice(SHOPS)), scale=1.5, centred=True),
        _Line(f"{number} {rng.choice(STREETS)}", centred=True),
        _Line(f"TEL {rng.integers(10**6, 10**7)}", centred=True),
        _Line(f"{rng.integers(1, 29):02}/{rng.integers(1, 13):02}/2024", f"NO. {number:05}"),
    ]
    tail = [_Line("TOTAL", f"{rng.uniform(5, 300):.2f}", scale=1.3), _Line("CASH", "300.00")]
    tail += [_Line(str(rng.choice(GREETINGS)), centred=True)]
    used = sum(_count(line) for line in (*lines, *tail))
    while used < words:
        lines.append(_Line(str(rng.choice(GOODS)), f"{rng.uniform(0.5, 80):.2f}"))
        used += _count(lines[-1])
    return [*lines, *tail]


def _count(line: _Line) -> int:
    return len(line.left.split()) + len(line.right.split())


def _place_lines(
    draw: ImageDraw.ImageDraw, lines: list[_Line], body_px: int, size: tuple[int, int]
) -> Iterator[tuple[str, tuple[int, int, int, int]]]:
    """Draw line after line; yield each word with its box until the paper is full."""
    width, height = size
    margin, top = int(width * 0.06), int(height * 0.03)
    for line in lines:
        font = _font(int(body_px * line.scale))
        if top + body_px * line.scale * 1.4 > height:
            return
        left = margin
        if line.centred:
            left = max(margin, int(width - font.getlength(line.left)) // 2)
        yield from _draw_words(draw, line.left, left, top, font)
        right = int(width - margin - font.getlength(line.right))
        yield from _draw_words(draw, line.right, right, top, font)
        top += int(body_px * line.scale * PITCH)


def _draw_words(
    draw: ImageDraw.ImageDraw, text: str, left: int, top: int, font: ImageFont.FreeTypeFont
) -> Iterator[tuple[str, tuple[int, int, int, int]]]:
    for word in text.split():
        draw.text((left, top), word, fill=255, font=font)
        ink, pad = draw.textbbox((left, top), word, font=font), round(font.size * PADDING)
        box = (int(ink[0]) - pad, int(ink[1]) - pad, int(ink[2]) + pad, int(ink[3]) + pad)
        yield word, box
        left += int(font.getlength(word + " "))


def _spoil(rng: np.random.Generator, ink: Ink, box: tuple[int, int, int, int]) -> None:
    """Make a word unreadable, in place: smear it, or strike it out."""
    left, top, right, bottom = box
    part = ink[top:bottom, left:right]
    if rng.random() < 0.5:
        cv2.GaussianBlur(part, (0, 0), max(2.0, (bottom - top) / 4), dst=part)
    else:
        middle = (bottom - top) // 2
        cv2.line(part, (0, middle), (right - left, middle), 255, max(2, (bottom - top) // 3))


@lru_cache(maxsize=64)
def _font(size_px: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size_px)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise RuntimeError("Pillow was built without FreeType: its scalable font is needed")
    return font
