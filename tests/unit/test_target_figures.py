"""The figures and sentences of the benchmark say what its rows hold."""

from __future__ import annotations

import pandas as pd
from speeds import CASES, CODECS, make_speed

from feedrate import target_figures


def test_figures_are_drawn_twice_alike_with_text_as_text() -> None:
    made = make_speed()
    cases, codecs = pd.DataFrame(made["cases"]), pd.DataFrame(made["codecs"])
    for draw, table in ((target_figures.draw_speed, cases), (target_figures.draw_codecs, codecs)):
        svg = draw(table)
        assert svg == draw(table)
        assert "currentColor" in svg
        assert all(case in svg for case in CASES)
    assert all(codec in svg for codec in CODECS)


def test_a_case_says_whether_its_goal_is_met() -> None:
    fast, slow = (pd.DataFrame(make_speed(kernel_ms=ms)["cases"]).iloc[0] for ms in (0.4, 0.8))
    assert target_figures.label_of(fast) == (
        "640/100: 120x (0.400 ms; reference 48.0 ms); goal 100x met"
    )
    assert target_figures.label_of(slow).endswith(
        "60.0x (0.800 ms; reference 48.0 ms); goal 100x missed"
    )


def test_the_sentence_follows_the_data() -> None:
    said = target_figures.say_cases(pd.DataFrame(make_speed(kernel_ms=0.4)["cases"]), "a CPU")
    assert said.startswith(
        "On a CPU the kernel is 120 to 120 times as fast as the reference; 2 of 2"
    )
    assert "10.0 to 10.0 times as long as writing" in said
    assert "9.0e-08" in said
    missed = target_figures.say_cases(pd.DataFrame(make_speed(kernel_ms=0.8)["cases"]), "a CPU")
    assert "0 of 2 goals" in missed


def test_the_quickest_way_of_loading_may_be_missing_in_some() -> None:
    table = pd.DataFrame(make_speed()["codecs"])
    quickest = dict(zip(table["codec"], target_figures.quickest_load_ms(table), strict=True))
    assert quickest == {"npz": 7.0, "packed": 0.2}


def test_codecs_are_compared_in_words() -> None:
    row = {"codec": "packed", "smaller": 6.0, "faster": 35.0}
    assert target_figures.say_codec(pd.Series(row)) == (
        "packed is 6.00 times smaller and loads 35.0 times as fast"
    )
    worse = target_figures.say_codec(pd.Series(row | {"smaller": 0.2, "faster": 0.5}))
    assert worse == "packed is 5.00 times larger and loads 2.00 times as slow"
