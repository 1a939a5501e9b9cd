"""Scans of receipts from a seed: no download, and files as hard to read and to decode as real ones.

Sizes, number of texts, print, grain and JPEG settings follow the first 200 receipts of SROIE
(``feedrate compare-datasets`` measures both; docs/records/likeness.json keeps what it found). As
there, most are flat scans of nearly white paper, stored as RGB at quality 100 with 4:2:0 chroma,
and each field of text is annotated with the upright rectangle of whole pixels around it.
Images that are too easy decode several times faster and make every other stage look big.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image as PillowImage

from feedrate.files import write_bytes, write_text
from feedrate.generators.lettering import paper_size, print_receipt
from feedrate.generators.photograph import photograph
from feedrate.generators.scan import scan
from feedrate.generators.till import FEWEST_FIELDS, MOST_FIELDS, write_lines

SUBSAMPLING_420 = 2
"""Of all 200 files; none is progressive."""
SCAN_QUALITY, PHOTOGRAPH_QUALITY = 100, 94
"""Pillow's names for the quantisation tables of 180 and of 18 of the 200 files."""
PHOTOGRAPH_SHARE = 0.05
"""Receipts photographed on a table instead of scanned; of the 200 a handful, mostly on black."""
FIELDS_MEDIAN, FIELDS_SPREAD = 47, 0.28
"""Median, and standard deviation of the logarithm: a tenth below 33, a tenth above 67."""
MEGAPIXELS = (0.6, 2.1)
LARGE_SHARE, LARGE_MEGAPIXELS = 0.03, (2.1, 4.0)
"""The 200 files have 0.7 to 2.0 megapixels, nine in ten of them; larger than 4 would cost more
time to make than they teach (one of the 200 has 35)."""


def generate(
    directory: Path, count: int, seed: int, progress: Callable[[int], None] | None = None
) -> None:
    """Make `count` pictures with exact rectangles; the same seed gives the same bytes.

    Writes ``directory/images/*.jpg`` and ``directory/annotations.json`` (format ``seed_json``).

    Args:
        directory: Created where it is absent.
        count: Pictures.
        seed: Of everything; an image depends on it and its own number only.
        progress: Told the number of images done.
    """
    images = directory / "images"
    images.mkdir(parents=True, exist_ok=True)
    entries: dict[str, Any] = {}
    processes = min(count, len(os.sched_getaffinity(0)))
    # Spawned, not forked: libraries of the caller may hold threads that a fork would not survive.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for words in pool.map(partial(_make, images, seed), range(count), chunksize=4):
            entries[receipt_name(len(entries))] = {"words": words}
            if progress:
                progress(len(entries))
    write_text(directory / "annotations.json", json.dumps({"images": entries}, indent=None))


def receipt_name(number: int) -> str:
    """Name the file of one picture."""
    return f"receipt_{number:05}.jpg"


def _make(images: Path, seed: int, number: int) -> dict[str, Any]:
    cv2.setNumThreads(1)
    data, words = make_receipt(seed, number)
    write_bytes(images / receipt_name(number), data)
    return words


def make_receipt(seed: int, number: int) -> tuple[bytes, dict[str, Any]]:
    """Make one scan, or now and then a photograph.

    Returns:
        JPEG bytes (4:2:0), and its fields as ``seed_json`` has them.
    """
    rng = np.random.default_rng([seed, number])
    fields = round(FIELDS_MEDIAN * np.exp(rng.normal(0, FIELDS_SPREAD)))
    lines = write_lines(rng, int(np.clip(fields, FEWEST_FIELDS, MOST_FIELDS)))
    width, height, em_px = _choose_size(rng, *paper_size(lines))
    ink, printed = print_receipt(rng, lines, em_px)
    photographed = bool(rng.random() < PHOTOGRAPH_SHARE)
    picture, homography = (photograph if photographed else scan)(rng, ink, width, height)
    stream = io.BytesIO()
    quality = PHOTOGRAPH_QUALITY if photographed else SCAN_QUALITY
    PillowImage.fromarray(picture).save(
        stream, "JPEG", quality=quality, subsampling=SUBSAMPLING_420
    )
    return stream.getvalue(), {
        f"{place:04}": {
            "points": _rectangle(field.box, homography),
            "text": field.text,
            **({"ignore": True} if field.ignore else {}),
        }
        for place, field in enumerate(printed, 1)
    }


def _choose_size(rng: np.random.Generator, across: float, down: float) -> tuple[int, int, int]:
    """Choose the picture's width and height (px) and the letters' height for a paper in em."""
    megapixels = rng.uniform(*(LARGE_MEGAPIXELS if rng.random() < LARGE_SHARE else MEGAPIXELS))
    aspect = down / across * rng.uniform(0.85, 1.15)
    width = int(np.sqrt(megapixels * 1e6 / aspect))
    height = int(width * aspect)
    return width, height, int(min(width / across, height / down) * rng.uniform(0.86, 0.98))


def _rectangle(box: tuple[int, int, int, int], homography: Any) -> list[list[int]]:
    """Bound a field in the picture: clockwise from the top left corner, in whole pixels."""
    left, top, right, bottom = box
    corners = np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]], np.float64)
    seen = cv2.perspectiveTransform(corners, homography)[0]
    (x, y), (end_x, end_y) = np.floor(seen.min(axis=0)), np.ceil(seen.max(axis=0))
    return [[int(x), int(y)], [int(end_x), int(y)], [int(end_x), int(end_y)], [int(x), int(end_y)]]
