"""Stored maps: how large a codec's files are, and how long saving and loading take."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from feedrate.registry import names, resolve
from feedrate.sample import Polygon
from feedrate.speed.cases import CASES, PARAMS, Case, draw_inputs
from feedrate.speed.readings import SHORTEST_MS, read_in_turn
from feedrate.targets.codecs import Codec, Drawn
from feedrate.targets.kernel import build_targets, empty_targets
from feedrate.targets.params import Targets

STORED_CASES = tuple(case for case in CASES if case.size == 640 or case.polygons == 400)
GOAL_CASE = "640/100"
GOALS = {"packed": (5.0, 20.0), "polygons": (150.0, 8.0)}
"""How many times smaller than `BASE`, and how many times faster to load, at `GOAL_CASE`."""

BASE = "npz"
"""The codec that the others are compared with: what precomputed maps usually lie in."""


@dataclass(frozen=True, eq=False)
class Stored:
    """One input in the file of one codec; its methods are what is timed."""

    codec: Any
    drawn: Drawn
    path: Path
    buffers: Targets

    def save(self) -> None:
        """Encode, and write the file."""
        self.path.write_bytes(self.codec.encode(self.drawn))

    def load(self) -> Targets:
        """Load into arrays of its own, as `numpy.load` does."""
        return self._load(None)

    def load_into(self) -> Targets:
        """Load into buffers that are there, such as slices of a batch."""
        return self._load(self.buffers)

    def load_uint8(self) -> object:
        """Load as uint8, for a training step that scales on the device."""
        return self.codec.decode_quantised(
            self.path.read_bytes(), self.drawn.size, self.drawn.params
        )

    def ways(self) -> list[str]:
        """Names of the methods that this codec has."""
        return ["save", "load", "load_into"] + ["load_uint8"] * hasattr(
            self.codec, "decode_quantised"
        )

    def _load(self, out: Targets | None) -> Targets:
        codec: Codec = self.codec
        return codec.decode(self.path.read_bytes(), self.drawn.size, self.drawn.params, out)


def bench_codecs(case: Case, rounds: int, shortest_ms: float = SHORTEST_MS) -> list[dict[str, Any]]:
    """Time every codec on one case, files in the page cache.

    Returns:
        A row a codec: its ``bytes`` a file; ``save_ms``, ``load_ms``, ``load_into_ms`` and
        ``load_uint8_ms`` (None where the codec has no such way), all medians, CPU time an image;
        ``smaller`` and ``faster``, how it compares with `BASE`, of which ``faster`` sets the
        quickest way against the usual one, ``load_ms``; and the goals for both, or None.
    """
    with tempfile.TemporaryDirectory() as folder:
        files = _save_all(case, Path(folder))
        methods = {
            f"{name}.{way}": [getattr(file, way) for file in each]
            for name, each in files.items()
            for way in each[0].ways()
        }
        readings = read_in_turn(methods, rounds, shortest_ms)
        sizes = {
            name: int(median(file.path.stat().st_size for file in each))
            for name, each in files.items()
        }
    middle = {method: median(values) for method, values in readings.items()}
    return [_row(case.name, name, sizes, middle) for name in files]


def _save_all(case: Case, folder: Path) -> dict[str, list[Stored]]:
    size = (case.size, case.size)
    pages, buffers = [_draw(polygons, size) for polygons in draw_inputs(case)], empty_targets(size)
    files = {
        name: [
            Stored(resolve("codecs", name), page, folder / f"{name}{number}", buffers)
            for number, page in enumerate(pages)
        ]
        for name in names("codecs")
    }
    for each in files.values():
        for file in each:
            file.save()
    return files


def _draw(polygons: Sequence[Polygon], size: tuple[int, int]) -> Drawn:
    ignore = [False] * len(polygons)
    return Drawn(polygons, ignore, size, PARAMS, build_targets(polygons, ignore, size, PARAMS))


def _row(
    case: str, codec: str, sizes: Mapping[str, int], middle: Mapping[str, float]
) -> dict[str, Any]:
    ways = ("save", "load", "load_into", "load_uint8")
    times = {f"{way}_ms": middle.get(f"{codec}.{way}") for way in ways}
    quickest_ms = min(ms for way, ms in times.items() if way != "save_ms" and ms is not None)
    goals = GOALS.get(codec, (None, None)) if case == GOAL_CASE else (None, None)
    return {
        "case": case,
        "codec": codec,
        "bytes": sizes[codec],
        **times,
        "smaller": sizes[BASE] / sizes[codec],
        "faster": middle[f"{BASE}.load"] / quickest_ms,
        "goal_smaller": goals[0],
        "goal_faster": goals[1],
    }
