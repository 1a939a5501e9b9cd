"""Every transform of the registry, with every argument: pixels and polygons move together."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedrate.cell import split_level
from feedrate.config import CHOICE_ARGUMENTS
from feedrate.registry import REGISTRIES, target_of
from feedrate.transforms import Transform, build_transform

SIZES = [(200, 150), (150, 200), (1403, 992), (96, 96), (40, 31), (1, 1), (700, 2)]
CHOICES = CHOICE_ARGUMENTS["transforms"]
LEVELS = [
    *REGISTRIES["transforms"],
    *(f"{name}:{argument}" for name, arguments in CHOICES.items() for argument in arguments),
]


def module_of(level: str) -> Any:
    target = target_of("transforms", split_level(level)[0])
    return importlib.import_module(target.partition(":")[0])


RANDOM = [level for level in LEVELS if getattr(module_of(level), "RANDOM", False)]
STEADY = [level for level in LEVELS if level not in RANDOM]
OF_WHOLE = [level for level in STEADY if split_level(level)[0] != "albumentations"]
"""Levels whose geometry is that of the whole image, whatever copy of it they are given."""

SAME_PIXELS = [level for level in OF_WHOLE if level != "torch_antialias"]


@cache
def make(level: str, size: int = 96) -> Transform:
    return build_transform(level, size)


def rectangle(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=np.float64)


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("level", LEVELS)
def test_it_says_whether_it_is_random_and_its_module_says_the_same(level: str) -> None:
    assert make(level).random is (level in RANDOM)


@pytest.mark.parametrize("name", CHOICES)
def test_an_unknown_argument_is_refused_with_those_that_are_known(name: str) -> None:
    with pytest.raises(ValueError, match="'lanczos' is unknown; allowed: linear, area, cubic"):
        build_transform(f"{name}:lanczos", 96)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("level", LEVELS)
def test_any_image_becomes_a_square(level: str, size: tuple[int, int]) -> None:
    prepared = make(level).fit(np.full((*size, 3), 200, dtype=np.uint8), [])
    assert prepared.image.shape == (96, 96, 3)
    assert prepared.image.dtype == np.uint8
    assert prepared.image.max() == 200 or (level in RANDOM and prepared.image.max() < 200)
    assert prepared.polygons == ()


@pytest.mark.parametrize("size", SIZES[:5])
@pytest.mark.parametrize("level", STEADY)
def test_polygons_follow_the_pixels(level: str, size: tuple[int, int]) -> None:
    height, width = size
    x0, y0, x1, y1 = width // 4, height // 5, width // 2, height // 2
    image = np.zeros((height, width, 3), dtype=np.uint8)
    image[y0:y1, x0:x1] = 255
    prepared = make(level).fit(image, [rectangle(x0, y0, x1, y1)])
    rows, columns = np.nonzero(prepared.image[..., 0] > 127)
    drawn = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
    carried = np.hstack([prepared.polygons[0].min(0), prepared.polygons[0].max(0)])
    np.testing.assert_allclose(carried, drawn, atol=1.0)


@pytest.mark.parametrize("level", STEADY)
def test_geometry_is_one_similarity_to_a_ten_thousandth(level: str) -> None:
    rng = np.random.default_rng(5)
    polygons = [rng.uniform(-100, 4000, (count, 2)) for count in (4, 3, 14, 4)]
    image = np.zeros((4000, 3001, 3), dtype=np.uint8)
    carried = make(level, 640).fit(image, polygons).polygons
    scale, left = 640 / 4000, (640 - round(3001 * 640 / 4000)) // 2
    assert [polygon.shape for polygon in carried] == [polygon.shape for polygon in polygons]
    for before, after in zip(polygons, carried, strict=True):
        assert after.dtype == np.float64
        np.testing.assert_allclose(after, before * scale + (left, 0), atol=1e-4)


@given(
    height=st.integers(1, 400) | st.integers(1, 4),
    width=st.integers(1, 400) | st.integers(1, 4),
    size=st.sampled_from([1, 32, 96, 97]),
    points=st.lists(st.tuples(st.floats(-50, 500), st.floats(-50, 500)), max_size=8),
)
@pytest.mark.parametrize("level", OF_WHOLE)
@settings(deadline=None, max_examples=60)
def test_it_agrees_with_albumentations(
    level: str, height: int, width: int, size: int, points: list[tuple[float, float]]
) -> None:
    _, argument = split_level(level)
    image, polygons = noise(height, width), [np.array(points, np.float64).reshape(-1, 2)]
    usual = make(f"albumentations:{argument or 'linear'}", size).fit(image, polygons)
    prepared = make(level, size).fit(image, polygons)
    # To the last bit: the maps drawn from them are then the same, too.
    np.testing.assert_array_equal(prepared.polygons[0], usual.polygons[0])
    if level in SAME_PIXELS:
        np.testing.assert_array_equal(prepared.image, usual.image)
    white = np.full_like(image, 255)
    covered = [make(name, size).fit(white, []).image > 127 for name in (level, "albumentations")]
    np.testing.assert_array_equal(*covered)


@given(
    height=st.integers(2, 900),
    width=st.integers(2, 900),
    divisor=st.sampled_from([1, 2, 4, 8]),
    seed=st.integers(0, 99),
)
@pytest.mark.parametrize("level", OF_WHOLE)
@settings(deadline=None, max_examples=60)
def test_a_smaller_copy_has_the_geometry_of_the_whole_image(
    level: str, height: int, width: int, divisor: int, seed: int
) -> None:
    polygons = [np.random.default_rng(seed).uniform(0, 900, (4, 2))]
    whole = np.full((height, width, 3), 255, np.uint8)
    copy = np.full((-(-height // divisor), -(-width // divisor), 3), 255, np.uint8)
    of_whole, of_copy = (
        make(level).fit(image, polygons, (height, width)) for image in (whole, copy)
    )
    np.testing.assert_array_equal(of_copy.polygons[0], of_whole.polygons[0])
    covered = [each.image > 127 for each in (of_copy, of_whole, make(level).fit(whole, []))]
    np.testing.assert_array_equal(covered[0], covered[1])
    np.testing.assert_array_equal(covered[1], covered[2])


@pytest.mark.parametrize("level", LEVELS)
def test_a_smaller_copy_and_its_polygons_move_together(level: str) -> None:
    image = np.zeros((80, 120, 3), dtype=np.uint8)
    image[30:50, 40:80] = 255
    whole = [rectangle(120, 90, 240, 150)]  # of an image three times as large
    prepared = make(level).fit(image, whole, (240, 360))
    corners = prepared.polygons[0]
    if (corners < 2).any() or (corners > 94).any():
        assert level in RANDOM  # a crop may cut it
        return
    mass = prepared.image[..., 0].astype(float)
    rows, columns = np.mgrid[:96, :96] + 0.5
    centre = np.array([(columns * mass).sum(), (rows * mass).sum()]) / mass.sum()
    np.testing.assert_allclose(corners.mean(axis=0), centre, atol=0.6)


@pytest.mark.parametrize("level", STEADY)
def test_points_outside_and_empty_polygons_are_kept(level: str) -> None:
    polygons = [rectangle(-500, -500, 900, 900), np.empty((0, 2)), rectangle(10, 10, 20, 20)]
    carried = make(level).fit(np.zeros((96, 96, 3), dtype=np.uint8), polygons).polygons
    assert len(carried) == 3
    for before, after in zip(polygons, carried, strict=True):
        np.testing.assert_allclose(after, before, atol=1e-3)


@pytest.mark.parametrize("level", LEVELS)
def test_absurd_points_do_not_touch_their_neighbours(level: str) -> None:
    absurd = np.array([[np.nan, 1.0], [np.inf, 2.0], [1e300, -1e300]])
    polygons = [absurd, np.empty((0, 2)), rectangle(10, 10, 20, 20), np.array([[3.0, 4.0]])]
    carried = make(level).fit(np.zeros((96, 96, 3), dtype=np.uint8), polygons).polygons
    assert [polygon.shape for polygon in carried] == [polygon.shape for polygon in polygons]
    assert all(polygon.dtype == np.float64 for polygon in carried)
    assert np.isnan(carried[0][0, 0])
    assert np.isfinite(carried[2]).all()
    if level in STEADY:
        np.testing.assert_allclose(carried[2], polygons[2], atol=1e-3)


@pytest.mark.parametrize("level", LEVELS)
def test_nothing_given_is_changed_and_calls_repeat_unless_random(level: str) -> None:
    transform, image, polygon = make(level), noise(130, 77), rectangle(3, 4, 50, 60)
    image.flags.writeable = polygon.flags.writeable = False
    first = transform.fit(image, [polygon])
    for _ in range(20 if level in STEADY else 0):
        again = transform.fit(image, [polygon])
        np.testing.assert_array_equal(again.image, first.image)
        np.testing.assert_array_equal(again.polygons[0], first.polygons[0])
    before = first.image.copy()
    transform.normalise(first.image)
    np.testing.assert_array_equal(first.image, before)


@pytest.mark.parametrize("size", [(96, 96), (1, 1), (640, 3)])
@pytest.mark.parametrize("writeable", [True, False])
@pytest.mark.parametrize("level", LEVELS)
def test_normalised_values_are_those_of_albumentations_to_the_last_bit(
    level: str, writeable: bool, size: tuple[int, int]
) -> None:
    image = noise(*size)
    expected = make("albumentations").normalise(image)
    image.flags.writeable = writeable
    normalised = make(level).normalise(image)
    assert normalised.dtype == np.float32
    np.testing.assert_array_equal(normalised, expected)


def test_normalise_is_affine_in_each_channel_and_knows_all_values() -> None:
    levels = np.arange(96 * 96, dtype=np.int64).reshape(96, 96, 1) % 256
    image = np.repeat(levels, 3, axis=2).astype(np.uint8)
    normalised = make("albumentations").normalise(image)
    for level in LEVELS:
        np.testing.assert_array_equal(make(level).normalise(image), normalised)
    for channel in range(3):
        x, y = image[..., channel].ravel(), normalised[..., channel].ravel()
        slope, offset = np.polyfit(x.astype(float), y, 1)
        np.testing.assert_allclose(y, slope * x + offset, atol=1e-4)
        assert slope > 0
        assert offset < 0 < slope * 255 + offset


def test_the_fused_one_puts_channels_first_so_that_a_batch_is_made_by_plain_copies() -> None:
    planes = make("fused").normalise(noise(96, 96)).transpose(2, 0, 1)
    assert planes.flags.c_contiguous


def test_the_antialiased_one_looks_at_every_pixel() -> None:
    stripes = np.zeros((960, 960, 3), np.uint8)
    stripes[:, ::7] = 255  # thinner than one pixel of the result
    seen = {level: make(level).fit(stripes, []).image for level in ("opencv", "torch_antialias")}
    spread = {level: int(np.ptp(image[8:-8, 8:-8])) for level, image in seen.items()}
    assert spread["torch_antialias"] < 12
    assert spread["opencv"] > 100
    averaged = cv2.resize(stripes, (96, 96), interpolation=cv2.INTER_AREA)
    assert abs(float(seen["torch_antialias"].mean()) - float(averaged.mean())) < 1
