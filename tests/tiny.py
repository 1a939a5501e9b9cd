"""A dataset small enough for any test: noisy pictures with a few quads, indexed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from feedrate.index import write_index
from feedrate.sample import Sample, TextInstance

QUAD = np.array([[10.0, 10.0], [70.0, 12.0], [70.0, 34.0], [10.0, 32.0]])


def make_samples(folder: Path, count: int = 6) -> list[Sample]:
    """Write `count` JPEG files of different sizes, each with two quads, one of them ignored."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    samples = []
    for number in range(count):
        width, height = 120 + 8 * number, 160
        pixels = (
            rng.integers(0, 255, (height // 8, width // 8, 3), np.uint8).repeat(8, 0).repeat(8, 1)
        )
        path = folder / f"picture_{number}.jpg"
        Image.fromarray(pixels).save(path, quality=90)
        lower = TextInstance(np.add(QUAD, [0, 60]), ignore=True)
        instances = (TextInstance(QUAD, text="total"), lower)
        samples.append(Sample(path.name, path, pixels.shape[1], pixels.shape[0], instances))
    return samples


def make_index(folder: Path, count: int = 6) -> Path:
    """Write the samples and their index."""
    path = folder / "accepted.parquet"
    write_index(path, make_samples(folder / "images", count))
    return path
