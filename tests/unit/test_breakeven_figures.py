"""What a dearer start comes to after so many epochs."""

import math

import numpy as np
import pytest

from feedrate.breakeven_figures import dearer_cells, draw_break_even, gain_after

ROW = {
    "experiment": "ram_vs_disk", "cell": "targets~npz_ram", "extra_startup_s": 4.0,
    "extra_build_s": 0.0, "saved_s": 1.0, "reference_median": 5.0, "cell_median": 4.0,
    "margin": 0.05,
}  # fmt: skip


def test_the_gain_is_one_where_the_start_is_paid_back() -> None:
    gains = gain_after(ROW, np.array([1.0, 4.0, 1e9]))
    assert gains[0] < 1
    assert gains[1] == pytest.approx(1.0)
    assert gains[2] == pytest.approx(5 / 4)


def test_building_a_store_counts_too() -> None:
    assert gain_after(ROW | {"extra_build_s": 1.0}, np.array([5.0]))[0] == pytest.approx(1.0)


def test_only_what_costs_first_and_saves_then_has_a_curve() -> None:
    free = ROW | {"extra_startup_s": -0.1}
    useless = ROW | {"saved_s": -0.5}
    unknown = ROW | {"extra_startup_s": math.nan, "saved_s": math.nan}
    trifling = ROW | {"extra_startup_s": 0.2}
    assert dearer_cells([ROW, free, useless, unknown, trifling]) == [ROW]


def test_a_long_name_is_told_in_several_lines() -> None:
    svg = draw_break_even([ROW | {"cell": "+".join(["images~decoded_ram"] * 8)}], 3.7)
    assert "images~decoded_ram+images~decoded_ram+images" not in svg
    assert svg.count("images~decoded_ram") == 8


def test_every_cell_is_named() -> None:
    svg = draw_break_even([ROW, ROW | {"cell": "images~ram"}])
    assert "ram_vs_disk/targets~npz_ram" in svg
    assert "ram_vs_disk/images~ram" in svg
