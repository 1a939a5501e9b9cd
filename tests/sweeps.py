"""A fabricated sweep of sizes: costs of known exponents, caches of known size."""

from __future__ import annotations

from typing import Any

IMAGE_BYTES = {"disk": 0.0, "ram": 600e3, "decoded_ram": 1288490.0}
COSTS = {
    ("read", ""): (0.1, 0.0, 0.5),
    ("decode", "pillow"): (8.0, 0.0, 1.0),
    ("decode", "simplejpeg"): (4.0, 0.0, 1.0),
    ("transform", ""): (3.0, 0.0, 0.1),
    ("filter", ""): (0.001, 0.5, 0.0),
    ("targets", "reference"): (0.4, 1.0, 0.0),
    ("targets", "kernel"): (0.1, 0.5, 0.0),
}
"""A stage and level: milliseconds at one of each, exponents of words and of megapixels."""


def make_sweep(memory_gib: int = 24) -> dict[str, Any]:
    return {
        "schema": 1,
        "levels": {},
        "image_size": 640,
        "costs": [
            {
                "words": words,
                "megapixels": megapixels,
                "stage": stage,
                "level": level,
                "ms": [ms * words**by_words * megapixels**by_pixels * wobble for wobble in WOBBLE],
            }
            for words in (20, 100, 400)
            for megapixels in (1.0, 4.0, 12.0)
            for (stage, level), (ms, by_words, by_pixels) in COSTS.items()
        ],
        "caches": [_cache(images, count) for count in (100, 1000) for images in IMAGE_BYTES]
        + [{"images": "decoded_ram", "count": 10_000, "skipped": "too large"}],
        "machine": {"machine_id": "1234e56789ab", "memory_gib": memory_gib},
    }


WOBBLE = (0.99, 1.0, 1.01)


def _cache(images: str, count: int) -> dict[str, Any]:
    return {
        "images": images,
        "count": count,
        "preload_s": 0.01 * count,
        "epoch_s": 0.02 * count,
        "pss_bytes": 400e6 + count * IMAGE_BYTES[images],
    }
