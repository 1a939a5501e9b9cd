"""The specification of the maps, against numbers worked out by hand and a second formulation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from feedrate.targets import TargetParams
from feedrate.targets.params import MAPS, Targets
from feedrate.targets.reference import build_reference

SIZE = (140, 200)
BOX = np.array([[50.0, 50.0], [150.0, 50.0], [150.0, 90.0], [50.0, 90.0]])
"""100 x 40 px: D = 4000 * 0.84 / 280 = 12 px."""


def build(*polygons: object, ignore: tuple[int, ...] = (), **params: object) -> Targets:
    flags = [number in ignore for number in range(len(polygons))]
    points = [np.asarray(polygon) for polygon in polygons]
    return build_reference(points, flags, SIZE, TargetParams(**params))  # type: ignore[arg-type]


def rectangle(left: float, top: float, width: float, height: float) -> np.ndarray:
    corners = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)]
    return np.array(corners) + np.array([left, top])


def is_empty(maps: Targets) -> bool:
    """Whether nothing takes part: no shrunk text, no border, no threshold that counts."""
    return not (
        maps.shrink_map.any()
        or maps.threshold_mask.any()
        or (maps.threshold_map != np.float32(0.3)).any()
    )


def test_the_box_shrinks_by_twelve_pixels() -> None:
    maps = build(BOX)
    expected = np.zeros(SIZE, np.uint8)
    expected[62:79, 62:139] = 1
    np.testing.assert_array_equal(maps.shrink_map, expected)
    assert maps.shrink_mask.all()


def test_the_box_dilates_by_twelve_pixels_round_its_corners() -> None:
    mask = build(BOX).threshold_mask
    assert mask is not None
    assert np.argwhere(mask).min(axis=0).tolist() == [38, 38]
    assert np.argwhere(mask).max(axis=0).tolist() == [102, 162]
    assert not mask[39, 39]  # 15.6 px from the corner
    assert mask[50:91, 50:151].all()


@pytest.mark.parametrize(
    ("x", "y", "distance"),
    [
        (100, 50, 0.0),
        (100, 56, 6.0),
        (100, 44, 6.0),
        (100, 62, 12.0),
        (100, 70, 20.0),
        (47, 46, 5.0),  # off a corner: 3-4-5
        (5, 5, 64.0),
    ],
)
def test_the_threshold_falls_with_the_distance_to_the_outline(
    x: int, y: int, distance: float
) -> None:
    expected = 0.7 - 0.4 * min(distance / 12, 1)
    assert build(BOX).threshold_map[y, x] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("rule", "distance"), [("thales", math.hypot(1, 10)), ("segment", 10.0)])
def test_thales_rule_dents_the_border_near_a_vertex(rule: str, distance: float) -> None:
    # (51, 40) stands above the edge, yet sees it under less than a right angle.
    value = build(BOX, distance=rule).threshold_map[40, 51]
    assert value == pytest.approx(0.7 - 0.4 * distance / 12, abs=1e-6)


def test_the_maps_have_their_types() -> None:
    maps = build(BOX)
    values = [getattr(maps, name) for name in MAPS]
    assert [map_.dtype for map_ in values] == [np.uint8, np.uint8, np.float32, np.uint8]
    assert {map_.shape for map_ in values} == {SIZE}


def test_the_law_of_cosines_of_the_publication_gives_the_same_border() -> None:
    polygon = np.array([[40.3, 30.2], [120.9, 41.7], [151.4, 70.1], [118.2, 99.6], [35.5, 85.8]])
    maps = build(polygon)
    distance = _offset(polygon)
    rows, columns = np.nonzero(maps.threshold_mask)
    for y, x in zip(rows[::7].tolist(), columns[::7].tolist(), strict=True):
        expected = 0.7 - 0.4 * min(_published_distance((x, y), polygon) / distance, 1)
        assert maps.threshold_map[y, x] == pytest.approx(expected, abs=1e-6)


def _offset(polygon: np.ndarray) -> float:
    area, length = 0.0, 0.0
    for (ax, ay), (bx, by) in itertools.pairwise([*polygon, polygon[0]]):
        area += (ax * by - bx * ay) / 2
        length += math.hypot(bx - ax, by - ay)
    return abs(area) * (1 - 0.4**2) / length


def _published_distance(point: tuple[int, int], polygon: np.ndarray) -> float:
    """MhLiao/DB's rule: the angle at the pixel from the sides of its triangle with an edge."""
    found = []
    for start, end in itertools.pairwise([*polygon, polygon[0]]):
        one, other, edge = math.dist(point, start), math.dist(point, end), math.dist(start, end)
        cosine = (one**2 + other**2 - edge**2) / (2 * one * other)
        sine = math.sqrt(max(0.0, 1 - cosine**2))
        found.append(one * other * sine / edge if cosine <= 0 else min(one, other))
    return min(found)


@pytest.mark.parametrize("left", [-90.0, 240.0])
def test_a_text_outside_of_the_frame_draws_nothing_into_it(left: float) -> None:
    assert is_empty(build(rectangle(left, 50, 60, 30)))


def test_a_text_partly_outside_is_clipped_first() -> None:
    whole, clipped = build(rectangle(-40, 50, 100, 40)), build(rectangle(0, 50, 60, 40))
    np.testing.assert_array_equal(whole.shrink_map, clipped.shrink_map)
    np.testing.assert_array_equal(whole.threshold_map, clipped.threshold_map)


