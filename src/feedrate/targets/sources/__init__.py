"""Target sources: where the target maps of a sample come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from feedrate.sample import Fetched, Polygon
from feedrate.targets.params import Targets


class TargetSource(Protocol):
    """The contract of an opened target source.

    A plug-in's ``open_source(keys, maps_dir, size, params)`` returns one. What it costs to get
    ready (reading files into memory, loading compiled code) is paid there: that is the preload of
    a trial, and it happens before the loader's workers are forked.
    """

    def fetch(
        self, key: str, polygons: Sequence[Polygon], ignore: Sequence[bool]
    ) -> Fetched[Targets] | Fetched[None]:
        """Get the maps of one sample.

        Args:
            key: The sample's key, one of those given to ``open_source``.
            polygons: The sample's polygons in the frame of the maps.
            ignore: One flag a polygon.

        Returns:
            The maps, with the evidence of where they came from.
        """
