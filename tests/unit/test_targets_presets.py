"""Where the presets differ, against what each one defines; the numbers are worked out by hand."""

from __future__ import annotations

import math
from typing import get_args

import cv2
import numpy as np
import pytest

from feedrate.dataconfig import TargetSettings
from feedrate.targets.params import Outcome, Preset, TargetParams, Targets
from feedrate.targets.presets import PRESETS
from feedrate.targets.reference import build_reference

HEIGHT, WIDTH = SIZE = (140, 200)
ALL: tuple[Preset, ...] = get_args(Preset)
CLIPPING: tuple[Preset, ...] = ("feedrate", "db")
every_preset = pytest.mark.parametrize("preset", ALL)


def box(left: float, top: float, width: float, height: float) -> np.ndarray:
    corners = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)]
    return np.array(corners) + np.array([left, top])


BOX = box(50, 50, 100, 40)  # D = 4000 * 0.84 / 280 = 12 px
NECK = [(20, 20), (60, 20), (60, 35), (100, 35), (100, 20), (140, 20)]
DUMBBELL = np.array([*NECK, *((x, 80 - y) for x, y in reversed(NECK))], np.float64)
"""Two 40 px squares and a neck of 10: D = 3600 * 0.84 / 380 = 7.96 px, with r = 0.8 it is 3.41."""
C_SHAPE = np.array(
    [
        *((30, 20), (150, 20), (150, 60), (130, 60), (130, 40), (50, 40)),
        *((50, 100), (130, 100), (130, 75), (150, 75), (150, 120), (30, 120)),
    ],
    np.float64,
)
"""A mouth of 15 px, which a dilation by more than 7.5 px closes around a hole."""


def build(preset: Preset, *polygons: object, ignore: bool = False, **params: object) -> Targets:
    points = [np.asarray(polygon, dtype=np.float64) for polygon in polygons]
    chosen = TargetParams(preset=preset, **params)  # type: ignore[arg-type]
    return build_reference(points, [ignore] * len(points), SIZE, chosen)


def outcome(maps: Targets) -> Outcome:
    assert maps.outcomes is not None
    return Outcome(maps.outcomes.item())


def border(maps: Targets) -> int:
    """Pixels above the floor of the threshold map."""
    return int((maps.threshold_map > np.float32(0.3)).sum())


def masked(maps: Targets) -> int:
    assert maps.shrink_mask is not None
    return maps.shrink_mask.size - int(maps.shrink_mask.sum())


def test_the_table_has_a_row_for_every_preset() -> None:
    assert tuple(PRESETS) == ALL
    assert get_args(TargetSettings.model_fields["preset"].annotation) == ALL


@every_preset
def test_a_plain_box_is_the_same_to_all(preset: Preset) -> None:
    maps, published = build(preset, BOX), build("db", BOX)
    np.testing.assert_array_equal(maps.shrink_map, published.shrink_map)
    np.testing.assert_array_equal(maps.threshold_map, published.threshold_map)
    assert maps.threshold_mask is not None
    assert outcome(maps) == Outcome.DRAWN
    assert masked(maps) == 0
    assert maps.threshold_mask.all() == (preset == "seed")  # it has no masks


@every_preset
@pytest.mark.parametrize("left", [-90.0, 230.0])
def test_a_text_far_outside_draws_nothing_into_the_frame(preset: Preset, left: float) -> None:
    # D = 1800 * 0.84 / 180 = 8.4 px. No crash, and no false column at the edge.
    maps = build(preset, box(left, 50, 60, 30))
    assert outcome(maps) == Outcome.OUT_OF_FRAME
    assert not maps.shrink_map.any()
    assert border(maps) == 0
    # What is clipped first lies on the edge of the frame, 31 rows of it.
    assert masked(maps) == (31 if preset in (*CLIPPING, "paddle") else 0)


