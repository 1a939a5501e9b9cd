"""The ``npz`` codec: ``numpy.savez_compressed`` of two float32 maps, without masks.

The format that precomputed DBNet maps are usually found in: keys ``prob_map`` (our shrink map) and
``thresh_map`` (our threshold map), each ``(1, height, width)`` float32.
"""

from __future__ import annotations

from feedrate.targets.codecs.archive import ArchiveCodec

CODEC = ArchiveCodec("npz", compressed=True)
