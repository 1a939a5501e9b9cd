"""Stored maps, read once from their ``npz`` files and kept in memory as float32."""

from __future__ import annotations

from feedrate.targets.codecs.npz import CODEC
from feedrate.targets.sources.stored import DecodedSource, opener

ORIGIN = "memory"
"""Where every map comes from inside an epoch; the exercise gate holds the source to it."""

open_source = opener(CODEC, DecodedSource.preload)
