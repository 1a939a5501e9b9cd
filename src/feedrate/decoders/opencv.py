"""OpenCV's ``imdecode``."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from feedrate.decoders import require_decodable
from feedrate.sample import Image

LIBRARY = "opencv"
"""Whose code decodes; the exercise gate counts the calls into it."""

FLAGS = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION


def decode(data: bytes, at_least: int | None = None) -> Image:
    """Decode JPEG or PNG at full size; see `feedrate.decoders.Decode`."""
    kind = require_decodable(data)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), FLAGS)
    except cv2.error as error:
        raise ValueError(f"OpenCV cannot decode this {kind}: {error.err}") from error
    if image is None:  # OpenCV's way of saying so; its reason stands on stderr
        raise ValueError(f"OpenCV cannot decode this {kind}: imdecode returned nothing")
    return cast(Image, image)