@every_preset
@pytest.mark.parametrize("left", [-65.0, 204.0])
def test_a_border_reaches_in_from_outside_unless_it_is_clipped(preset: Preset, left: float) -> None:
    # The outline is 5 px outside: the border comes 3.4 px near, at 0.7 - 0.4 * 5 / 8.4.
    maps = build(preset, box(left, 50, 60, 30))
    assert outcome(maps) == Outcome.OUT_OF_FRAME
    edge = maps.threshold_map[65, 0 if left < 0 else WIDTH - 1]
    assert edge == pytest.approx(0.3 if preset in CLIPPING else 0.7 - 0.4 * 5 / 8.4, abs=1e-6)


@every_preset
def test_a_text_across_the_edge_is_clipped_or_not(preset: Preset) -> None:
    maps = build(preset, box(-40, 50, 100, 40))
    # Clipped, the edge of the frame is an outline; else it cuts through the text's middle.
    edge = 0.7 if preset in CLIPPING else 0.3
    assert maps.threshold_map[70, 0] == pytest.approx(edge, abs=1e-6)
    assert maps.shrink_map[70, 0] == (preset in ("mmocr", "doctr", "seed"))


@every_preset
def test_a_word_of_30_by_5_px(preset: Preset) -> None:
    # D = 150 * 0.84 / 70 = 1.8 px: the border has 6 rows of 31 px, 12 px left and right, 8 px
    # inside, and the 4 corners at 1.41 px.
    maps = build(preset, box(50, 50, 30, 5))
    drawn = preset in ("doctr", "seed")
    assert outcome(maps) == (Outcome.DRAWN if drawn else Outcome.TOO_SMALL)
    assert bool(maps.shrink_map.any()) == drawn
    assert border(maps) == (210 if drawn or preset == "paddle" else 0)
    assert masked(maps) == (0 if drawn else 31 * 6)


@every_preset
def test_a_word_of_30_by_2_px(preset: Preset) -> None:
    maps = build(preset, box(50, 50, 30, 2))
    # Too small for all who look; else D = 0.79 px leaves a line, which Clipper drops.
    assert outcome(maps) == (Outcome.SHRUNK_AWAY if preset == "seed" else Outcome.TOO_SMALL)
    assert not maps.shrink_map.any()
    assert masked(maps) == (0 if preset == "seed" else 31 * 3)
    assert (border(maps) > 0) == (preset in ("paddle", "seed"))


@every_preset
def test_a_thin_text_askew(preset: Preset) -> None:
    along, across = 60 / math.sqrt(2), 7 / math.sqrt(2)  # 60 x 7 px, turned by 45 degrees
    shape = [(60, 40), (60 + along, 40 + along), (60 + along - across, 40 + along + across)]
    maps = build(preset, [*shape, (60 - across, 40 + across)])
    assert outcome(maps) == (Outcome.TOO_SMALL if preset == "mmocr" else Outcome.DRAWN)


@every_preset
@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_points(preset: Preset, count: int) -> None:
    maps = build(preset, BOX[:count])
    assert outcome(maps) == Outcome.TOO_FEW_POINTS
    assert not maps.shrink_map.any()
    assert border(maps) == 0
    assert masked(maps) == (0 if preset == "seed" else [0, 1, 101][count])


def test_a_shrink_that_falls_apart() -> None:
    maps = {preset: build(preset, DUMBBELL) for preset in ALL}
    for preset in ("feedrate", "seed"):
        assert maps[preset].shrink_map[40, [40, 120]].tolist() == [1, 1]
    for preset in ("db", "doctr"):
        assert sum(maps[preset].shrink_map[40, [40, 120]].tolist()) == 1
    assert [maps[preset].shrink_map[40, 80] for preset in ("feedrate", "paddle")] == [0, 1]
    # r = 0.8 moves the left side by 3.41 px, r = 0.4 by 7.96.
    assert [maps[preset].shrink_map[40].argmax() for preset in ("feedrate", "paddle")] == [28, 23]
    assert outcome(maps["mmocr"]) == Outcome.SPLIT
    assert not maps["mmocr"].shrink_map.any()
    assert border(maps["mmocr"]) == 0
    assert maps["mmocr"].shrink_mask is not None
    assert not maps["mmocr"].shrink_mask[40, 20:141].any()


