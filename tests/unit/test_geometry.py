"""Polygon arithmetic against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from feedrate.geometry import clip_to_frame, is_outside, shorter_side, signed_area

BOX = np.array([[50.0, 50.0], [150.0, 50.0], [150.0, 90.0], [50.0, 90.0]])
BOW_TIE = np.array([[0.0, 0.0], [10.0, 10.0], [10.0, 0.0], [0.0, 10.0]])


def test_a_box_has_the_area_of_its_sides() -> None:
    assert signed_area(BOX) == 4000.0
    assert shorter_side(BOX) == 40.0


def test_the_sign_says_clockwise_on_screen() -> None:
    assert signed_area(BOX[::-1]) == -4000.0


@pytest.mark.parametrize("polygon", [BOW_TIE, BOX[:2], BOX[:1], BOX[:0]])
def test_what_encloses_nothing_has_no_area(polygon: np.ndarray) -> None:
    assert signed_area(polygon) == 0.0


@pytest.mark.parametrize(
    ("shift", "outside"),
    [
        *(((-150.0, 0.0), False), ((-150.1, 0.0), True), ((589.0, 0.0), False)),
        *(((589.1, 0.0), True), ((0.0, -91.0), True), ((0.0, 429.0), False), ((0.0, 430.0), True)),
    ],
)
def test_outside_is_beyond_the_last_pixel(shift: tuple[float, float], outside: bool) -> None:
    assert is_outside(BOX + np.array(shift), (480, 640)) == outside


def test_clipping_moves_points_to_the_last_pixel_and_leaves_its_argument() -> None:
    polygon = np.array([[-5.0, 3.0], [700.5, -1.0], [20.0, 479.5]])
    kept = polygon.copy()
    clipped = clip_to_frame(polygon, (480, 640))
    np.testing.assert_array_equal(clipped, [[0.0, 3.0], [639.0, 0.0], [20.0, 479.0]])
    np.testing.assert_array_equal(polygon, kept)
