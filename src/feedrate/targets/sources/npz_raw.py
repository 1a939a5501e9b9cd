"""Stored maps, read from their ``npz_raw`` file each time: nothing to inflate, more to read."""

from __future__ import annotations

from feedrate.targets.codecs.npz_raw import CODEC
from feedrate.targets.sources.stored import FileSource, opener

ORIGIN = "file"
"""Where every map comes from inside an epoch; the exercise gate holds the source to it."""

open_source = opener(CODEC, FileSource)
