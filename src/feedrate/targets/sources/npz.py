"""Stored maps, read and inflated from their ``.npz`` file on every fetch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from feedrate.sample import Fetched, Polygon
from feedrate.targets.codecs.npz import CODEC
from feedrate.targets.layout import MapError, find_files
from feedrate.targets.params import TargetParams, Targets

ORIGIN = "file"
"""Where every map comes from inside an epoch; the exercise gate holds the source to it."""


@dataclass(frozen=True)
class NpzSource:
    """The file of every key."""

    files: Mapping[str, Path]

    def fetch(
        self, key: str, polygons: Sequence[Polygon], ignore: Sequence[bool]
    ) -> Fetched[Targets]:
        """Read one file to its last byte.

        Raises:
            FileNotFoundError: The file has gone since the source was opened.
            MapError: The file is damaged.
        """
        data = self.files[key].read_bytes()
        try:
            return Fetched(CODEC.decode(data), "file", len(data))
        except ValueError as error:
            raise MapError(f"{self.files[key]}: {error}") from error


def open_source(
    keys: Sequence[str], maps_dir: Path | None, size: tuple[int, int], params: TargetParams
) -> NpzSource:
    """Find the files; none is read yet.

    Raises:
        FileNotFoundError: A map is missing; the message names it and how to make it.
        MapError: The maps were made for another size or with other parameters.
    """
    return NpzSource(find_files(keys, maps_dir, size, params))
