"""Codecs: file formats of stored maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from feedrate.sample import Polygon
from feedrate.targets.params import TargetParams, Targets

EXACT = 1e-6
"""`Codec.max_error` of a codec that loses nothing: what kernel and reference may differ by."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """The maps of one image with what they were drawn from: a codec stores the one or the other.

    Attributes:
        polygons: Each ``(N, 2)`` float64 pixels in the frame of the maps.
        ignore: One flag a polygon.
        size: ``(height, width)`` of the maps.
        params: How they were drawn.
        targets: The maps.
    """

    polygons: Sequence[Polygon]
    ignore: Sequence[bool]
    size: tuple[int, int]
    params: TargetParams
    targets: Targets


class Codec(Protocol):
    """The contract of a codec: an object, found as ``CODEC`` in its module.

    It must be picklable: `feedrate.maps.verify_maps` sends it to its processes. Its files must
    describe themselves so far that damage is noticed: a file cut short, or with a bit flipped, is
    refused or decodes to the same maps.
    """

    @property
    def name(self) -> str:
        """The registry's name of the codec, which is also the name of its folder."""

    @property
    def suffix(self) -> str:
        """The suffix of its files, with the dot."""

    def max_error(self, params: TargetParams) -> float:
        """Bound the absolute error of its maps; below 1, so that shrink map and masks are exact."""

    def encode(self, drawn: Drawn) -> bytes:
        """Turn the maps of one image into the content of a file; the same from the same."""

    def decode(
        self, data: bytes, size: tuple[int, int], params: TargetParams, out: Targets | None = None
    ) -> Targets:
        """Turn the content of a file into maps, read to the last byte.

        Args:
            data: What `encode` made.
            size: ``(height, width)`` the maps must have.
            params: What they were drawn with.
            out: Buffers to fill, such as slices of a batch: uint8, uint8, float32, uint8. Masks
                that the codec does not keep are left alone, and are None in the result.

        Returns:
            The maps, in `out` where that is given, else in arrays of their own.

        Raises:
            ValueError: The content is not of this codec, damaged, or of another size; the message
                says what is wrong.
        """


def place(values: Any, buffer: Any) -> Any:
    """Copy a map into its buffer; hand over the map itself where there is none, or no map.

    Raises:
        ValueError: The buffer has another shape, or a dtype that loses values.
    """
    if buffer is None or values is None:
        return values
    if buffer.shape != values.shape:
        raise ValueError(f"a buffer of `out` is {buffer.shape}, the stored map {values.shape}")
    np.copyto(buffer, values, casting="unsafe")
    if buffer.dtype != values.dtype and not np.array_equal(buffer, values):
        raise ValueError(f"the stored map does not fit into {buffer.dtype} without loss")
    return buffer


def require_size(seen: tuple[int, ...], size: tuple[int, int]) -> None:
    """Refuse a file of another size.

    Raises:
        ValueError: The sizes differ.
    """
    if seen != size:
        raise ValueError(f"holds maps of (height, width) {seen}, must be {size}")
