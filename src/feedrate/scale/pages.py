"""Pages with as many words and pixels as wanted, otherwise like a scanned receipt."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage
from PIL import ImageDraw

from feedrate.files import write_bytes
from feedrate.generators.lettering import draw_words, load_font
from feedrate.generators.receipts import SCAN_QUALITY, SUBSAMPLING_420
from feedrate.generators.scan import scan
from feedrate.sample import Polygon, Sample, TextInstance

WORDS = ("MILK", "BREAD", "EGGS", "SOAP", "RICE", "BULB", "12.50", "0.95", "TOTAL", "CASH")
ASPECT = 2.0
"""Height over width: a receipt's."""
PAPER_SHARE = 0.94
"""Of the picture's sides, covered by the paper."""
COLUMN_EM, LINE_EM = 3.6, 1.35
"""What a word takes, in heights of a letter: so tight that of 400 words each is still 9 px high on
a side of 640, above what the maps' rules leave out as too small."""


def write_pages(folder: Path, words: int, megapixels: float, count: int, seed: int) -> list[Sample]:
    """Make `count` pages with so many words each; the same seed gives the same bytes.

    Args:
        folder: Created where it is absent.
        words: Of a page.
        megapixels: Of a page.
        count: Pages.
        seed: Of everything.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return [_write_page(folder, words, megapixels, seed, number) for number in range(count)]


def _write_page(folder: Path, words: int, megapixels: float, seed: int, number: int) -> Sample:
    rng = np.random.default_rng([seed, words, round(100 * megapixels), number])
    width = round(math.sqrt(megapixels * 1e6 / ASPECT))
    height = round(width * ASPECT)
    ink, boxes = _print(rng, words, round(width * PAPER_SHARE), round(height * PAPER_SHARE))
    picture, homography = scan(rng, ink, width, height)
    stream = io.BytesIO()
    PillowImage.fromarray(picture).save(
        stream, "JPEG", quality=SCAN_QUALITY, subsampling=SUBSAMPLING_420
    )
    path = folder / f"page_{words}_{megapixels:g}_{number:04}.jpg"
    write_bytes(path, stream.getvalue())
    instances = tuple(TextInstance(_corners(box, homography), text=text) for text, box in boxes)
    return Sample(path.name, path, width, height, instances)


def _print(
    rng: np.random.Generator, words: int, width: int, height: int
) -> tuple[npt.NDArray[np.uint8], list[tuple[str, Any]]]:
    """Print words in rows and columns that fill the paper."""
    columns = max(1, round(math.sqrt(words * LINE_EM / (ASPECT * COLUMN_EM))))
    rows = math.ceil(words / columns)
    font = load_font(int(min(width / columns / COLUMN_EM, height / rows / LINE_EM)))
    canvas = PillowImage.new("L", (width, height), 0)
    draw = ImageDraw.Draw(canvas)

    def place() -> Iterator[tuple[str, Any]]:
        for number, word in enumerate(rng.choice(WORDS, words)):
            row, column = divmod(number, columns)
            left, baseline = column * width / columns + 2, (row + 0.85) * height / rows
            yield from draw_words(draw, str(word), left, baseline, font)

    boxes = list(place())
    return np.asarray(canvas), boxes


def _corners(box: tuple[int, int, int, int], homography: Any) -> Polygon:
    """Where a box of the paper lies on the scan: ``(4, 2)``, clockwise from the top left."""
    left, top, right, bottom = box
    corners = np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]], np.float64)
    return np.asarray(cv2.perspectiveTransform(corners, homography)[0], np.float64)
