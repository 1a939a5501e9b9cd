"""Previews: the same from the same data, of every map, and what is left out is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny import make_samples

from feedrate import panels
from feedrate.preview import choose_sample, draw_preview, show_targets, sign_sample
from feedrate.targets.params import TargetParams
from feedrate.targets.reference import build_reference
from feedrate.transforms.albumentations import build

SQUARE = np.array([[10.0, 10.0], [60.0, 10.0], [60.0, 40.0], [10.0, 40.0]])
PAPER = np.full((64, 96, 3), 255, np.uint8)


def draw(path: Path, **params: float) -> bytes:
    sample = make_samples(path.parent / "images")[0]
    pixels = np.asarray(Image.open(sample.image_path))
    draw_preview(path, sample, pixels, build(128), TargetParams(**params))
    return path.read_bytes()


def test_a_preview_is_drawn_twice_alike_and_changes_with_the_maps(tmp_path: Path) -> None:
    first = draw(tmp_path / "a.png")
    assert first == draw(tmp_path / "b.png")
    assert first != draw(tmp_path / "c.png", shrink_ratio=0.8)


def test_a_preview_has_six_panels_of_the_target_size(tmp_path: Path) -> None:
    draw(tmp_path / "a.png")
    cell = 128 + 2 * panels.FRAME_PX
    assert np.asarray(Image.open(tmp_path / "a.png")).shape[1] == 3 * cell + 2 * panels.GAP_PX


def test_panels_name_the_maps_and_count_what_was_left_out() -> None:
    polygons = [SQUARE, SQUARE[:, ::-1] + [30, 0], SQUARE * [1, 0.1]]
    maps = build_reference(polygons, [False, True, False], (64, 96))
    shown = show_targets(PAPER, polygons, maps, TargetParams())
    assert [panel.title for panel in shown] == [
        *("picture", "shrink map", "shrink mask"),
        *("all on the picture", "threshold map", "threshold mask"),
    ]
    assert shown[0].note == "1 drawn: green; 2 left out: orange, struck out"
    assert shown[3].note == "left out: 1 ignore tag, 1 too small"


def test_a_picture_with_nothing_left_out_says_so() -> None:
    maps = build_reference([SQUARE], [False], (64, 96))
    shown = show_targets(PAPER, [SQUARE], maps, TargetParams())
    assert (shown[0].note, shown[3].note) == ("1 drawn: green", "nothing left out")


def test_maps_that_do_not_know_what_was_drawn_are_refused() -> None:
    maps = replace(build_reference([SQUARE], [False], (64, 96)), outcomes=None)
    with pytest.raises(ValueError, match="outcomes are None"):
        show_targets(PAPER, [SQUARE], maps, TargetParams())


def test_the_chosen_sample_is_the_typical_one(tmp_path: Path) -> None:
    samples = make_samples(tmp_path, 3)
    crowded = replace(samples[0], key="a", instances=samples[0].instances * 20)
    assert choose_sample([crowded, *samples]).key == samples[0].key


def test_the_scene_has_words_of_every_outcome_and_the_other_has_bent_words() -> None:
    (scene, image), (curved, _) = sign_sample(0), sign_sample(1)
    assert image.shape == (scene.height, scene.width, 3)
    fitted = build(640).fit(image, [item.polygon for item in scene.instances])
    ignore = [item.ignore for item in scene.instances]
    left_out = build_reference(fitted.polygons, ignore, (640, 640)).left_out()
    assert set(left_out) == {"ignore_tag", "too_small"}
    assert {len(item.polygon) for item in scene.instances} == {4}
    assert {len(item.polygon) for item in curved.instances} == {4, 14}
