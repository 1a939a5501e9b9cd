"""Stored maps, kept in memory as their ``packed`` files have them, unpacked on every fetch."""

from __future__ import annotations

from feedrate.targets.codecs.packed import CODEC
from feedrate.targets.sources.stored import PackedSource, opener

ORIGIN = "memory"
"""Where every map comes from inside an epoch; the exercise gate holds the source to it."""

open_source = opener(CODEC, PackedSource.preload)
