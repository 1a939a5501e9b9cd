"""How costs grow: power laws fitted to a sweep of sizes, and where memory ends.

A cost is taken for ``a * x1**p1 * x2**p2``: a straight line on log scales, fitted by least squares.
An exponent of 1 is proportional growth; one near 0 says that the size does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

RESAMPLES = 1000
SIZES = ("words", "megapixels")
WITHOUT = "disk"
"""The level of ``images`` whose processes hold no cache."""
Row = Mapping[str, Any]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Exponent:
    """A fitted exponent with its bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Growth:
    """A fitted power law.

    Attributes:
        exponents: One a size, in the order of the sizes given.
        worst: The largest factor by which the fit misses the middle of one kind.
    """

    exponents: tuple[Exponent, ...]
    worst: float


@dataclass(frozen=True)
class Cost:
    """How one level of a stage grows with the words and the megapixels of a page."""

    stage: str
    level: str
    growth: Growth
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Cache:
    """How one cache grows with its images.

    Attributes:
        images: The level.
        image_bytes: What it holds an image, from its largest run.
        fitting: Images at which it fills the memory of the machine.
        preload, epoch: How the seconds grow; None where fewer than two numbers were run.
        skipped: What was not tried, and why.
    """

    images: str
    image_bytes: float
    fitting: float
    preload: Growth | None
    epoch: Growth | None
    skipped: tuple[str, ...]


def fit_growth(sizes: npt.ArrayLike, values: Sequence[npt.ArrayLike], seed: int = 7) -> Growth:
    """Fit a power law to repeated costs of several kinds.

    Args:
        sizes: ``(kinds, sizes)``, above 0.
        values: For each kind its costs, above 0: one a page or run. They are drawn anew, kind by
            kind, for the interval (bootstrap, Efron & Tibshirani 1993, chapter 9).
        seed: Of the bootstrap.

    Raises:
        ValueError: There are fewer kinds than unknowns, or a cost or size is not above 0.
    """
    logs_of_sizes = np.log(_positive(sizes))
    costs = [np.log(_positive(each)) for each in values]
    design = np.column_stack([np.ones(len(logs_of_sizes)), logs_of_sizes])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise ValueError(f"{len(costs)} kinds cannot tell {design.shape[1]} unknowns apart")
    rng = np.random.default_rng(seed)
    solve = np.linalg.pinv(design)
    middles = np.array([np.median(each) for each in costs])
    fitted = solve @ middles
    drawn = np.array(
        [
            solve @ [np.median(rng.choice(each, each.size)) for each in costs]
            for _ in range(RESAMPLES)
        ]
    )
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    exponents = tuple(
        Exponent(float(fitted[k]), float(low[k]), float(high[k])) for k in range(1, fitted.size)
    )
    worst = float(np.exp(np.abs(design @ fitted - middles).max()))
    return Growth(exponents, worst)


def fit_costs(content: Row) -> list[Cost]:
    """Fit every stage and level of a sweep (content of ``results/scale/sweep.json``)."""
    kinds: dict[tuple[str, str], list[Row]] = {}
    for row in content["costs"]:
        kinds.setdefault((row["stage"], row["level"]), []).append(row)
    return [
        Cost(stage, level, _fit_rows(rows), tuple(rows)) for (stage, level), rows in kinds.items()
    ]


def fit_caches(content: Row) -> list[Cache]:
    """Fit every cache of a sweep, and say where the machine's memory ends."""
    memory_bytes = content["machine"]["memory_gib"] * 2**30
    rows = content["caches"]
    found = []
    for level in dict.fromkeys(row["images"] for row in rows):
        if level == WITHOUT:
            continue
        ran = [row for row in rows if row["images"] == level and "skipped" not in row]
        image_bytes = _image_bytes(ran, [row for row in rows if row["images"] == WITHOUT])
        found.append(
            Cache(
                level,
                image_bytes,
                memory_bytes / image_bytes if image_bytes > 0 else float("inf"),
                _fit_counts(ran, "preload_s"),
                _fit_counts(ran, "epoch_s"),
                tuple(
                    row["skipped"] for row in rows if row["images"] == level and "skipped" in row
                ),
            )
        )
    return found


def _fit_rows(rows: Sequence[Row]) -> Growth:
    return fit_growth([[row[size] for size in SIZES] for row in rows], [row["ms"] for row in rows])


def _fit_counts(rows: Sequence[Row], name: str) -> Growth | None:
    seconds: dict[int, list[float]] = {}
    for row in rows:
        seconds.setdefault(row["count"], []).append(row[name])
    if len(seconds) < 2:
        return None
    return fit_growth([[count] for count in seconds], list(seconds.values()))


def _image_bytes(rows: Sequence[Row], without: Sequence[Row]) -> float:
    """Memory beyond that of the same run without a cache, an image, of the largest run."""
    count = max((row["count"] for row in rows), default=0)
    held, needed = (
        np.median([row["pss_bytes"] for row in _of_count(each, count)]) if count else 0.0
        for each in (rows, without)
    )
    return float(held - needed) / max(count, 1)


def _of_count(rows: Sequence[Row], count: int) -> Iterable[Row]:
    return (row for row in rows if row["count"] == count)


def _positive(values: npt.ArrayLike) -> Values:
    found = np.asarray(values, np.float64)
    if not (found > 0).all():
        raise ValueError(f"a cost or size is not above 0: {found[~(found > 0)].flat[0]}")
    return found
