"""The compiled pieces do what Clipper, OpenCV and GEOS do, to the pixel and to the last bit."""

from __future__ import annotations

import cv2
import numpy as np
import pyclipper
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from feedrate.targets import borders, fills, insets, jit, measures, offsets, reaches
from feedrate.targets.jit import compiled

HEIGHT, WIDTH = SIZE = (90, 120)
ROOM = 2000
thorough = settings(max_examples=300, deadline=None, derandomize=True)
seeds = st.integers(0, 2**32 - 1)


def fill(outline: np.ndarray, size: tuple[int, int] = SIZE) -> np.ndarray | None:
    mask = np.zeros(size, np.uint8)
    crossings = np.empty((size[0], fills.CROSSINGS), np.int64)
    counts = np.empty(size[0], np.int64)
    points = np.ascontiguousarray(outline, dtype=np.int64)
    done = fills.fill_outline(mask, points, len(points), 1, crossings, counts)
    return mask if done else None


def fill_by_opencv(outline: np.ndarray, size: tuple[int, int] = SIZE) -> np.ndarray:
    mask = np.zeros(size, np.uint8)
    cv2.fillPoly(mask, [np.asarray(outline, np.int32)], 1)
    return mask


@thorough
@given(seeds, st.sampled_from([0, 1, 60, 3000]))
def test_outlines_are_filled_as_opencv_fills_them(seed: int, beyond: int) -> None:
    rng = np.random.default_rng(seed)
    for count in range(1, 9):
        x = rng.integers(-beyond, WIDTH + beyond, count)
        y = rng.integers(-beyond, HEIGHT + beyond, count)
        outline = np.stack([x, y], axis=1)
        np.testing.assert_array_equal(fill(outline), fill_by_opencv(outline))


@pytest.mark.parametrize("count", [3, 5, 12, 40])
def test_round_outlines_are_filled_too(count: int) -> None:
    angles = np.arange(count) * 2 * np.pi / count
    for radius in (0.4, 3, 17.3, 44, 200):
        circle = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius
        outline = np.round(circle) + np.array([60, 45])
        np.testing.assert_array_equal(fill(outline), fill_by_opencv(outline))


def test_more_crossings_than_there_is_room_for_are_left_to_opencv() -> None:
    columns = np.arange(4, 4 + 4 * fills.CROSSINGS, 2)
    comb = np.stack([columns, np.where(np.arange(len(columns)) % 2, 10, 60)], axis=1)
    assert fill(comb) is None
    assert fill(comb[: fills.CROSSINGS]) is not None


def draw_convex(rng: np.random.Generator) -> np.ndarray:
    """Texts mostly: boxes, turned and not, with corners off; and hulls of a few points."""
    half = np.array([rng.uniform(6, 90), rng.uniform(4, 35)])
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    kind = rng.integers(4)
    if kind == 1:
        corners = np.round(corners)
    elif kind == 2:
        corners = corners + rng.uniform(-3, 3, (4, 2))
    elif kind == 3:
        hull = shapely.MultiPoint(rng.uniform(-1, 1, (12, 2)) * half).convex_hull
        corners = np.array(hull.exterior.coords)[:-1]
    angle = 0 if kind == 1 else rng.uniform(-np.pi, np.pi)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return corners @ turn + rng.uniform(120, 130, 2)


def offset_both(polygon: np.ndarray) -> tuple[float, np.ndarray | None, np.ndarray | None]:
    """D, and the outlines inwards and outwards, None where they are left to Clipper."""
    path, count = np.empty((len(polygon), 2), np.int64), len(polygon)
    kept = offsets.close_path(polygon, count, path)
    distance = measures.offset_distance(polygon, count, 1 - 0.4**2)
    if kept < 3 or not offsets.is_convex(path, kept):
        return distance, None, None
    normals, edges = np.empty((kept, 2)), np.empty((kept, 5))
    inner, outer = np.empty((kept, 2), np.int64), np.empty((ROOM, 2), np.int64)
    offsets.find_normals(path, kept, normals)
    shrunk = insets.shrink(path, kept, normals, distance, edges, inner)
    dilated = offsets.dilate(path, kept, normals, distance, outer)
    return distance, inner[:shrunk] if shrunk else None, outer[:dilated] if dilated else None


def offset_by_clipper(polygon: np.ndarray, distance: float) -> list[np.ndarray]:
    offset = pyclipper.PyclipperOffset()
    subject = polygon.astype(np.int64).tolist()
    offset.AddPath(subject, pyclipper.JT_ROUND, pyclipper.ET_CLOSEDPOLYGON)
    return [np.array(part) for part in offset.Execute(distance)]


def test_convex_outlines_move_as_clipper_moves_them() -> None:
    rng = np.random.default_rng(11)
    frame, decided, pixels, total = (250, 250), [0, 0], 0, 2500
    for _ in range(total):
        polygon = draw_convex(rng)
        distance, *moved = offset_both(polygon)
        for side, (outline, sign) in enumerate(zip(moved, (-1, 1), strict=True)):
            if outline is None:
                continue
            decided[side] += 1
            parts = offset_by_clipper(polygon, sign * distance)
            assert len(parts) == 1
            seen, expected = fill(outline, frame), fill_by_opencv(parts[0], frame)
            pixels += int(np.sum(seen != expected))
    assert pixels == 0
    # Three kinds of four are texts, of which nearly all are decided; a hull has flat corners.
    assert min(decided) > 0.7 * total


@thorough
@given(seeds, st.integers(3, 40))
def test_the_offset_distance_is_that_of_geos_to_the_last_bit(seed: int, count: int) -> None:
    polygon = np.random.default_rng(seed).uniform(0, 640, (count, 2))
    ring = shapely.Polygon(polygon)
    expected = ring.area * (1 - 0.4**2) / ring.length
    assert measures.offset_distance(polygon, count, 1 - 0.4**2) == expected


@pytest.mark.parametrize(
    ("points", "convex"),
    [
        ([(0, 0), (9, 0), (9, 9), (0, 9)], True),
        ([(0, 0), (5, 0), (9, 0), (9, 9), (0, 9)], True),
        ([(0, 0), (9, 0), (3, 3), (0, 9)], False),
        ([(0, 0), (9, 9), (9, 0), (0, 9)], False),
        ([(50, 0), (79, 90), (2, 35), (98, 35), (21, 90)], False),  # a pentagram: twice around
    ],
)
def test_convex_means_once_around(points: list[tuple[int, int]], convex: bool) -> None:
    path = np.empty((len(points), 2), np.int64)
    count = offsets.close_path(np.array(points, float), len(points), path)
    assert offsets.is_convex(path, count) == convex


def test_nothing_is_cached_under_the_date_of_one_file_alone() -> None:
    dispatcher = type(compiled(lambda: 0))
    found = {
        f"{module.__name__}.{name}": value
        for module in (borders, fills, insets, jit, measures, offsets, reaches)
        for name, value in vars(module).items()
        if isinstance(value, dispatcher)
    }
    assert len(found) > 15
    assert {type(value._cache).__name__ for value in found.values()} == {"NullCache"}
