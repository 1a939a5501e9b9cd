"""Whether one stored map still is what the reference makes of its polygons."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from feedrate.sample import Polygon
from feedrate.targets.codecs import Codec
from feedrate.targets.layout import MapError, MapFile, polygons_hash
from feedrate.targets.params import MAPS, TargetParams, Targets
from feedrate.targets.reference import build_reference


@dataclass(frozen=True, eq=False)
class StoredMap:
    """A stored map and what it should hold; picklable, so that processes can share the checks.

    Attributes:
        path: Its file.
        entry: What its shard's index says of it.
        polygons: What it should have been made from, in the frame of the map.
        ignore: One flag a polygon.
        codec: Reads the file.
        size: ``(height, width)`` it should have.
        params: The parameters it should have been made with.
        recompute: Whether to make it anew and compare; else only what its index says is checked.
    """

    path: Path
    entry: MapFile
    polygons: Sequence[Polygon]
    ignore: Sequence[bool]
    codec: Codec
    size: tuple[int, int]
    params: TargetParams
    recompute: bool = True


def check_map(stored: StoredMap) -> float | None:
    """Compare one stored map with its index, and with the reference.

    Returns:
        The largest absolute error over all maps the codec keeps, at most `Codec.max_error`; None
        where the map was not to be recomputed.

    Raises:
        MapError: The file is stale, altered, damaged, or wrong by more than its codec may be.
    """
    path, entry = stored.path, stored.entry
    if polygons_hash(stored.polygons, stored.ignore) != entry.polygons:
        raise MapError(f"{path}: stale, made from other polygons; build its shard again")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != entry.sha256:
        raise MapError(f"{path}: altered since it was written; build its shard again")
    if not stored.recompute:
        return None
    try:
        seen = stored.codec.decode(data, stored.size, stored.params)
    except ValueError as fault:
        raise MapError(f"{path}: {fault}") from fault
    expected = build_reference(stored.polygons, stored.ignore, stored.size, stored.params)
    error = largest_error(seen, expected)
    if not error <= (allowed := stored.codec.max_error(stored.params)):  # NaN fails too
        raise MapError(f"{path}: wrong by up to {error:.3g}, more than {allowed:.3g}")
    return error


def largest_error(seen: Targets, expected: Targets) -> float:
    """Largest absolute difference over all maps; a mask that `seen` does not keep is passed over.

    Returns:
        Infinity where a shape differs, NaN where a value is not a number.
    """
    errors = [0.0]
    for name in MAPS:
        stored, values = getattr(seen, name), getattr(expected, name)
        if stored is None:
            continue
        if stored.shape != values.shape:
            return float("inf")
        errors.append(float(np.abs(stored - values.astype(np.float64)).max()))
    return float(np.max(errors))
