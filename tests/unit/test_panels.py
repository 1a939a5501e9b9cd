"""Panels: labelled, of the right size, and colours that say what they mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from feedrate import panels
from feedrate.panels import Panel

GREY = np.full((60, 300, 3), 128, np.uint8)
SQUARE = np.array([[40.0, 10.0], [80.0, 10.0], [80.0, 50.0], [40.0, 50.0]])


def test_a_sheet_has_a_labelled_cell_for_every_panel(tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    panels.write_sheet(path, [Panel("shrink map", "white: 1", GREY)] * 5, columns=3)
    sheet = np.asarray(Image.open(path))
    cell = panels.compose([Panel("shrink map", "white: 1", GREY)], 1)
    label = cell.shape[0] - 60 - 2 * panels.FRAME_PX
    assert sheet.shape[:2] == (
        2 * cell.shape[0] + panels.GAP_PX,
        3 * cell.shape[1] + 2 * panels.GAP_PX,
    )
    assert label >= panels.TITLE_PX + panels.NOTE_PX
    assert (cell[: panels.TITLE_PX] < 100).any(), "the title is written in ink"
    assert (sheet[-60:, -300:] == panels.PAPER).all(), "no sixth panel"


def test_another_title_is_another_picture() -> None:
    one, other = (panels.compose([Panel(title, "", GREY)], 1) for title in ("one", "other"))
    assert one.shape == other.shape
    assert (one != other).any()


def test_a_title_too_long_for_its_panel_is_written_smaller() -> None:
    cell = panels.compose([Panel("a title that needs more room than there is", "", GREY)], 1)
    assert (cell[: panels.TITLE_PX, -6:] == panels.PAPER).all()


def test_drawn_and_left_out_differ_in_colour_and_in_shape() -> None:
    drawn, left_out = (panels.outline(GREY, [SQUARE], [kept]) for kept in (True, False))
    assert (drawn == panels.DRAWN).all(axis=2).any()
    assert not (drawn == panels.LEFT_OUT).all(axis=2).any()
    assert (left_out[30, 60] == panels.LEFT_OUT).all(), "struck out"
    assert (drawn[30, 60] == GREY[30, 60]).all()
    assert (GREY == 128).all()


@pytest.mark.parametrize("polygon", [np.empty((0, 2)), np.array([[np.nan, 1.0], [3.0, 4.0]])])
def test_a_polygon_without_a_place_is_not_outlined(polygon: np.ndarray) -> None:
    assert (panels.outline(GREY, [polygon], [False]) == GREY).all()


def test_no_difference_is_white_more_is_brown_less_is_blue() -> None:
    shown = panels.diverge(np.array([[0.0, 1.0, -1.0, 0.01]]), full=1.0)[0]
    assert shown[0].tolist() == [255, 255, 255]
    assert shown[1].tolist() == list(panels.MORE)
    assert shown[2].tolist() == list(panels.LESS)
    assert shown[3].min() < 200, "the smallest difference is seen too"


def test_a_magnified_pixel_is_a_square() -> None:
    assert panels.magnify(np.arange(4).reshape(2, 2), 2).tolist() == [
        *([[0, 0, 1, 1]] * 2),
        *([[2, 2, 3, 3]] * 2),
    ]
