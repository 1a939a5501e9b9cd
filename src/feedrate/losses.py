"""What is lost on the way to the network's input: height of texts, and grey levels.

No clock runs here. The grey levels are those of the cheap ways to resize beside a careful one: the
whole image decoded, and every pixel of it averaged (OpenCV's ``INTER_AREA``), at the same size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from feedrate.geometry import shorter_side
from feedrate.index import Index, read_places
from feedrate.pipeline import decode_sample
from feedrate.registry import resolve
from feedrate.sample import Image, Sample
from feedrate.transforms import build_transform
from feedrate.transforms.letterbox import Letterbox

SCHEMA = 1
SIZES = frozenset({640, 512, 320})
"""Sides of the square input (px), besides the study's own."""

HEIGHTS_PX = (8, 4)
"""Texts below the first are not taught, unless a study says otherwise; the second is half of it."""

IMAGES = 32
"""Images whose grey levels are compared, spread over the dataset; heights are those of all."""


class Way(NamedTuple):
    """How an image comes to its size.

    Attributes:
        decoder: Its level.
        transform: Its level.
    """

    decoder: str
    transform: str


CAREFUL = Way("pillow", "opencv:area")
"""What the others are held against."""

WAYS = (
    *(Way("pillow", transform) for transform in ("opencv", "opencv:cubic", "torch_antialias")),
    *(Way("pillow_draft", transform) for transform in ("opencv", "opencv:area")),
    *(Way(decoder, "opencv") for decoder in ("opencv_reduced", "simplejpeg_scaled")),
)
"""Decoders and transforms that deliver other pixels than the careful way."""

Counts = npt.NDArray[np.int64]
"""``(256,)``: how many values differ by 0, 1, ... 255 grey levels."""


def measure_losses(
    dataset: str, index: Path, sizes: Iterable[int], progress: Callable[[int, int], None]
) -> dict[str, Any]:
    """Measure what is lost of a dataset.

    Args:
        dataset: Its name.
        index: Its accepted samples.
        sizes: Sides of the square input (px), besides `SIZES`.
        progress: Told the number of images done and to do.

    Returns:
        The content of ``results/losses/{dataset}.json``: of each size the heights of texts, and of
        each size and way the difference to the careful one.
    """
    samples, sides = Index(index), sorted({*SIZES, *sizes}, reverse=True)
    heights = relative_heights(samples)
    chosen = read_places(index, spread_places(len(samples), IMAGES))
    tried = [(way, side) for side in sides for way in WAYS]
    seen = list[list[Counts | None]]()
    for number, sample in enumerate(chosen):
        progress(number, len(chosen))
        seen.append(compare_sample(sample, tried))
    progress(len(chosen), len(chosen))
    return {
        "schema": SCHEMA,
        "dataset": dataset,
        "samples": len(samples),
        "texts": len(heights),
        "careful": CAREFUL._asdict(),
        "heights": [{"size": side, **describe_heights(heights * side)} for side in sides],
        "ways": [
            {**way._asdict(), "size": side, **describe_differences([row[place] for row in seen])}
            for place, (way, side) in enumerate(tried)
        ],
    }


def relative_heights(samples: Iterable[Sample]) -> npt.NDArray[np.float64]:
    """Return the height of every text that is not ignored, as a share of its image's longer side.

    The height is the shorter side of the bounding box, by which the maps judge a text as well.
    """
    return np.array(
        [
            shorter_side(item.polygon) / max(sample.width, sample.height)
            for sample in samples
            for item in sample.instances
            if not item.ignore and len(item.polygon) >= 3 and np.isfinite(item.polygon).all()
        ],
        np.float64,
    )


def describe_heights(heights: npt.NDArray[np.float64]) -> dict[str, float | None]:
    """Sum up heights in pixels: the median, and the share below each of `HEIGHTS_PX`.

    Where there is no text, each of them is None.
    """
    known = len(heights) > 0
    shares = {
        f"below_{least}_share": float((heights < least).mean()) if known else None
        for least in HEIGHTS_PX
    }
    return {"median_px": float(np.median(heights)) if known else None, **shares}


def compare_sample(sample: Sample, tried: Sequence[tuple[Way, int]]) -> list[Counts | None]:
    """Bring one image to size in every way, and count how far each is from the careful one.

    Args:
        sample: The image.
        tried: Ways, each with the side of the square (px).

    Returns:
        One for each way; None where its decoder does not read the image, as PNG by one of JPEG.
    """
    data, frame = sample.image_path.read_bytes(), (sample.height, sample.width)
    whole = decode_sample(sample, resolve("decoders", CAREFUL.decoder), data)

    def fit(way: Way, side: int) -> Image:
        image = whole
        if way.decoder != CAREFUL.decoder:
            image = decode_sample(sample, resolve("decoders", way.decoder), data, side)
        square = build_transform(way.transform, side).fit(image, [], frame).image
        return Letterbox.of(frame, side).inside(square)

    careful = {side: fit(CAREFUL, side) for _, side in tried}
    counted = list[Counts | None]()
    for way, side in tried:
        try:
            counted.append(count_differences(fit(way, side), careful[side]))
        except ValueError:
            counted.append(None)
    return counted


def count_differences(one: Image, other: Image) -> Counts:
    """Count the values of two images by how many grey levels they lie apart."""
    apart = np.maximum(one, other) - np.minimum(one, other)
    return np.bincount(apart.ravel(), minlength=256)


def describe_differences(seen: Sequence[Counts | None]) -> dict[str, float | None]:
    """Sum up the differences of several images, all values together.

    Returns:
        ``images`` compared and ``refused``; the ``mean`` difference, its 99th percentile ``p99``
        and its ``max`` in grey levels, None where nothing was compared.
    """
    compared = [counts for counts in seen if counts is not None]
    found: dict[str, float | None] = {
        "images": len(compared),
        "refused": len(seen) - len(compared),
    }
    counts = np.sum([np.zeros(256, np.int64), *compared], axis=0)
    total = int(counts.sum())
    if not total:
        return found | dict.fromkeys(("mean", "p99", "max"))
    return found | {
        "mean": float(counts @ np.arange(256)) / total,
        "p99": int(np.searchsorted(np.cumsum(counts), 0.99 * total)),
        "max": int(np.flatnonzero(counts)[-1]),
    }


def spread_places(count: int, most: int) -> list[int]:
    """Choose places of an index, as far from each other as can be: at most so many."""
    chosen = min(count, most)
    return [place * count // chosen for place in range(chosen)]
