"""Stored maps, read once from their ``.npz`` files and kept in memory as float32."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from feedrate.sample import Fetched, Polygon
from feedrate.targets.codecs.npz import CODEC
from feedrate.targets.layout import MapError, find_files
from feedrate.targets.params import TargetParams, Targets

ORIGIN = "memory"
"""Where every map comes from inside an epoch; the exercise gate holds the source to it."""


@dataclass(frozen=True)
class NpzRamSource:
    """The maps of every key; forked workers share their pages."""

    maps: Mapping[str, Targets]

    def fetch(
        self, key: str, polygons: Sequence[Polygon], ignore: Sequence[bool]
    ) -> Fetched[Targets]:
        """Hand over the kept maps; nothing is copied."""
        return Fetched(self.maps[key], "memory")


def open_source(
    keys: Sequence[str], maps_dir: Path | None, size: tuple[int, int], params: TargetParams
) -> NpzRamSource:
    """Read and inflate the maps of all keys: the preload.

    Raises:
        FileNotFoundError: A map is missing; the message names it and how to make it.
        MapError: A file is damaged, or was made for another size or with other parameters.
    """
    files = find_files(keys, maps_dir, size, params)
    return NpzRamSource({key: _read(path) for key, path in files.items()})


def _read(path: Path) -> Targets:
    try:
        return CODEC.decode(path.read_bytes())
    except ValueError as error:
        raise MapError(f"{path}: {error}") from error
