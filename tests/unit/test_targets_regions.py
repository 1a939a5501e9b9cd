"""Which polygons take part, why the others do not, and that none of them crashes anything."""

from __future__ import annotations

import itertools
import math
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedrate.targets.outlines import offset_distance
from feedrate.targets.params import Outcome, Preset, TargetParams, Targets
from feedrate.targets.reference import build_reference
from feedrate.targets.regions import find_regions

SIZE = (140, 200)
ALL: tuple[Preset, ...] = get_args(Preset)
every_preset = pytest.mark.parametrize("preset", ALL)


def box(left: float, top: float, width: float, height: float) -> np.ndarray:
    corners = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)]
    return np.array(corners) + np.array([left, top])


def build(preset: Preset, polygon: np.ndarray, ignore: bool = False, **params: object) -> Targets:
    chosen = TargetParams(preset=preset, **params)  # type: ignore[arg-type]
    return build_reference([polygon], [ignore], SIZE, chosen)


def outcome(maps: Targets) -> Outcome:
    assert maps.outcomes is not None
    return Outcome(maps.outcomes.item())


def test_every_polygon_has_its_reason() -> None:
    polygons = {
        Outcome.DRAWN: box(50, 50, 100, 40),
        Outcome.TOO_FEW_POINTS: box(50, 50, 100, 40)[:2],
        Outcome.NOT_FINITE: box(50, 50, math.inf, 40),
        Outcome.OUT_OF_FRAME: box(50, 150, 100, 40),
        Outcome.TOO_SMALL: box(50, 50, 100, 7.9),
        Outcome.NO_AREA: np.array([[50.0, 50.0], [80.0, 65.0], [110.0, 80.0]]),
        # 2.9 px high, of which truncation leaves 2; turned by 45 degrees its box is not small.
        Outcome.SHRUNK_AWAY: np.array([[50.0, 50.0], [90.0, 90.0], [88.0, 92.0], [48.0, 52.0]]),
    }
    found = find_regions(list(polygons.values()), [False] * len(polygons), SIZE, TargetParams())
    assert found.outcomes.tolist() == [int(reason) for reason in polygons]
    assert found.outcomes.dtype == np.uint8
    assert len(found.regions) == 1
    assert len(found.masked) == len(polygons) - 2  # all but the drawn and the not finite


def test_reasons_are_counted() -> None:
    small, outside = box(50, 50, 4, 4), box(300, 300, 50, 50)
    maps = build_reference([small, outside, small], [False, False, False], SIZE)
    assert maps.left_out() == {"out_of_frame": 1, "too_small": 2}


def test_the_window_lies_in_the_frame_and_the_origin_need_not() -> None:
    (region,) = find_regions([box(-40, 60, 100, 100)], [False], SIZE, TargetParams()).regions
    # Clipped to 60 x 79 px: D = 4740 * 0.84 / 278 = 14.32 px, rounded outwards by Clipper.
    assert region.distance == pytest.approx(14.322, abs=1e-3)
    assert region.origin == (-14, 46)
    assert region.window == (0, 46, 74, 139)


def test_the_offset_is_summed_in_the_published_order() -> None:
    generator = np.random.default_rng(4)
    for count in range(3, 40):
        polygon = generator.uniform(-100, 2000, (count, 2))
        assert offset_distance(polygon, 0.4) == _offset_distance(polygon.tolist())


def _offset_distance(points: list[list[float]]) -> float:
    """Follow the docstring of `outlines` to the letter."""
    count, twice, length = len(points), 0.0, 0.0
    for i in range(1, count):
        twice += (points[i][0] - points[0][0]) * (points[i - 1][1] - points[(i + 1) % count][1])
    for start, end in itertools.pairwise([*points, points[0]]):
        dx, dy = end[0] - start[0], end[1] - start[1]
        length += math.sqrt(dx * dx + dy * dy)
    return abs(twice) / 2 * (1 - 0.4**2) / length


@every_preset
def test_the_order_of_reasons(preset: Preset) -> None:
    small = box(300, 300, 2, 2)
    heeds = preset != "seed"
    expected = Outcome.IGNORE_TAG if heeds else Outcome.OUT_OF_FRAME
    assert outcome(build(preset, small, ignore=True)) == expected
    assert outcome(build(preset, small)) == Outcome.OUT_OF_FRAME
    lost = np.where(small == 300, math.nan, small)
    assert outcome(build(preset, lost, ignore=True)) == Outcome.NOT_FINITE
    assert outcome(build(preset, lost[:2], ignore=True)) == Outcome.TOO_FEW_POINTS


coordinates = st.one_of(
    st.floats(),
    st.sampled_from([0.0, 60.0, 139.0, 199.0, 1e9, -1e9, 1e18, 1e300, -1e300]),
    st.integers(-20, 220).map(float),
)
wild = st.lists(st.tuples(coordinates, coordinates), max_size=8)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(wild, st.sampled_from(ALL), st.sampled_from(["thales", "segment"]), st.booleans())
def test_no_polygon_crashes_any_preset(
    points: list[tuple[float, float]], preset: Preset, distance: str, doubled: bool
) -> None:
    polygon = np.repeat(np.array(points).reshape(-1, 2), 2 if doubled else 1, axis=0)
    kept = polygon.copy()
    maps = build(preset, polygon, distance=distance, min_text_side=0)
    assert np.isfinite(maps.threshold_map).all()
    assert 0.3 <= maps.threshold_map.min() + 1e-6 <= maps.threshold_map.max() + 1e-6 <= 0.7 + 2e-6
    assert (outcome(maps) == Outcome.NOT_FINITE) == (
        len(polygon) > 2 and not np.isfinite(polygon).all()
    )
    np.testing.assert_array_equal(polygon, kept)
