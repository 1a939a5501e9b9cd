"""Pillow: the decoder that most training code uses."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image

from feedrate.decoders import require_decodable
from feedrate.sample import Image

LIBRARY = "pillow"
"""Whose code decodes; the exercise gate counts the calls into it."""


def decode(data: bytes, at_least: int | None = None) -> Image:
    """Decode JPEG or PNG at full size; see `feedrate.decoders.Decode`."""
    kind = require_decodable(data)
    try:
        with PIL.Image.open(io.BytesIO(data), formats=(kind,)) as image:
            return np.asarray(image.convert("RGB"))
    except PIL.UnidentifiedImageError:
        # Its message holds a memory address, different in every run.
        raise ValueError(f"Pillow cannot identify this {kind}: its header is damaged") from None
    except (OSError, SyntaxError, PIL.Image.DecompressionBombError) as error:
        # Pillow's own words for damage; all of them are about the data, none about the system.
        raise ValueError(f"Pillow cannot decode this {kind}: {error}") from error
