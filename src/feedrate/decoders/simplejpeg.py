"""simplejpeg: libjpeg-turbo's own interface, without OpenCV's or Pillow's copies."""

from __future__ import annotations

from typing import cast

import simplejpeg

from feedrate.decoders import require_decodable
from feedrate.sample import Image

LIBRARY = "simplejpeg"
"""Whose code decodes; the exercise gate counts the calls into it."""


def decode(data: bytes, at_least: int | None = None) -> Image:
    """Decode JPEG at full size; see `feedrate.decoders.Decode`. PNG raises ValueError."""
    kind = require_decodable(data)
    if kind != "JPEG":
        raise ValueError(f"simplejpeg reads JPEG only, this is {kind}; use pillow or opencv")
    # Not strict: what libjpeg mends with a warning, Pillow and OpenCV accept without a word.
    return cast(Image, simplejpeg.decode_jpeg(data, "RGB", strict=False))
