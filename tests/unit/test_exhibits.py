"""Exhibits: a preset against itself is blank, against another it is not."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from feedrate import exhibits, panels
from feedrate.targets.params import MAPS, Preset, TargetParams
from feedrate.targets.reference import build_reference

NAMES = get_args(Preset)


def compared(preset: Preset, name: str, other: Preset = "feedrate") -> panels.Panel:
    polygons = [each.polygon for each in exhibits.EXHIBITS]
    ignore = [each.ignore for each in exhibits.EXHIBITS]
    ours, theirs = (
        build_reference(polygons, ignore, exhibits.SIZE, TargetParams(preset=which))
        for which in (other, preset)
    )
    return exhibits.compare(name, preset, ours, theirs, [], other)


@pytest.mark.parametrize("preset", NAMES)
@pytest.mark.parametrize("name", MAPS)
def test_a_preset_against_itself_is_blank(preset: Preset, name: str) -> None:
    panel = compared(preset, name, preset)
    assert panel.note == "no pixel differs"
    assert (panel.image == panels.PAPER).all()


@pytest.mark.parametrize("preset", exhibits.PRESETS)
def test_every_preset_differs_from_feedrate_somewhere(preset: Preset) -> None:
    images = [compared(preset, name).image for name in MAPS]
    assert any((image != panels.PAPER).any() for image in images)


def test_a_note_counts_the_pixels_of_the_picture() -> None:
    panel = compared("db", "shrink_map")
    blue = (panel.image == panels.LESS).all(axis=2).sum() // exhibits.TIMES**2
    assert panel.title == "shrink map: db minus feedrate"
    assert panel.note == f"0 px more (brown), {blue} px less (blue), at most 1"


def test_differences_are_drawn_twice_alike_and_every_pixel_shows(tmp_path: Path) -> None:
    for name in "ab":
        exhibits.draw_differences(tmp_path / f"{name}.png", "mmocr")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    width = exhibits.SIZE[1] * exhibits.TIMES + 2 * panels.FRAME_PX
    shown = np.asarray(Image.open(tmp_path / "a.png"))
    assert shown.shape[1] == len(MAPS) * width + (len(MAPS) - 1) * panels.GAP_PX


def test_the_shapes_and_the_distances_are_drawn(tmp_path: Path) -> None:
    exhibits.draw_exhibits(tmp_path / "exhibits.png")
    exhibits.draw_distances(tmp_path / "distance.png")
    distance = np.asarray(Image.open(tmp_path / "distance.png"))
    last = distance[:, -exhibits.SIZE[1] * exhibits.TIMES :]
    assert (last[..., 2].astype(int) - last[..., 0] > 40).any(), "thales dents the border: blue"
    shapes = np.asarray(Image.open(tmp_path / "exhibits.png"))
    assert shapes.shape[0] > 2 * exhibits.SIZE[0] * exhibits.TIMES


def test_a_difference_that_float32_makes_is_none() -> None:
    ours, theirs = np.array([[0.3, 0.3]]), np.array([[0.3000001, 0.5]])
    assert exhibits.subtract(theirs, ours).tolist() == [[0, pytest.approx(0.2)]]


def test_the_tables_have_a_column_a_preset() -> None:
    choices, outcomes = (
        list(csv.DictReader(io.StringIO(text)))
        for text in (exhibits.choices_table(), exhibits.outcomes_table())
    )
    assert list(choices[0]) == ["choice", *NAMES]
    assert all(value for row in choices for value in row.values())
    by_name = {row["exhibit"]: row for row in outcomes}
    assert list(by_name) == [each.name for each in exhibits.EXHIBITS]
    assert by_name["ignored"]["feedrate"] == "ignore tag"
    assert by_name["ignored"]["seed"] == "drawn"
    assert by_name["dumbbell"]["mmocr"] == "split"
