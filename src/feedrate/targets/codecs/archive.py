"""Numpy archives of two float32 maps, without masks: what both ``npz`` codecs write."""

from __future__ import annotations

import io
import struct
import tokenize
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from feedrate.targets.codecs import EXACT, Drawn, place, require_size
from feedrate.targets.params import TargetParams, Targets

KEYS = ("prob_map", "thresh_map")

_DAMAGES = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    SyntaxError,
    tokenize.TokenError,
    KeyError,
    TypeError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    OSError,
)
"""What numpy and zipfile raise over a file that is cut short, altered, or not an archive."""


@dataclass(frozen=True)
class ArchiveCodec:
    """Two float32 arrays ``(1, height, width)`` in a zip archive.

    Attributes:
        name: The registry's name.
        compressed: Whether the arrays are deflated.
        suffix: The suffix of its files.
    """

    name: str
    compressed: bool
    suffix: str = ".npz"

    def max_error(self, params: TargetParams) -> float:
        """Nothing is lost."""
        return EXACT

    def encode(self, drawn: Drawn) -> bytes:
        """Write both maps; equal maps give equal bytes (numpy writes no time into the archive)."""
        maps = (drawn.targets.shrink_map, drawn.targets.threshold_map)
        arrays: dict[str, Any] = {
            key: values[np.newaxis].astype(np.float32, copy=False)
            for key, values in zip(KEYS, maps, strict=True)
        }
        save = np.savez_compressed if self.compressed else np.savez
        stream = io.BytesIO()
        save(stream, allow_pickle=False, **arrays)
        return stream.getvalue()

    def decode(
        self, data: bytes, size: tuple[int, int], params: TargetParams, out: Targets | None = None
    ) -> Targets:
        """Read both maps as stored: float32 ``(height, width)``, masks None.

        Raises:
            ValueError: Not such an archive, an array is missing, or has another dtype or shape.
        """
        shrink_map, threshold_map = (_checked(*item, size) for item in _read(data).items())
        if out is None:
            return Targets(shrink_map, None, threshold_map, None)
        place(shrink_map, out.shrink_map)
        place(threshold_map, out.threshold_map)
        return Targets(out.shrink_map, None, out.threshold_map, None)


def _read(data: bytes) -> dict[str, Any]:
    try:
        # Indexing is what inflates: np.load alone reads the directory of the archive only.
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return {key: archive[key] for key in KEYS}
    except _DAMAGES as error:
        raise ValueError(f"not an npz archive of {' and '.join(KEYS)}: {error}") from error


def _checked(key: str, values: Any, size: tuple[int, int]) -> npt.NDArray[np.float32]:
    if values.dtype != np.float32 or values.ndim != 3 or len(values) != 1:
        raise ValueError(
            f"{key} is {values.dtype} {values.shape}, must be float32 (1, height, width)"
        )
    require_size(values.shape[1:], size)
    plane: npt.NDArray[np.float32] = values[0]
    return plane
