"""Samples unlike the others of their dataset, by Tukey's fences on a logarithmic scale."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from feedrate.validation.facts import ImageFacts

FACTOR = 3.0
"""Interquartile ranges between a quartile and its fence: "far out" in Tukey's words."""
LEAST_RATIO = 2.0
"""Nearest that a fence may lie to the median: where all images are alike none is an outlier."""
FEWEST = 20
"""Samples below which no fence is drawn."""


@dataclass(frozen=True)
class Measure:
    """What samples are compared by.

    Attributes:
        check: The check that reports an outlier.
        words: From a value to its words.
        of: From facts to a value; 0 where there is none.
    """

    check: str
    words: Callable[[float], str]
    of: Callable[[ImageFacts], float]


MEASURES = (
    Measure("density_outlier", lambda v: f"{v:.3g} texts", lambda f: f.instances),
    Measure(
        "aspect_outlier",
        lambda v: f"{v:.3g} times as wide as high",
        lambda f: f.width / (f.height or 1),
    ),
    Measure("size_outlier", lambda v: f"{v:.3g} megapixels", lambda f: f.width * f.height / 1e6),
)


@dataclass
class Crowd:
    """The measures of all samples of a dataset, eight bytes each.

    Attributes:
        max_megapixels: Larger images are refused, and no part of the crowd.
    """

    max_megapixels: float
    _names: list[tuple[str, str]] = field(default_factory=list)
    _bits: array[float] = field(default_factory=lambda: array("d"))
    _values: tuple[array[float], ...] = field(
        default_factory=lambda: tuple(array("d") for _ in MEASURES)
    )

    def join(self, facts: ImageFacts, location: str) -> None:
        """Add one sample."""
        if facts.width * facts.height > 1e6 * self.max_megapixels:
            return
        self._names.append((facts.key, location))
        self._bits.append(8 * facts.bytes / (facts.width * facts.height or 1))
        for measure, values in zip(MEASURES, self._values, strict=True):
            values.append(measure.of(facts))

    def outliers(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield key, check, message and location of every sample beyond a fence."""
        for measure, values in zip(MEASURES, self._values, strict=True):
            seen = np.array(values)
            if (seen > 0).sum() < FEWEST:
                continue
            low, median, high = fences(seen[seen > 0])
            for place in np.flatnonzero((seen > 0) & ((seen < low) | (seen > high))):
                message = f"{measure.words(seen[place])}{self._aside(measure, int(place))}"
                limits = f"the fences are {low:.3g} and {high:.3g}"
                key, location = self._names[place]
                yield (
                    key,
                    measure.check,
                    f"{message}; the median is {median:.3g}, {limits}",
                    location,
                )

    def _aside(self, measure: Measure, place: int) -> str:
        bits = f", {self._bits[place]:.2g} bits a pixel"
        return bits if measure.check == "size_outlier" else ""


def fences(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, float, float]:
    """Return the lower fence, the median and the upper fence of positive values.

    Tukey's outer fences (Exploratory Data Analysis, 1977) of the logarithms, so that half and
    twice the usual are as far.
    """
    first, median, third = np.quantile(np.log(values), (0.25, 0.5, 0.75))
    reach, least = FACTOR * (third - first), math.log(LEAST_RATIO)
    low, high = min(first - reach, median - least), max(third + reach, median + least)
    return math.exp(low), math.exp(median), math.exp(high)
