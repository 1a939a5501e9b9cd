"""What the decoders make of one file: the same pixels all of them, or a reason why not."""

from __future__ import annotations

import hashlib
import io
from functools import cache

import numpy as np
import PIL.Image

from feedrate.registry import resolve
from feedrate.sample import Image
from feedrate.validation.findings import Trouble, visible

ROWS_AT_ONCE = 256
"""Of two images that differ: their differences are counted in strips, not in a third image."""

JUDGES = ("pillow", "opencv", "simplejpeg")
"""Decoders of the libraries that are always installed, one each, so that no finding depends on what
else is. At full size the others of these libraries decode with the same code."""


def decode_with_all(data: bytes, kind: str) -> tuple[str, list[Trouble]]:
    """Decode a JPEG or PNG with each of the `JUDGES` that reads its kind.

    Two images are in memory at a time, whatever the number of decoders.

    Returns:
        `digest_pixels` of what the first decoder delivered (empty where none did), and what is
        wrong: all refuse it, or they disagree.
    """
    reference: Image | None = None
    agreeing, refusals, others = list[str](), dict[str, str](), list[str]()
    for name in (name for name in JUDGES if _reads(name, kind)):
        try:
            image = resolve("decoders", name)(data)
        except ValueError as error:
            refusals[name] = visible(str(error))
            continue
        reference = image if reference is None else reference
        difference = _difference(reference, image)
        del image  # before the next one is decoded
        agreeing += [] if difference else [name]
        others += [f"{name} {difference}"] if difference else []
    if reference is None:
        return "", [_refusal(next(iter(refusals.values())))]
    told = [f"{name} refuses it: {reason}" for name, reason in refusals.items()] + others
    message = f"read by {' and '.join(agreeing)}, but {'; '.join(told)}"
    return digest_pixels(reference), [("decoders_disagree", message)] if told else []


def digest_pixels(image: Image) -> str:
    """Hash the shape and the pixels of an image."""
    digest = hashlib.blake2b(repr(image.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()


@cache
def _reads(decoder: str, kind: str) -> bool:
    """Tell whether a decoder is meant for this kind at all: it reads a sound file of it."""
    stream = io.BytesIO()
    PIL.Image.new("RGB", (16, 16)).save(stream, kind)
    try:
        resolve("decoders", decoder)(stream.getvalue())
    except ValueError:
        return False
    return True


def _difference(one: Image, other: Image) -> str:
    if one is other:
        return ""
    if one.shape != other.shape:
        return f"delivers {other.shape[1]} x {other.shape[0]}, not {one.shape[1]} x {one.shape[0]}"
    total, largest = 0, 0
    if np.array_equal(one, other):
        return ""
    for top in range(0, len(one), ROWS_AT_ONCE):
        rows = slice(top, top + ROWS_AT_ONCE)
        strip = np.abs(one[rows].astype(np.int16) - other[rows])
        total, largest = total + int(strip.sum(dtype=np.int64)), max(largest, int(strip.max()))
    return f"delivers other pixels (mean difference {total / one.size:.3g}, largest {largest})"


def _refusal(reason: str) -> Trouble:
    cut = reason.startswith("truncated")  # as feedrate.decoders says it
    return ("truncated_image" if cut else "unreadable_image"), reason
