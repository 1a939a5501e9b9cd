"""Maps made from the polygons by the readable reference, as the published code does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from feedrate.sample import Fetched, Polygon
from feedrate.targets.params import TargetParams, Targets
from feedrate.targets.reference import build_reference

ORIGIN = "computed"
"""Where every map comes from inside an epoch; the exercise gate holds the source to it."""


@dataclass(frozen=True)
class ReferenceSource:
    """Computes on every fetch."""

    size: tuple[int, int]
    params: TargetParams

    def fetch(
        self, key: str, polygons: Sequence[Polygon], ignore: Sequence[bool]
    ) -> Fetched[Targets]:
        """Make the maps of one sample, in arrays of their own."""
        return Fetched(build_reference(polygons, ignore, self.size, self.params), "computed")


def open_source(
    keys: Sequence[str], maps_dir: Path | None, size: tuple[int, int], params: TargetParams
) -> ReferenceSource:
    """Open the reference; it needs no preparation."""
    return ReferenceSource(size, params)
