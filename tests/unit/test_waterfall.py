"""What each step contributes: read off names, compared with intervals, drawn and told."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import make_record
from studies import build_study

from feedrate.config import ConfigError
from feedrate.configfile import load_config
from feedrate.figures import NARROW_IN, WIDE_IN
from feedrate.matrix import expand, finished_cells
from feedrate.report.page import embed_svg
from feedrate.report.waterfall import view_waterfalls
from feedrate.waterfall import Gain, compare, find_chain, read_steps
from feedrate.waterfall_figures import draw_waterfall, say_step

STEPS = [{"decoder": "simplejpeg"}, {"targets": "kernel"}, {"payload": "uint8", "workers": 4}]
NAMES = [
    "decoder~simplejpeg",
    "decoder~simplejpeg+targets~kernel",
    "decoder~simplejpeg+targets~kernel+workers~4+payload~uint8",
    "targets~kernel+workers~4+payload~uint8",
    "decoder~simplejpeg+workers~4+payload~uint8",
]
SPEED_UPS = [1.5, 2.1, 3.0, 2.2, 2.0]
"""The first step alone gives 1.5, and the last pipeline owes it 3.0 / 2.2."""


def study(**experiment):
    return load_config(
        {
            "datasets": {"small": {"generator": "receipts", "count": 8}},
            "experiments": {"delivered": {"question": "?", **experiment}},
        }
    )


def summaries_of(folder: Path, **changes) -> pd.DataFrame:
    made = [
        make_record(name, "delivered", speed_up, **changes.get(name, {}))
        for name, speed_up in zip(NAMES, SPEED_UPS, strict=True)
    ]
    return build_study(folder, made).summaries


@pytest.fixture(scope="module")
def summaries(tmp_path_factory):
    return summaries_of(tmp_path_factory.mktemp("study"))


def test_steps_become_cells_after_each_and_the_last_without_each():
    assert [cell.name for cell in expand(study(steps=STEPS))] == NAMES


def test_one_step_is_one_cell():
    assert [cell.name for cell in expand(study(steps=STEPS[:1]))] == NAMES[:1]


def test_the_last_pipeline_has_every_step():
    cell = finished_cells(study(steps=STEPS, reference={"targets": "reference"}))["delivered"]
    assert (cell.decoder, cell.targets, cell.payload, cell.workers) == (
        *("simplejpeg", "kernel", "uint8", 4),
    )
    assert finished_cells(study(vary={"workers": [0]})) == {}


@pytest.mark.parametrize(
    ("experiment", "told"),
    [
        ({"steps": [*STEPS, {"workers": 8}]}, "steps: workers is changed by two of them"),
        ({"steps": STEPS, "vary": {"workers": [0]}}, "steps: stand alone"),
        ({"steps": [{"decoder": "pil"}]}, r"steps\[0\]\.decoder: 'pil' is unknown"),
        ({}, "needs `vary`, `cells` or `steps`"),
    ],
)
def test_steps_that_cannot_be_are_refused(experiment, told):
    with pytest.raises(ConfigError, match=told):
        study(**experiment)


def test_a_step_that_changes_nothing_is_refused():
    with pytest.raises(ConfigError, match=r"steps: \{'decoder': 'pillow'\} changes nothing"):
        expand(study(steps=[{"decoder": "pillow"}, *STEPS[1:]]))


def test_the_chain_is_found_and_nothing_else_is_taken_for_one():
    assert find_chain(NAMES) == NAMES[:3]
    assert find_chain([*NAMES[:2], "targets~kernel"]) == NAMES[:2]
    assert find_chain(NAMES[:3]) == []  # nothing is taken away
    assert find_chain([*NAMES, "workers~0"]) == []
    assert find_chain(["targets~npz_ram", "images~ram", "images~ram+targets~npz_ram"]) == []
    assert find_chain(NAMES[:1]) == find_chain([]) == []


def test_each_step_has_what_it_added_and_what_is_owed_to_it(summaries):
    steps = read_steps(summaries, "delivered")
    assert [step.name for step in steps] == [
        *("decoder~simplejpeg", "targets~kernel", "workers~4+payload~uint8"),
    ]
    added, removed = ([1.5, 2.1 / 1.5, 3.0 / 2.1], [3.0 / 2.2, 3.0 / 2.0, 3.0 / 2.1])
    for step, more, owed in zip(steps, added, removed, strict=True):
        assert step.added.ratio == pytest.approx(more, rel=0.03)
        assert step.removed.ratio == pytest.approx(owed, rel=0.03)
        assert step.added.low < more < step.added.high
        assert step.removed.low < owed < step.removed.high
    product = math.prod(step.added.ratio for step in steps)
    assert product == pytest.approx(steps[-1].after.ratio)


def test_an_experiment_without_steps_has_none(tmp_path):
    assert read_steps(build_study(tmp_path).summaries, "targets") == []


bounds = st.floats(1.0001, 2)


@given(st.floats(0.1, 10), st.floats(0.1, 10), bounds, bounds, bounds, bounds)
def test_a_comparison_holds_its_centre_and_is_wider_than_either(one, other, a, b, c, d):
    first, second = Gain(one, one / a, one * b), Gain(other, other / c, other * d)
    seen, turned = compare(first, second), compare(second, first)
    assert seen.low <= seen.ratio <= seen.high
    assert seen.ratio == pytest.approx(one / other)
    assert math.log(seen.high / seen.low) >= math.log(max(a * b, c * d)) - 1e-9
    assert turned.low == pytest.approx(1 / seen.high)
    assert turned.high == pytest.approx(1 / seen.low)


def test_the_interval_of_a_comparison_covers_the_truth_as_often_as_it_says():
    rng, z, hits = np.random.default_rng(1), 1.959964, 0
    for _ in range(2000):
        gains = []
        for truth, spread in ((1.0, 0.1), (0.4, 0.05)):
            centre = rng.normal(truth, spread)
            gains.append(Gain(*np.exp([centre, centre - z * spread, centre + z * spread])))
        seen = compare(*gains)
        hits += seen.low < math.exp(0.6) < seen.high
    assert 0.93 < hits / 2000 < 0.97


@pytest.mark.parametrize("width_in", [WIDE_IN, NARROW_IN])
def test_the_figure_names_every_step_with_its_figures(summaries, width_in):
    steps = read_steps(summaries, "delivered")
    drawn = draw_waterfall(steps, width_in)
    assert drawn == draw_waterfall(steps, width_in)
    for step in steps:
        assert say_step(step, brief=width_in < 5) in drawn
        assert f"{step.added.ratio:.2f}x" in drawn


def test_a_step_that_was_not_measured_is_told_and_the_others_are_drawn(tmp_path):
    told = summaries_of(tmp_path, **{NAMES[1]: {"unavailable": "not installed: x"}})
    steps = read_steps(told, "delivered")
    assert [step.added.known for step in steps] == [True, False, False]
    assert say_step(steps[1]) == "targets~kernel: not measured"
    assert "targets~kernel: not measured" in draw_waterfall(steps)
    (view,) = view_waterfalls(told, embed_svg, "small")
    assert "3.0" in view.finding
    assert [row.added == "\N{EN DASH}" for row in view.rows] == [False, True, True]


def test_the_section_says_how_fast_and_through_what(summaries):
    (view,) = view_waterfalls(summaries, embed_svg, "small")
    assert re.search(r"delivered: (2\.9|3\.0)\dx as fast after 3 steps", view.finding)
    assert "comes from decoder~simplejpeg" in view.finding
    assert len(view.rows) == 3
