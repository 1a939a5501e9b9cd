"""A generated dataset beside a real one: how hard both are to decode, to draw and to store.

Five figures an image. Times are CPU time of one thread, the two datasets in turn, so that what
disturbs the machine disturbs both alike. The generator was tuned on the first part of the real
dataset; the rest, which it has never seen, says how far that carries.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from feedrate.codehash import code_hash
from feedrate.decoders.pillow import decode
from feedrate.machine import fingerprint
from feedrate.pipeline import Transform, frame_polygons
from feedrate.registry import resolve
from feedrate.sample import Sample
from feedrate.speed.readings import read_in_turn
from feedrate.targets.codecs import Drawn
from feedrate.targets.kernel import build_targets, empty_targets
from feedrate.targets.params import TargetParams

SCHEMA = 1
GENERATOR = "feedrate.generators.receipts"
LIMIT = 1.5
"""No figure of the generated dataset may be more times larger or smaller than the real one's."""

ROUNDS = 3
"""Readings a method and image; the least counts, for whatever disturbs only adds."""

SHORTEST_MS = 1.0
"""Of a reading: to decode one image takes longer than that."""

CODEC = "npz"
RESAMPLES, CONFIDENCE, SEED = 1000, 0.95, 7

Values = npt.NDArray[np.float64]
Method = Callable[[], object]


@dataclass(frozen=True)
class Figures:
    """The five figures of one image, in the unit of their names; bytes are of the codec npz."""

    decode_ms_per_megapixel: float
    bits_per_pixel: float
    polygons: float
    map_bytes: float
    kernel_ms: float


UNITS = {
    "decode_ms_per_megapixel": "CPU ms per megapixel, Pillow",
    "bits_per_pixel": "bits",
    "polygons": "an image",
    "map_bytes": "bytes a file, codec npz",
    "kernel_ms": "CPU ms an image",
}


@dataclass(frozen=True)
class Setting:
    """What maps are made with.

    Attributes:
        transform: Brings polygons into the frame of the maps.
        size: Side of the maps (px).
        params: How they are drawn.
    """

    transform: Transform
    size: int
    params: TargetParams


def compare_datasets(
    generated: Sequence[Sample],
    real: Sequence[Sample],
    tuned_on: int,
    setting: Setting,
    names: tuple[str, str],
    progress: Callable[[int, int], None],
) -> dict[str, Any]:
    """Compare a generated dataset with a real one, half by half.

    Args:
        generated: Its samples.
        real: Its samples; the first `tuned_on` by key are those the generator was tuned on.
        tuned_on: How many those are.
        setting: How maps are made.
        names: Of both datasets.
        progress: Told images done, and how many there are.

    Returns:
        Plain data for JSON: machine, date, both datasets, and a row a figure: ``_mean`` and
        ``_median`` over the images of each part, and for each ratio (generated / real) the bounds
        of a bootstrap over images.

    Raises:
        ValueError: There are no generated samples, or no real ones on one side of `tuned_on`.
    """
    if not generated or not 0 < tuned_on < len(real):
        raise ValueError(
            f"{names[0]} has {len(generated)} images and {names[1]} {len(real)}: --tuned-on "
            f"{tuned_on} must leave some of {names[1]} on both sides"
        )
    real = sorted(real, key=lambda sample: sample.key)
    made, seen = _measure_in_turn(generated, real, setting, progress)
    figures = []
    for name in (field.name for field in fields(Figures)):
        column = np.array([getattr(each, name) for each in made])
        other = np.array([getattr(each, name) for each in seen])
        figures.append(_row(name, column, other[:tuned_on], other[tuned_on:]))
    held_out = len(real) - tuned_on
    return {
        "schema": SCHEMA,
        "machine": fingerprint(),
        "date": datetime.now(UTC).date().isoformat(),
        "generated": {"name": names[0], "images": len(made), "code": code_hash(GENERATOR)},
        "real": {"name": names[1], "images": len(real)}
        | {"tuned_on": tuned_on, "held_out": held_out},
        "size": setting.size,
        "targets": asdict(setting.params),
        "figures": figures,
        "limit": LIMIT,
    }


