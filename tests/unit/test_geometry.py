"""Polygon arithmetic against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from feedrate.geometry import clip_to_frame, perimeter, shorter_side, signed_area

BOX = np.array([[50.0, 50.0], [150.0, 50.0], [150.0, 90.0], [50.0, 90.0]])
BOW_TIE = np.array([[0.0, 0.0], [10.0, 10.0], [10.0, 0.0], [0.0, 10.0]])


def test_a_box_has_the_area_and_perimeter_of_its_sides() -> None:
    assert signed_area(BOX) == 4000.0
    assert perimeter(BOX) == 280.0
    assert shorter_side(BOX) == 40.0


def test_the_sign_says_clockwise_on_screen() -> None:
    assert signed_area(BOX[::-1]) == -4000.0


@pytest.mark.parametrize("polygon", [BOW_TIE, BOX[:2], BOX[:1], BOX[:0]])
def test_what_encloses_nothing_has_no_area(polygon: np.ndarray) -> None:
    assert signed_area(polygon) == 0.0


def test_sums_do_not_depend_on_the_start_vertex() -> None:
    polygon = np.random.default_rng(5).uniform(0, 1000, (9, 2))
    rolled = [np.roll(polygon, shift, axis=0) for shift in range(9)]
    assert {signed_area(points) for points in rolled} == {signed_area(polygon)}
    assert {perimeter(points) for points in rolled} == {perimeter(polygon)}


def test_clipping_moves_points_to_the_last_pixel_and_leaves_its_argument() -> None:
    polygon = np.array([[-5.0, 3.0], [700.5, -1.0], [20.0, 479.5]])
    kept = polygon.copy()
    clipped = clip_to_frame(polygon, (480, 640))
    np.testing.assert_array_equal(clipped, [[0.0, 3.0], [639.0, 0.0], [20.0, 479.0]])
    np.testing.assert_array_equal(polygon, kept)
