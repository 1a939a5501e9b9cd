"""The ``polygons`` codec: geometry and ignore flags only; the kernel draws the maps on load.

Nothing is rounded: coordinates that float32 holds (whole numbers, and all that albumentations
hands over) take four bytes, others eight. Neighbouring vertices share their leading bytes, so each
is stored as its difference from the one before, byte planes apart, deflated. The header lies
inside, so that zlib's checksum covers it too.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from feedrate.sample import Polygon
from feedrate.targets.codecs import EXACT, Drawn, require_size
from feedrate.targets.params import TargetParams, Targets

MAGIC = b"frpg"
VERSION = 1
HEADER = struct.Struct("<4sBBIII")
"""Magic, version, bytes a coordinate, height, width, polygons."""


@dataclass(frozen=True)
class PolygonsCodec:
    """Deflated polygons."""

    name: str = "polygons"
    suffix: str = ".poly"

    def max_error(self, params: TargetParams) -> float:
        """Nothing is lost: the maps are drawn from the same coordinates, to the last bit."""
        return EXACT

    def encode(self, drawn: Drawn) -> bytes:
        """Write polygons and flags; the maps are left aside."""
        points = np.concatenate([np.empty((0, 2)), *drawn.polygons])
        narrow = _narrowed(points)
        counts = np.array([len(polygon) for polygon in drawn.polygons], "<u4")
        header = HEADER.pack(MAGIC, VERSION, narrow.itemsize, *drawn.size, len(counts))
        flags = np.packbits(np.array(drawn.ignore, dtype=bool))
        parts = (header, _planes(counts), flags.tobytes(), _planes(_differences(narrow)))
        return zlib.compress(b"".join(parts), 9)

    def decode(
        self, data: bytes, size: tuple[int, int], params: TargetParams, out: Targets | None = None
    ) -> Targets:
        """Draw the maps anew; `out` must be as `build_targets` wants it."""
        from feedrate.targets import build_targets  # not for those who only want the polygons

        polygons, ignore = self.decode_polygons(data, size)
        return build_targets(polygons, ignore, size, params, out)

    def decode_polygons(
        self, data: bytes, size: tuple[int, int]
    ) -> tuple[Sequence[Polygon], Sequence[bool]]:
        """Read polygons and ignore flags, without drawing anything.

        Raises:
            ValueError: As `feedrate.targets.codecs.Codec.decode`.
        """
        content = _inflate(data)
        if len(content) < HEADER.size or not content.startswith(MAGIC):
            raise ValueError("a zlib stream, but not of polygons")
        _, version, width_bytes, height, width, many = HEADER.unpack_from(content)
        if version != VERSION or width_bytes not in (4, 8):
            raise ValueError(f"polygons of version {version}, must be {VERSION}")
        require_size((height, width), size)
        flags_at = HEADER.size + 4 * many
        points_at = flags_at + -(-many // 8)
        counts = _joined(content[HEADER.size : flags_at], 4)
        deltas = _joined(content[points_at:], width_bytes).reshape(2, -1).T
        if len(deltas) != counts.sum():
            raise ValueError(f"damaged: {len(deltas)} vertices, {counts.sum()} expected")
        flags = np.unpackbits(np.frombuffer(content[flags_at:points_at], np.uint8), count=many)
        points = _undo_differences(deltas).astype(np.float64)
        ends = np.cumsum(counts).tolist()
        pairs = zip([0, *ends], ends, strict=False)
        return [points[first:end] for first, end in pairs], flags.astype(bool).tolist()


def _narrowed(points: Polygon) -> npt.NDArray[np.floating[Any]]:
    """Take float32 where that loses nothing."""
    with np.errstate(over="ignore"):  # what float32 cannot hold is kept as it is
        narrow = points.astype("<f4")
    same = np.array_equal(narrow.astype("<f8"), points, equal_nan=True)
    return narrow if same else points.astype("<f8")


def _differences(points: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.unsignedinteger[Any]]:
    """Differences of bit patterns between vertices, signs folded into the last bit (zigzag).

    Unsigned arithmetic wraps around, so nothing is lost; a float's bits grow with its value, so
    near coordinates have near patterns.
    """
    bits = points.view(f"<u{points.itemsize}")
    one = bits.dtype.type(1)
    deltas = np.diff(bits, axis=0, prepend=np.zeros((1, 2), bits.dtype))
    sign = deltas >> bits.dtype.type(8 * points.itemsize - 1)
    folded: npt.NDArray[np.unsignedinteger[Any]] = (deltas << one) ^ (bits.dtype.type(0) - sign)
    return folded


def _undo_differences(folded: npt.NDArray[Any]) -> npt.NDArray[np.floating[Any]]:
    one = folded.dtype.type(1)
    deltas = (folded >> one) ^ (folded.dtype.type(0) - (folded & one))
    bits = np.ascontiguousarray(np.cumsum(deltas, axis=0, dtype=folded.dtype))
    return bits.view(f"<f{folded.itemsize}")


def _planes(values: npt.NDArray[Any]) -> bytes:
    """Bytes of equal weight beside each other, x before y: that is what deflates well."""
    rows = np.ascontiguousarray(values.T).reshape(-1, 1).view(np.uint8)
    return np.ascontiguousarray(rows.T).tobytes()


def _joined(planes: bytes, itemsize: int) -> npt.NDArray[Any]:
    rows = np.frombuffer(planes, np.uint8).reshape(itemsize, -1)
    return np.ascontiguousarray(rows.T).view(f"<u{itemsize}").reshape(-1)


def _inflate(data: bytes) -> bytes:
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(data)
    except zlib.error as error:
        raise ValueError(f"not a zlib stream: {error}") from error
    if not stream.eof or stream.unused_data:
        raise ValueError("not one whole zlib stream: cut short, or something follows it")
    return content


CODEC = PolygonsCodec()