def too_far(result: Mapping[str, Any]) -> list[str]:
    """Say of each ratio of the tuned part that is beyond the limit which it is."""
    limit = result["limit"]
    return [
        f"{row['name']}: {kind} of the generated images is {row[f'ratio_tuned_{kind}']:.2f} times "
        f"the real one's; up to {limit:g} times more or less is allowed"
        for row in result["figures"]
        for kind in ("mean", "median")
        if not 1 / limit <= row[f"ratio_tuned_{kind}"] <= limit
    ]


def _measure_in_turn(
    first: Sequence[Sample],
    second: Sequence[Sample],
    setting: Setting,
    progress: Callable[[int, int], None],
) -> tuple[list[Figures], list[Figures]]:
    """Measure two datasets, an image of each in turn; of the shorter one, some come twice."""
    seen: tuple[dict[int, Figures], dict[int, Figures]] = ({}, {})
    total = max(len(first), len(second))
    for number in range(total):
        places = number * len(first) // total, number * len(second) // total
        pair = measure_pair(first[places[0]], second[places[1]], setting)
        for kept, place, figures in zip(seen, places, pair, strict=True):
            kept.setdefault(place, figures)
        progress(number + 1, total)
    return list(seen[0].values()), list(seen[1].values())


def measure_pair(first: Sample, second: Sample, setting: Setting) -> tuple[Figures, Figures]:
    """Measure one image of either dataset side by side."""
    works = [_work_of(sample, setting) for sample in (first, second)]
    methods = {
        f"{name} {place}": [call]
        for place, work in enumerate(works)
        for name, call in (("decode", work.decode), ("kernel", work.draw))
    }
    readings = read_in_turn(methods, ROUNDS, SHORTEST_MS)
    least = {name: min(values) for name, values in readings.items()}
    one, two = (
        work.figures(least[f"decode {place}"], least[f"kernel {place}"])
        for place, work in enumerate(works)
    )
    return one, two


@dataclass(frozen=True, eq=False)
class _Work:
    """One image, ready to be timed."""

    sample: Sample
    data: bytes
    polygons: int
    map_bytes: int
    draw: Method

    def decode(self) -> object:
        return decode(self.data)

    def figures(self, decode_ms: float, kernel_ms: float) -> Figures:
        pixels = self.sample.width * self.sample.height
        return Figures(
            decode_ms_per_megapixel=decode_ms / (pixels / 1e6),
            bits_per_pixel=len(self.data) * 8 / pixels,
            polygons=self.polygons,
            map_bytes=self.map_bytes,
            kernel_ms=kernel_ms,
        )


def _work_of(sample: Sample, setting: Setting) -> _Work:
    polygons, ignore = frame_polygons(sample, setting.transform)
    size = (setting.size, setting.size)
    buffers = empty_targets(size)
    task = (polygons, ignore, size, setting.params)
    drawn = Drawn(*task, build_targets(*task))
    return _Work(
        sample=sample,
        data=Path(sample.image_path).read_bytes(),
        polygons=len(sample.instances),
        map_bytes=len(resolve("codecs", CODEC).encode(drawn)),
        draw=functools.partial(build_targets, *task, buffers),
    )


def _row(name: str, made: Values, tuned_on: Values, held_out: Values) -> dict[str, Any]:
    row: dict[str, Any] = {"name": name, "unit": UNITS[name]}
    parts = {"generated": made, "tuned_on": tuned_on, "held_out": held_out}
    for part, values in parts.items():
        row |= {f"{part}_mean": float(values.mean()), f"{part}_median": float(np.median(values))}
        row[f"{part}_p10_p90"] = [float(bound) for bound in np.percentile(values, (10, 90))]
    for part, values in (("tuned", tuned_on), ("held_out", held_out)):
        for kind, middle in (("mean", np.mean), ("median", np.median)):
            row[f"ratio_{part}_{kind}"] = float(middle(made) / middle(values))
            row[f"ratio_{part}_{kind}_interval"] = _bounds(made, values, middle)
    return row


def _bounds(made: Values, real: Values, middle: Callable[..., Any]) -> list[float]:
    """Bound a ratio by the percentile bootstrap over images (Efron & Tibshirani 1993, ch. 13)."""
    rng = np.random.default_rng(SEED)
    drawn = [
        middle(rng.choice(values, (RESAMPLES, len(values))), axis=1) for values in (made, real)
    ]
    tails = np.array([1 - CONFIDENCE, 1 + CONFIDENCE]) / 2
    return [float(bound) for bound in np.quantile(drawn[0] / drawn[1], tails)]
