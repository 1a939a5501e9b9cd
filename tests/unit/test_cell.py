"""A cell's name is its own serialisation."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from feedrate.cell import LEVEL, NAME, REFERENCE, Cell, split_level

BASE = Cell.model_validate({})
LEVELS = st.from_regex(LEVEL, fullmatch=True)
CELLS = st.builds(
    Cell,
    **dict.fromkeys(("images", "decoder", "transform", "targets", "loader", "consumer"), LEVELS),
    workers=st.integers(0, 256),
    batch_size=st.integers(1, 4096),
)


@given(cell=CELLS, reference=CELLS)
def test_a_name_round_trips(cell: Cell, reference: Cell) -> None:
    name = cell.name(reference)
    assert Cell.parse(name, reference) == cell
    assert re.fullmatch(NAME, name)


@given(cell=CELLS)
def test_the_reference_has_its_own_name(cell: Cell) -> None:
    assert cell.name(cell) == REFERENCE
    assert Cell.parse(REFERENCE, cell) == cell


def test_a_name_says_what_differs() -> None:
    cell = BASE.with_levels({"workers": 4, "images": "decoded_ram"})
    assert cell.name(BASE) == "images~decoded_ram+workers~4"
    assert Cell.parse("images~decoded_ram+workers~4", BASE).workers == 4


@pytest.mark.parametrize("name", ["images", "", "cache~warm", "images~a/b", "images~", "images~a+"])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(ValueError, match=r"factor~level \(factors: images, decoder"):
        Cell.parse(name, BASE)


@pytest.mark.parametrize("levels", [{"workers": -1}, {"batch_size": 0}, {"cache": "warm"}])
def test_levels_out_of_range(levels: dict[str, str | int]) -> None:
    with pytest.raises(ValidationError, match=next(iter(levels))):
        BASE.with_levels(levels)


def test_a_cell_does_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        BASE.workers = 3  # type: ignore[misc]
    BASE.with_levels({"workers": 3})
    assert BASE.workers == 2


@pytest.mark.parametrize(
    ("level", "parts"), [("disk", ("disk", None)), ("sleep:20", ("sleep", "20")), ("a:", ("a", ""))]
)
def test_split_level(level: str, parts: tuple[str, str | None]) -> None:
    assert split_level(level) == parts
