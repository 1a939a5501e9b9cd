"""What a validation is told: how large an image may be, and what its texts will become."""

from __future__ import annotations

from dataclasses import dataclass

from feedrate.decoders import MAX_PIXELS
from feedrate.targets.params import DEFAULT_PARAMS, TargetParams

MAX_MEGAPIXELS = MAX_PIXELS / 1e6


@dataclass(frozen=True)
class Limits:
    """The settings of a validation.

    Attributes:
        max_megapixels: Larger images are refused before memory is taken for their pixels.
        header_only: Read no image beyond its header: nothing is decoded, no twins are found.
        image_size: Longer side of the detector's input in pixels, the side of its square maps.
        params: How the target maps are made.

    Raises:
        ValueError: A value is out of its range.
    """

    max_megapixels: float = MAX_MEGAPIXELS
    header_only: bool = False
    image_size: int = 640
    params: TargetParams = DEFAULT_PARAMS

    def __post_init__(self) -> None:
        if not 0 < self.max_megapixels <= MAX_MEGAPIXELS:
            raise ValueError(
                f"max_megapixels is {self.max_megapixels}, must be above 0 and at most"
                f" {MAX_MEGAPIXELS}, where the decoders stop"
            )
        if self.image_size < 1:
            raise ValueError(f"image_size is {self.image_size}, must be 1 or more pixels")
