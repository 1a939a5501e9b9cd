"""simplejpeg: libjpeg-turbo's own interface, without OpenCV's or Pillow's copies."""

from __future__ import annotations

from typing import cast

import simplejpeg

from feedrate.decoders import choose_divisor, divide, require_jpeg
from feedrate.sample import Image

LIBRARY = "simplejpeg"
"""Whose code decodes; the exercise gate counts the calls into it."""


def decode(data: bytes, at_least: int | None = None) -> Image:
    """Decode JPEG at full size; see `feedrate.decoders.Decode`. PNG raises ValueError."""
    require_jpeg(data, LIBRARY)
    return _decode(data)


def decode_scaled(data: bytes, at_least: int | None = None) -> Image:
    """Decode JPEG as small as is enough; see `feedrate.decoders.Decode`. PNG raises ValueError."""
    header = require_jpeg(data, LIBRARY)
    divisor = choose_divisor(header, at_least)
    if divisor == 1:
        return _decode(data)
    # Least sizes of both sides make it scale; one of them alone, or `min_factor`, changes nothing.
    width, height = divide(header.width, divisor), divide(header.height, divisor)
    return _decode(data, min_width=width, min_height=height)


def _decode(data: bytes, **least: int) -> Image:
    # Not strict: what libjpeg mends with a warning, Pillow and OpenCV accept without a word.
    return cast(Image, simplejpeg.decode_jpeg(data, "RGB", strict=False, **least))