def test_a_small_text_is_masked_out_and_has_no_border() -> None:
    maps = build(rectangle(50, 50, 30, 5))
    assert is_empty(maps)
    assert maps.shrink_mask is not None
    assert maps.shrink_mask.size - maps.shrink_mask.sum() == 31 * 6


def test_an_ignored_text_is_masked_out_and_has_no_border() -> None:
    maps = build(BOX, ignore=(0,))
    assert is_empty(maps)
    assert maps.shrink_mask is not None
    assert not maps.shrink_mask[50:91, 50:151].any()
    assert maps.shrink_mask.sum() == maps.shrink_mask.size - 41 * 101


@pytest.mark.parametrize("preset", ["db", "feedrate"])
def test_a_text_that_shrinks_to_nothing_has_no_border_either(preset: str) -> None:
    # D = 1.18 px, more than half of the 2 px that truncation leaves of 2.9.
    maps = build(rectangle(20, 20, 100, 2.9), preset=preset, min_text_side=0)
    assert is_empty(maps)
    assert maps.shrink_mask is not None
    assert not maps.shrink_mask[20:23, 20:121].any()


@pytest.mark.parametrize(
    "polygon",
    [
        np.empty((0, 2)),
        np.empty(0),
        [[60, 60]],
        [[60, 60], [120, 90]],
        [[60, 60], [60, 60], [60, 60], [60, 60]],
        [[50, 50], [150, 90], [150, 50], [50, 90]],  # bow-tie: its loops cancel
        [[50, 50], [150, 50], [math.nan, 90], [50, 90]],
        [[50, 50], [math.inf, 50], [150, 90], [50, 90]],
    ],
)
def test_what_is_no_text_is_left_out(polygon: object) -> None:
    assert is_empty(build(polygon))
    with_text = build(polygon, BOX)
    np.testing.assert_array_equal(with_text.threshold_map, build(BOX).threshold_map)


def test_a_dumbbell_keeps_both_halves_unless_the_publication_is_asked() -> None:
    dumbbell = [(20, 20), (60, 20), (60, 38), (100, 38), (100, 20), (140, 20)]
    dumbbell += [(140, 60), (100, 60), (100, 42), (60, 42), (60, 60), (20, 60)]
    halves, first = build(dumbbell).shrink_map, build(dumbbell, preset="db").shrink_map
    assert halves[40, 30] == halves[40, 130] == 1
    assert int(first[40, 30]) + int(first[40, 130]) == 1
    assert abs(int(halves.sum()) - 2 * int(first.sum())) <= 1  # Clipper rounds one corner


def test_the_hole_of_a_dilated_c_is_filled() -> None:
    shape = [(30, 20), (150, 20), (150, 60), (130, 60), (130, 40), (50, 40)]
    shape += [(50, 100), (130, 100), (130, 75), (150, 75), (150, 120), (30, 120)]
    mask = build(shape).threshold_mask
    assert mask is not None
    assert mask[70, 90]


def test_offsets_start_from_truncated_coordinates() -> None:
    shifted, whole = build(BOX + 0.9), build(BOX)
    np.testing.assert_array_equal(shifted.shrink_map, whole.shrink_map)
    assert shifted.threshold_map[51, 100] > shifted.threshold_map[50, 100]  # the border is not


def test_float32_polygons_make_no_pinholes() -> None:
    generator = np.random.default_rng(3)
    for _ in range(20):
        polygon = (BOX + generator.uniform(-9, 9, (4, 2))).astype(np.float32)
        single, double = build(polygon), build(polygon.astype(np.float64))
        np.testing.assert_array_equal(single.threshold_map, double.threshold_map)
        assert np.isfinite(single.threshold_map).all()


def test_repeated_points_change_nothing() -> None:
    doubled = build(np.repeat(BOX, 2, axis=0))
    np.testing.assert_array_equal(doubled.threshold_map, build(BOX).threshold_map)


def test_a_border_overrides_the_interior_of_a_neighbour() -> None:
    inner = rectangle(80, 62, 20, 16)
    maps = build(BOX, inner)
    assert maps.threshold_map[62, 90] == pytest.approx(0.7, abs=1e-6)
    np.testing.assert_array_equal(maps.threshold_map, build(inner, BOX).threshold_map)


def test_arguments_are_left_as_they_are() -> None:
    polygon = rectangle(-10, 50, 100, 40)
    kept, ignore = polygon.copy(), [False]
    build_reference([polygon], ignore, SIZE)
    np.testing.assert_array_equal(polygon, kept)
    assert ignore == [False]


def test_a_wrong_shape_or_number_of_flags_is_named() -> None:
    with pytest.raises(ValueError, match=r"shape \(1, 4, 2\), must be \(N, 2\)"):
        build(BOX[np.newaxis])
    with pytest.raises(ValueError, match="1 polygons but 2 ignore flags"):
        build_reference([BOX], [False, False], SIZE)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("shrink_ratio", 1.0),
        ("thresh_min", 0.7),
        ("min_text_side", -1.0),
        ("distance", "manhattan"),
        ("preset", "tuned"),
    ],
)
def test_a_parameter_out_of_range_is_named(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=field):
        TargetParams(**{field: value})  # type: ignore[arg-type]
