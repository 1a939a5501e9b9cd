"""Stored polygons, read from their ``polygons`` file on every fetch; the kernel draws the maps.

The origin is the file: the polygons a loader hands over are not looked at.
"""

from __future__ import annotations

from feedrate.targets.codecs.polygons import CODEC
from feedrate.targets.kernel import warm
from feedrate.targets.sources.stored import FileSource, StoredMaps, opener

ORIGIN = "file"
"""Where every map comes from inside an epoch; the exercise gate holds the source to it."""


def _read_warm(stored: StoredMaps) -> FileSource:
    warm()  # load the compiled kernel, once for all workers
    return FileSource(stored)


open_source = opener(CODEC, _read_warm)
