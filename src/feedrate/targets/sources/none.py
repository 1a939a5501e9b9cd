"""No maps at all: what is left of a pipeline when its targets cost nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from feedrate.sample import Fetched, Polygon
from feedrate.targets.params import TargetParams

ORIGIN = None
"""There are no maps to come from anywhere."""


class NoSource:
    """Hands over nothing."""

    def fetch(self, key: str, polygons: Sequence[Polygon], ignore: Sequence[bool]) -> Fetched[None]:
        """Return no maps; nothing is counted."""
        return Fetched(None, "computed")


def open_source(
    keys: Sequence[str], maps_dir: Path | None, size: tuple[int, int], params: TargetParams
) -> NoSource:
    """Open nothing."""
    return NoSource()
