"""Stored maps, read and unpacked from their ``packed`` file on every fetch."""

from __future__ import annotations

from feedrate.targets.codecs.packed import CODEC
from feedrate.targets.sources.stored import FileSource, opener

ORIGIN = "file"
"""Where every map comes from inside an epoch; the exercise gate holds the source to it."""

open_source = opener(CODEC, FileSource)
