"""Every transform of the registry: pixels and polygons move together, no point is lost."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from feedrate.registry import REGISTRIES, resolve
from feedrate.transforms import Transform

SIZES = [(200, 150), (150, 200), (1403, 992), (96, 96), (40, 31), (1, 1), (700, 2)]


@pytest.fixture(params=REGISTRIES["transforms"], scope="module")
def build(request: pytest.FixtureRequest) -> Callable[[int], Transform]:
    return resolve("transforms", request.param)


@pytest.fixture(scope="module")
def transform(build: Callable[[int], Transform]) -> Transform:
    return build(96)


def rectangle(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=np.float64)


def test_it_says_whether_it_is_random(transform: Transform) -> None:
    assert isinstance(transform.random, bool)


@pytest.mark.parametrize("size", SIZES)
def test_any_image_becomes_a_square(transform: Transform, size: tuple[int, int]) -> None:
    image = np.full((*size, 3), 200, dtype=np.uint8)
    prepared = transform.fit(image, [])
    assert prepared.image.shape == (96, 96, 3)
    assert prepared.image.dtype == np.uint8
    assert prepared.image.max() == 200
    assert prepared.polygons == ()


@pytest.mark.parametrize("size", SIZES[:5])
def test_polygons_follow_the_pixels(transform: Transform, size: tuple[int, int]) -> None:
    height, width = size
    x0, y0, x1, y1 = width // 4, height // 5, width // 2, height // 2
    image = np.zeros((height, width, 3), dtype=np.uint8)
    image[y0:y1, x0:x1] = 255
    prepared = transform.fit(image, [rectangle(x0, y0, x1, y1)])
    rows, columns = np.nonzero(prepared.image[..., 0] > 127)
    drawn = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
    carried = np.hstack([prepared.polygons[0].min(0), prepared.polygons[0].max(0)])
    np.testing.assert_allclose(carried, drawn, atol=1.0)


def test_geometry_is_one_similarity_to_a_ten_thousandth(build: Callable[[int], Transform]) -> None:
    rng = np.random.default_rng(5)
    polygons = [rng.uniform(-100, 4000, (count, 2)) for count in (4, 3, 14, 4)]
    image = np.zeros((4000, 3001, 3), dtype=np.uint8)
    carried = build(640).fit(image, polygons).polygons
    scale, left = 640 / 4000, (640 - round(3001 * 640 / 4000)) // 2
    assert [polygon.shape for polygon in carried] == [polygon.shape for polygon in polygons]
    for before, after in zip(polygons, carried, strict=True):
        assert after.dtype == np.float64
        np.testing.assert_allclose(after, before * scale + (left, 0), atol=1e-4)


def test_points_outside_and_empty_polygons_are_kept(transform: Transform) -> None:
    polygons = [rectangle(-500, -500, 900, 900), np.empty((0, 2)), rectangle(10, 10, 20, 20)]
    carried = transform.fit(np.zeros((96, 96, 3), dtype=np.uint8), polygons).polygons
    assert len(carried) == 3
    for before, after in zip(polygons, carried, strict=True):
        np.testing.assert_allclose(after, before, atol=1e-3)


def test_absurd_points_do_not_touch_their_neighbours(transform: Transform) -> None:
    absurd = np.array([[np.nan, 1.0], [np.inf, 2.0], [1e300, -1e300]])
    polygons = [absurd, rectangle(10, 10, 20, 20)]
    carried = transform.fit(np.zeros((96, 96, 3), dtype=np.uint8), polygons).polygons
    assert carried[0].shape == (3, 2)
    assert np.isnan(carried[0][0, 0])
    np.testing.assert_allclose(carried[1], polygons[1], atol=1e-3)


def test_nothing_given_is_changed_and_calls_repeat_unless_random(transform: Transform) -> None:
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (130, 77, 3), dtype=np.uint8)
    polygon = rectangle(3, 4, 50, 60)
    image.flags.writeable = polygon.flags.writeable = False
    first = transform.fit(image, [polygon])
    if not transform.random:
        for _ in range(20):
            again = transform.fit(image, [polygon])
            np.testing.assert_array_equal(again.image, first.image)
            np.testing.assert_array_equal(again.polygons[0], first.polygons[0])
    before = first.image.copy()
    transform.normalise(first.image)
    np.testing.assert_array_equal(first.image, before)


def test_normalise_is_affine_in_each_channel(transform: Transform) -> None:
    levels = np.arange(96 * 96, dtype=np.int64).reshape(96, 96, 1) % 256
    image = np.repeat(levels, 3, axis=2).astype(np.uint8)
    normalised = transform.normalise(image)
    assert normalised.dtype == np.float32
    assert normalised.shape == (96, 96, 3)
    for channel in range(3):
        x, y = image[..., channel].ravel(), normalised[..., channel].ravel()
        slope, offset = np.polyfit(x.astype(float), y, 1)
        np.testing.assert_allclose(y, slope * x + offset, atol=1e-4)
        assert slope > 0
        assert offset < 0 < slope * 255 + offset
