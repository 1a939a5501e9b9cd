"""The ``packed`` codec: a bit a pixel for shrink map and masks, a byte for the threshold map, LZ4.

A file is one LZ4 frame (``lz4 -d`` opens it) of a header, the bits, and the threshold levels. The
header lies inside the frame, so that the frame's checksums cover it too. What is exact: shrink map
and masks. The threshold map is rounded to 255 steps between ``thresh_min`` and ``thresh_max``: from
0.3 to 0.7 that is an error of at most 7.9e-4.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import cast

import lz4.frame
import numpy as np
import numpy.typing as npt

from feedrate.targets.codecs import EXACT, Drawn, place, require_size
from feedrate.targets.params import Mask, TargetParams, Targets

MAGIC = b"frpk"
VERSION = 1
STEPS = 255
BINARY = ("shrink_map", "shrink_mask", "threshold_mask")
"""The maps of one bit a pixel, in the order of the file."""

HEADER = struct.Struct("<4sBBIIdd")
"""Magic, version, a bit for each of `BINARY` that is there, height, width, thresh_min and _max."""


@dataclass(frozen=True, eq=False)
class Quantised:
    """The maps as they lie in the file, all uint8: for a training step that scales on the device.

    The threshold map is ``thresh_min + threshold_levels * step``.

    Attributes:
        shrink_map: ``(height, width)`` uint8, 0 or 1.
        shrink_mask: The same; None where none is stored.
        threshold_levels: ``(height, width)`` uint8, 0 to 255; read-only.
        threshold_mask: As `shrink_mask`.
        thresh_min: Threshold of level 0.
        step: Threshold between two levels.
    """

    shrink_map: Mask
    shrink_mask: Mask | None
    threshold_levels: Mask
    threshold_mask: Mask | None
    thresh_min: float
    step: float


@dataclass(frozen=True)
class PackedCodec:
    """Bits and bytes in an LZ4 frame."""

    name: str = "packed"
    suffix: str = ".lz4"

    def max_error(self, params: TargetParams) -> float:
        """Half a step, and what rounding to float32 may add."""
        return (params.thresh_max - params.thresh_min) / STEPS / 2 + EXACT

    def encode(self, drawn: Drawn) -> bytes:
        """Pack the maps.

        Raises:
            ValueError: A value does not fit: no 0 or 1, or outside thresh_min to thresh_max.
        """
        low, high = drawn.params.thresh_min, drawn.params.thresh_max
        levels = _quantise(drawn.targets.threshold_map, low, high)
        maps = {name: getattr(drawn.targets, name) for name in BINARY}
        present = sum(1 << bit for bit, name in enumerate(BINARY) if maps[name] is not None)
        header = HEADER.pack(MAGIC, VERSION, present, *drawn.size, low, high)
        bits = [_pack(values, name) for name, values in maps.items() if values is not None]
        packed: bytes = lz4.frame.compress(
            b"".join([header, *bits, levels.tobytes()]),
            compression_level=lz4.frame.COMPRESSIONLEVEL_MINHC + 6,
            block_size=lz4.frame.BLOCKSIZE_MAX4MB,
            block_checksum=True,
        )
        return packed

    def decode(
        self, data: bytes, size: tuple[int, int], params: TargetParams, out: Targets | None = None
    ) -> Targets:
        """Unpack the maps; see `feedrate.targets.codecs.Codec`."""
        maps = self.decode_quantised(data, size, params)
        threshold_map = _scale(maps, None if out is None else out.threshold_map)
        shrink_map, shrink_mask, threshold_mask = (
            place(getattr(maps, name), None if out is None else getattr(out, name))
            for name in BINARY
        )
        return Targets(shrink_map, shrink_mask, threshold_map, threshold_mask)

    def decode_quantised(
        self, data: bytes, size: tuple[int, int], params: TargetParams
    ) -> Quantised:
        """Unpack the maps as uint8, a quarter of the bytes of float32.

        Raises:
            ValueError: As `decode`.
        """
        content = _inflate(data)
        present = _read_header(content, size, params)
        pixels = size[0] * size[1]
        bytes_each = -(-pixels // 8)
        maps: list[Mask | None] = []
        at = HEADER.size
        for bit in range(len(BINARY)):
            if present >> bit & 1:
                packed = np.frombuffer(content, np.uint8, bytes_each, at)
                maps.append(np.unpackbits(packed, count=pixels).reshape(size))
                at += bytes_each
            else:
                maps.append(None)
        shrink_map, shrink_mask, threshold_mask = maps
        if shrink_map is None or len(content) != at + pixels:
            raise ValueError(f"damaged: {len(content)} bytes of maps, {at + pixels} expected")
        levels = np.frombuffer(content, np.uint8, pixels, at).reshape(size)
        step = (params.thresh_max - params.thresh_min) / STEPS
        return Quantised(shrink_map, shrink_mask, levels, threshold_mask, params.thresh_min, step)


def _scale(maps: Quantised, buffer: npt.NDArray[np.float32] | None) -> npt.NDArray[np.float32]:
    """Turn levels into thresholds, without an array in between."""
    levels = maps.threshold_levels
    thresholds = np.empty(levels.shape, np.float32) if buffer is None else buffer
    if thresholds.dtype != np.float32 or thresholds.shape != levels.shape:
        raise ValueError(
            f"out.threshold_map is {thresholds.dtype} {thresholds.shape}, "
            f"must be float32 {levels.shape}"
        )
    np.multiply(levels, np.float32(maps.step), out=thresholds)
    thresholds += np.float32(maps.thresh_min)
    return thresholds


def _quantise(threshold_map: npt.NDArray[np.float32], low: float, high: float) -> Mask:
    levels = np.rint((threshold_map - np.float32(low)) * np.float32(STEPS / (high - low)))
    if not (levels.min() >= 0 and levels.max() <= STEPS):  # also where one is not a number
        raise ValueError(f"the threshold map holds values outside {low} to {high}")
    return cast(Mask, levels.astype(np.uint8))


def _pack(values: npt.NDArray[np.uint8] | npt.NDArray[np.float32], name: str) -> bytes:
    bits = np.packbits(values != 0)
    if not np.array_equal(values, values != 0):
        raise ValueError(f"{name} holds other values than 0 and 1")
    return bits.tobytes()


def _inflate(data: bytes) -> bytes:
    try:
        content, used = lz4.frame.decompress(data, return_bytes_read=True)
    except RuntimeError as error:
        raise ValueError(f"not a whole LZ4 frame: {error}") from error
    if used != len(data):
        raise ValueError(f"not one LZ4 frame: {len(data) - used} bytes follow it")
    return bytes(content)


def _read_header(content: bytes, size: tuple[int, int], params: TargetParams) -> int:
    if len(content) < HEADER.size or not content.startswith(MAGIC):
        raise ValueError("an LZ4 frame, but not of packed maps")
    _, version, present, height, width, low, high = HEADER.unpack_from(content)
    if version != VERSION:
        raise ValueError(f"packed maps of version {version}, must be {VERSION}")
    require_size((height, width), size)
    if (low, high) != (params.thresh_min, params.thresh_max):
        raise ValueError(
            f"thresholds from {low} to {high}, must be {params.thresh_min} to {params.thresh_max}"
        )
    return int(present)


CODEC = PackedCodec()
