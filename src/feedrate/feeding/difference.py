"""By how much pixels that were decoded smaller differ from those of the whole image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from feedrate.decoders import read_header
from feedrate.feeding.painting import resize
from feedrate.feeding.scratch import Scratch, decode_into
from feedrate.sample import Image, Sample
from feedrate.transforms.letterbox import Letterbox

COMPARED = 8
"""Images that are compared: spread over the dataset, and a fraction of a second."""


@dataclass(frozen=True)
class Difference:
    """Measured on resized pixels, padding apart, in grey levels of 0 to 255.

    Attributes:
        mean: Of the absolute difference of all values.
        largest: Of any value.
        compared: How many images.
        of: How many there are.
    """

    mean: float
    largest: int
    compared: int
    of: int

    def describe(self) -> str:
        """Say it in one line."""
        return (
            f"exact=False: pixels differ from exact ones by {self.mean:.2f} grey levels on average,"
            f" by {self.largest} at most ({self.compared} of {self.of} images compared); what that"
            " does to accuracy is untested"
        )


def measure_difference(samples: Sequence[Sample], image_size: int) -> Difference:
    """Compare both ways on some of the images.

    Raises:
        OSError: A file cannot be read.
        ValueError: A file cannot be decoded; the message names it.
    """
    count = min(COMPARED, len(samples))
    chosen = [samples[place * len(samples) // count] for place in range(count)]
    apart = [_differences(sample, image_size) for sample in chosen]
    sums, sizes, largest = (np.array(each) for each in zip(*apart, strict=True))
    return Difference(sums.sum() / sizes.sum(), int(largest.max()), count, len(samples))


def _differences(sample: Sample, size: int) -> tuple[float, int, int]:
    """Return sum, number and largest of the differences of one image."""
    data = sample.image_path.read_bytes()
    try:
        header = read_header(data)
        letterbox = Letterbox.of((header.height, header.width), size)
        exact, scaled = (_resized(data, letterbox, least) for least in (None, size))
    except ValueError as error:
        raise ValueError(f"{sample.image_path}: {error}") from error
    apart = np.abs(exact.astype(np.int16) - scaled)
    return float(apart.sum()), apart.size, int(apart.max())


def _resized(data: bytes, letterbox: Letterbox, at_least: int | None) -> Image:
    image = decode_into(data, read_header(data), at_least, Scratch())
    return resize(image, np.empty((letterbox.height, letterbox.width, 3), np.uint8))
