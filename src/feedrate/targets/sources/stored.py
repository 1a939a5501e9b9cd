"""What all sources of stored maps share: the files of one codec, read in one of three ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feedrate.sample import Fetched, Polygon
from feedrate.targets.codecs import Codec
from feedrate.targets.layout import MapError, find_files
from feedrate.targets.params import TargetParams, Targets


@dataclass(frozen=True, eq=False)
class StoredMaps:
    """The files of every key, and how to read them.

    Attributes:
        codec: Reads the files.
        files: The file of every key.
        size: ``(height, width)`` of the maps.
        params: What they were drawn with.
    """

    codec: Codec
    files: Mapping[str, Path]
    size: tuple[int, int]
    params: TargetParams

    def decode(self, key: str, data: bytes) -> Targets:
        """Turn a file's content into maps.

        Raises:
            MapError: The file is damaged; the message names it.
        """
        try:
            return self.codec.decode(data, self.size, self.params)
        except ValueError as error:
            raise MapError(f"{self.files[key]}: {error}") from error


@dataclass(frozen=True, eq=False)
class FileSource:
    """Reads and decodes the file on every fetch."""

    stored: StoredMaps

    def fetch(
        self, key: str, polygons: Sequence[Polygon], ignore: Sequence[bool]
    ) -> Fetched[Targets]:
        """Read one file to its last byte.

        Raises:
            FileNotFoundError: The file has gone since the source was opened.
            MapError: The file is damaged.
        """
        data = self.stored.files[key].read_bytes()
        return Fetched(self.stored.decode(key, data), "file", len(data))


@dataclass(frozen=True, eq=False)
class PackedSource:
    """Keeps every file's content in memory, and decodes it on every fetch."""

    stored: StoredMaps
    contents: Mapping[str, bytes]

    @classmethod
    def preload(cls, stored: StoredMaps) -> PackedSource:
        """Read all files; they stay packed, so damage shows when a map is fetched."""
        return cls(stored, {key: path.read_bytes() for key, path in stored.files.items()})

    def fetch(
        self, key: str, polygons: Sequence[Polygon], ignore: Sequence[bool]
    ) -> Fetched[Targets]:
        """Decode the kept content into arrays of their own.

        Raises:
            MapError: The content is damaged.
        """
        return Fetched(self.stored.decode(key, self.contents[key]), "memory")


@dataclass(frozen=True, eq=False)
class DecodedSource:
    """Keeps every map in memory, decoded; forked workers share their pages."""

    maps: Mapping[str, Targets]

    @classmethod
    def preload(cls, stored: StoredMaps) -> DecodedSource:
        """Read and decode all files.

        Raises:
            MapError: A file is damaged.
        """
        return cls({key: stored.decode(key, p.read_bytes()) for key, p in stored.files.items()})

    def fetch(
        self, key: str, polygons: Sequence[Polygon], ignore: Sequence[bool]
    ) -> Fetched[Targets]:
        """Hand over the kept maps; nothing is copied."""
        return Fetched(self.maps[key], "memory")


def opener(codec: Codec, read: Callable[[StoredMaps], Any]) -> Callable[..., Any]:
    """Make the ``open_source`` of a plug-in.

    Args:
        codec: Reads the files.
        read: What to make of them: `FileSource`, or the ``preload`` of another source.

    Returns:
        A function that finds the file of every key, and raises FileNotFoundError where one is
        missing (the message says how to make it) and MapError where the maps were made for
        another size or with other parameters, or a file that is read then is damaged.
    """

    def open_source(
        keys: Sequence[str], maps_dir: Path | None, size: tuple[int, int], params: TargetParams
    ) -> Any:
        files = find_files(keys, maps_dir, size, params)
        return read(StoredMaps(codec, files, size, params))

    return open_source
