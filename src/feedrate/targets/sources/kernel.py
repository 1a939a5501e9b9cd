"""Maps made from the polygons by the numba kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from feedrate.sample import Fetched, Polygon
from feedrate.targets.kernel import build_targets, warm
from feedrate.targets.params import TargetParams, Targets

ORIGIN = "computed"
"""Where every map comes from inside an epoch; the exercise gate holds the source to it."""

load_compiled = warm
"""A trial calls it before anything else, so that loading compiled code is a figure of its own."""


@dataclass(frozen=True)
class KernelSource:
    """Computes on every fetch."""

    size: tuple[int, int]
    params: TargetParams

    def fetch(
        self, key: str, polygons: Sequence[Polygon], ignore: Sequence[bool]
    ) -> Fetched[Targets]:
        """Make the maps of one sample, in arrays of their own."""
        return Fetched(build_targets(polygons, ignore, self.size, self.params), "computed")


def open_source(
    keys: Sequence[str], maps_dir: Path | None, size: tuple[int, int], params: TargetParams
) -> KernelSource:
    """Load the compiled kernel, once for all workers."""
    warm()
    return KernelSource(size, params)
