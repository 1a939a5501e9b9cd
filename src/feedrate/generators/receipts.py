"""Receipt-like photographs from a seed: no download, and JPEGs as hard to decode as real ones.

Sizes, noise and texture are chosen so that a decoder works as long on them, per pixel, as on real
receipts; images that are too easy decode several times faster and make every other stage look big.
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
from feedrate.generators.till import write_lines

QUALITY = 90
SUBSAMPLING_420 = 2
MAX_WORDS = 120


def generate(
    directory: Path, count: int, seed: int, progress: Callable[[int], None] | None = None
) -> None:
    """Make `count` photographs with exact quads; the same seed gives the same bytes.

    Writes ``directory/images/*.jpg`` and ``directory/annotations.json`` (format ``seed_json``).

    Args:
        directory: Created where it is absent.
        count: Photographs.
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
    """Name the file of one photograph."""
    return f"receipt_{number:05}.jpg"


def _make(images: Path, seed: int, number: int) -> dict[str, Any]:
    cv2.setNumThreads(1)
    data, words = make_receipt(seed, number)
    write_bytes(images / receipt_name(number), data)
    return words


def make_receipt(seed: int, number: int) -> tuple[bytes, dict[str, Any]]:
    """Make one photograph.

    Returns:
        JPEG bytes (quality 90, 4:2:0), and its words as ``seed_json`` has them.
    """
    rng = np.random.default_rng([seed, number])
    megapixels, aspect = rng.uniform(1.0, 2.2), rng.uniform(1.25, 1.9)
    width = int(np.sqrt(megapixels * 1e6 / aspect)) // 2 * 2
    height = int(width * aspect) // 2 * 2
    lines = write_lines(rng, int(rng.integers(30, MAX_WORDS + 1)))
    across, down = paper_size(lines)
    em_px = int(min(width * rng.uniform(0.5, 0.9) / across, height * 0.93 / down))
    ink, words = print_receipt(rng, lines, em_px)
    picture, homography = photograph(rng, ink, width, height)
    stream = io.BytesIO()
    PillowImage.fromarray(picture).save(
        stream, "JPEG", quality=QUALITY, subsampling=SUBSAMPLING_420
    )
    return stream.getvalue(), {
        f"{place:04}": {
            "points": _quad(word.box, homography),
            "text": word.text,
            **({"ignore": True} if word.ignore else {}),
        }
        for place, word in enumerate(words, 1)
    }


def _quad(box: tuple[int, int, int, int], homography: Any) -> list[list[float]]:
    """Carry a word's box into the picture: clockwise from its top left corner, in pixels."""
    left, top, right, bottom = box
    corners = np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]], np.float64)
    quad = cv2.perspectiveTransform(corners, homography)[0]
    return [[round(float(x), 2), round(float(y), 2)] for x, y in quad]
