"""The ``npz_raw`` codec: ``npz`` without its compression, five times the bytes to read."""

from __future__ import annotations

from feedrate.targets.codecs.archive import ArchiveCodec

CODEC = ArchiveCodec("npz_raw", compressed=False)
