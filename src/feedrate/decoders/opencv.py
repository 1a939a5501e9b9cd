"""OpenCV's ``imdecode``: whole, and scaled by ``IMREAD_REDUCED_COLOR``."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from feedrate.decoders import Header, choose_divisor, read_header
from feedrate.sample import Image

LIBRARY = "opencv"
"""Whose code decodes; the exercise gate counts the calls into it."""

FLAGS = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
REDUCED = {
    1: 0,
    2: cv2.IMREAD_REDUCED_COLOR_2 ^ cv2.IMREAD_COLOR,
    4: cv2.IMREAD_REDUCED_COLOR_4 ^ cv2.IMREAD_COLOR,
    8: cv2.IMREAD_REDUCED_COLOR_8 ^ cv2.IMREAD_COLOR,
}
"""The flag that divides both sides by a number, without its colour: that is one of `FLAGS`."""


def decode(data: bytes, at_least: int | None = None) -> Image:
    """Decode JPEG or PNG at full size; see `feedrate.decoders.Decode`."""
    return _decode(data, read_header(data), 1)


def decode_reduced(data: bytes, at_least: int | None = None) -> Image:
    """Decode a JPEG as small as is enough, a PNG whole; see `feedrate.decoders.Decode`."""
    header = read_header(data)
    return _decode(data, header, choose_divisor(header, at_least))


def _decode(data: bytes, header: Header, divisor: int) -> Image:
    kind = header.kind
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), FLAGS | REDUCED[divisor])
    except cv2.error as error:
        raise ValueError(f"OpenCV cannot decode this {kind}: {error.err}") from error
    if image is None:  # OpenCV's way of saying so; its reason stands on stderr
        raise ValueError(f"OpenCV cannot decode this {kind}: imdecode returned nothing")
    return cast(Image, image)
