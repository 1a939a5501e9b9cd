"""Checks on the image file of a sample: it is read once, hashed and decoded in full."""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
from collections.abc import Iterator

import PIL.Image

from feedrate.decoders.pillow import decode
from feedrate.sample import Sample
from feedrate.validation.polygons import Trouble

ORIENTATION_TAG = 0x0112
TURNED = range(2, 9)
"""Orientations that turn or mirror an image; other values mean nothing to any viewer."""


def check_image(sample: Sample) -> tuple[str, list[Trouble]]:
    """Look at one image file.

    Returns:
        SHA-256 of its bytes (empty where it cannot be read), and what is wrong with it.
    """
    try:
        data = sample.image_path.read_bytes()
    except OSError as error:
        return "", [("unreadable_image", f"cannot be read: {error.strerror}")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # large but allowed, or odd metadata: decoding decides
        return hashlib.sha256(data).hexdigest(), list(_check_content(sample, data))


def _check_content(sample: Sample, data: bytes) -> Iterator[Trouble]:
    try:
        height, width, _ = decode(data).shape
    except ValueError as error:
        yield "unreadable_image", str(error)
        return
    stated = {"its annotation": sample.declared_size, "the index": (sample.width, sample.height)}
    for source, size in stated.items():
        if size not in (None, (width, height)):
            message = f"{source} says {size[0]} x {size[1]}, the image is {width} x {height}"
            yield "size_mismatch", message
    orientation = _orientation(data)
    if orientation in TURNED:
        message = f"orientation {orientation}; turn the pixels, remove the tag, check the polygons"
        yield "exif_orientation", message


def _orientation(data: bytes) -> int:
    try:
        with PIL.Image.open(io.BytesIO(data)) as image:
            value = image.getexif().get(ORIENTATION_TAG, 1)
    except (OSError, SyntaxError, ValueError, struct.error):
        return 1  # metadata that cannot be read turn an image in no viewer
    return value if isinstance(value, int) else 1