def test_a_shrink_that_falls_apart_whatever_the_ratio_keeps_all_parts() -> None:
    thin = np.where(np.abs(DUMBBELL - 40) == 5, 40 + np.sign(DUMBBELL - 40) * 2, DUMBBELL)
    maps = build("paddle", thin)  # a neck of 4 px; D = 3360 * 0.36 / 392 = 3.09 px
    assert [maps.shrink_map[40, x] for x in (25, 80, 135)] == [1, 0, 1]


def test_a_dilation_with_a_hole() -> None:
    # D = 6400 * 0.84 / 690 = 7.8 px.
    maps = {preset: build(preset, C_SHAPE) for preset in ALL}
    for preset in ("feedrate", "db", "paddle", "doctr"):
        mask = maps[preset].threshold_mask
        assert mask is not None
        assert mask[70, 90]  # filled
        np.testing.assert_array_equal(maps[preset].threshold_map, maps["db"].threshold_map)
    undilated = cv2.fillPoly(np.zeros(SIZE, np.uint8), [C_SHAPE.astype(np.int32)], 1)
    np.testing.assert_array_equal(maps["mmocr"].threshold_mask, undilated)
    assert border(build("mmocr", C_SHAPE)) < border(maps["db"])  # cut at the outline's box
    assert maps["mmocr"].threshold_map[19, 90] == np.float32(0.3) < maps["db"].threshold_map[19, 90]


@every_preset
def test_loops_that_cancel(preset: Preset) -> None:
    maps = build(preset, [[50, 50], [150, 90], [150, 50], [50, 90]])
    assert outcome(maps) == Outcome.NO_AREA
    assert not maps.shrink_map.any()
    assert border(maps) == 0
    box_px = 101 * 41
    assert {"seed": masked(maps) == 0, "doctr": masked(maps) == box_px}.get(
        preset, 0 < masked(maps) < box_px
    )


@every_preset
def test_points_in_a_row(preset: Preset) -> None:
    maps = build(preset, [[50, 50], [80, 65], [110, 80], [70, 60]])
    assert outcome(maps) == (Outcome.TOO_SMALL if preset == "mmocr" else Outcome.NO_AREA)
    assert border(maps) == 0


@every_preset
def test_an_image_without_polygons(preset: Preset) -> None:
    maps = build(preset)
    assert masked(maps) == (HEIGHT * WIDTH if preset == "doctr" else 0)
    assert not maps.shrink_map.any()
    assert border(maps) == 0
    assert maps.left_out() == {}


@every_preset
def test_an_ignored_text(preset: Preset) -> None:
    diamond = [[100, 20], [150, 70], [100, 120], [50, 70]]
    maps = build(preset, diamond, ignore=True)
    if preset == "seed":  # knows no tags
        assert outcome(maps) == Outcome.DRAWN
    else:
        assert outcome(maps) == Outcome.IGNORE_TAG
        assert maps.left_out() == {"ignore_tag": 1}
        assert not maps.shrink_map.any()
        assert border(maps) == 0
        assert masked(maps) == (101**2 if preset == "doctr" else 50**2 + 51**2)


@every_preset
def test_fractions_of_a_pixel(preset: Preset) -> None:
    maps = build(preset, BOX + 0.9)
    # Clipper truncates for all of them; only one measures the border from whole pixels.
    np.testing.assert_array_equal(maps.shrink_map, build(preset, BOX).shrink_map)
    assert maps.threshold_map[40:60, 100].argmax() + 40 == (50 if preset == "seed" else 51)


@every_preset
def test_half_a_pixel_of_shrinking(preset: Preset) -> None:
    # D = 1700 * 0.84 / 168 = 8.5 px. From 20 and 70, 20 and 54: Clipper rounds 28.5 to 29 and
    # 61.5 to 62, so 34 x 18 px are left; where D itself is whole, it is rounded down to 8.
    drawn = build(preset, box(20, 20, 50, 34)).shrink_map.sum()
    assert drawn == (35 * 19 if preset == "mmocr" else 34 * 18)
