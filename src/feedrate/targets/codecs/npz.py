"""The ``npz`` codec: ``numpy.savez_compressed`` of two float32 maps, without masks.

The format that precomputed DBNet maps are usually found in: keys ``prob_map`` (our shrink map) and
``thresh_map`` (our threshold map), each ``(1, height, width)`` float32.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from feedrate.targets.params import Targets

KEYS = ("prob_map", "thresh_map")

_DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, TypeError, ValueError)
"""What numpy and zipfile raise over a file that is cut short, altered, or not an archive."""


@dataclass(frozen=True)
class NpzCodec:
    """Two deflated float32 arrays in a zip archive."""

    name: str = "npz"
    suffix: str = ".npz"

    def encode(self, targets: Targets) -> bytes:
        """Write both maps; equal maps give equal bytes (numpy writes no time into the archive)."""
        maps = (targets.shrink_map, targets.threshold_map)
        stream = io.BytesIO()
        arrays = {key: _widened(values) for key, values in zip(KEYS, maps, strict=True)}
        np.savez_compressed(stream, allow_pickle=False, **arrays)
        return stream.getvalue()

    def decode(self, data: bytes) -> Targets:
        """Read both maps as stored: float32 ``(height, width)``, masks None.

        Raises:
            ValueError: Not such an archive, an array is missing, or has another dtype or shape.
        """
        try:
            # Indexing is what inflates: np.load alone reads the directory of the archive only.
            with np.load(io.BytesIO(data), allow_pickle=False) as archive:
                shrink_map, threshold_map = (archive[key] for key in KEYS)
        except _DAMAGES as error:
            raise ValueError(f"not an npz archive of {' and '.join(KEYS)}: {error}") from error
        for key, values in zip(KEYS, (shrink_map, threshold_map), strict=True):
            if values.dtype != np.float32 or values.ndim != 3 or len(values) != 1:
                raise ValueError(
                    f"{key} is {values.dtype} {values.shape}, must be float32 (1, height, width)"
                )
        return Targets(shrink_map[0], None, threshold_map[0], None)


def _widened(values: npt.NDArray[np.uint8] | npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return values[np.newaxis].astype(np.float32, copy=False)


CODEC = NpzCodec()
