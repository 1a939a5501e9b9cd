"""Street signs: deterministic, with outlines that lie on their words."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from feedrate.generators.boards import EM_PX, Board, letter_board, letter_emblem
from feedrate.generators.signs import HEIGHT, WIDTH, make_sign


@pytest.mark.parametrize("number", [0, 1])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(number: int) -> None:
    assert make_sign(7, number) == make_sign(7, number)
    assert make_sign(7, number)[0] != make_sign(8, number)[0]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("number", [0, 1])
def test_words_lie_inside_the_picture(seed: int, number: int) -> None:
    data, words = make_sign(seed, number)
    assert Image.open(io.BytesIO(data)).size == (WIDTH, HEIGHT)
    points = np.concatenate([word["points"] for word in words.values()])
    assert (points >= 0).all()
    assert (points <= [WIDTH, HEIGHT]).all()
    assert any(word.get("ignore") for word in words.values())


def covered(board: Board) -> float:
    """Share of the ink that lies inside an outline."""
    inside = np.zeros_like(board.ink)
    for word in board.words:
        cv2.fillPoly(inside, [np.round(word.outline).astype(np.int32)], 1)
    return float((board.ink * inside).sum() / board.ink.sum())


def test_outlines_lie_on_flat_words() -> None:
    board = letter_board(["OLD MILL BOOKS", "Mill Road"])
    assert [word.text for word in board.words] == ["OLD", "MILL", "BOOKS", "Mill", "Road"]
    assert covered(board) > 0.999


def test_outlines_lie_on_bent_words() -> None:
    board = letter_emblem("OLD MILL BOOKS", "JALAN BESAR", "EST. 1901")
    middle = board.ink.shape[0] // 2
    # The ring around the words is ink without an outline.
    y, x = np.mgrid[: 2 * middle, : 2 * middle] - middle
    words_only = np.where(
        np.hypot(x, y) < middle - EM_PX // 3, board.ink[: 2 * middle, : 2 * middle], 0
    )
    assert covered(Board(words_only.astype(np.uint8), board.face, board.words)) > 0.98


def test_bent_words_read_clockwise_above_and_the_other_way_below() -> None:
    board = letter_emblem("LEFT RIGHT", "WEST EAST", "X")
    by_text = {word.text: word.outline for word in board.words}
    for first, last in (("LEFT", "RIGHT"), ("WEST", "EAST")):
        assert by_text[first][:, 0].mean() < by_text[last][:, 0].mean()
    assert by_text["LEFT"][:, 1].mean() < by_text["X"][:, 1].mean() < by_text["WEST"][:, 1].mean()
    areas = [cv2.contourArea(outline.astype(np.float32), True) for outline in by_text.values()]
    assert all(area > 0 for area in areas), "clockwise on screen"


def test_a_spoiled_board_is_ignored_and_cannot_be_read() -> None:
    clear, spoiled = (letter_board(["BUTTER"], wiped) for wiped in (False, True))
    assert spoiled.words[0].ignore
    assert not clear.words[0].ignore
    assert np.ptp(spoiled.ink) < np.ptp(clear.ink)
