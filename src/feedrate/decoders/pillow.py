"""Pillow, the decoder that most training code uses: whole, and scaled by its ``draft``."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image

from feedrate.decoders import Header, choose_divisor, read_header
from feedrate.sample import Image

LIBRARY = "pillow"
"""Whose code decodes; the exercise gate counts the calls into it."""


def decode(data: bytes, at_least: int | None = None) -> Image:
    """Decode JPEG or PNG at full size; see `feedrate.decoders.Decode`."""
    return _decode(data, read_header(data), 1)


def decode_draft(data: bytes, at_least: int | None = None) -> Image:
    """Decode a JPEG as small as is enough, a PNG whole; see `feedrate.decoders.Decode`."""
    header = read_header(data)
    return _decode(data, header, choose_divisor(header, at_least))


def _decode(data: bytes, header: Header, divisor: int) -> Image:
    kind = header.kind
    try:
        with PIL.Image.open(io.BytesIO(data), formats=(kind,)) as image:
            if divisor > 1:
                # It divides both sides by the largest of 1, 2, 4, 8 that leaves this size or more;
                # an image of fewer pixels than that across is divided less.
                width, height = image.size
                image.draft(None, (max(width // divisor, 1), max(height // divisor, 1)))
            return np.asarray(image.convert("RGB"))
    except PIL.UnidentifiedImageError:
        # Its message holds a memory address, different in every run.
        raise ValueError(f"Pillow cannot identify this {kind}: its header is damaged") from None
    except (OSError, SyntaxError, PIL.Image.DecompressionBombError) as error:
        # Pillow's own words for damage; all of them are about the data, none about the system.
        raise ValueError(f"Pillow cannot decode this {kind}: {error}") from error
