"""The section of the stages says what the profile holds, in figures and sentences."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from records import make_record
from studies import make_trials

from feedrate import stage_figures
from feedrate.figures import NARROW_IN, WIDE_IN
from feedrate.report import stage_sentences as sentences
from feedrate.report.page import embed_svg
from feedrate.report.stages import build_section
from feedrate.report.templates import fill
from profiles import LEVELS, OPENED, STEPS, make_profile

QUOTE = "Compressed .npz files load quickly from SSD (~0.1-0.2ms per file)"
CLAIMS = pd.DataFrame([{"claim": QUOTE, "evidence_cell": sentences.CLAIM_EVIDENCE}])


@pytest.fixture
def trials(tmp_path: Path) -> pd.DataFrame:
    return make_trials(tmp_path, [make_record(pairs=8)])


def words(svg: str) -> str:
    return " ".join(re.findall(r">([^<>]+)<", svg))


@pytest.mark.parametrize("width_in", [WIDE_IN, NARROW_IN])
def test_figures_say_what_they_show_and_are_drawn_twice_alike(
    trials: pd.DataFrame, width_in: float
) -> None:
    made = make_profile()
    stages = stage_figures.draw_stages(made, trials, width_in)
    operations = stage_figures.draw_operations(made, width_in)
    opened = stage_figures.draw_openings(made, width_in)
    assert stages == stage_figures.draw_stages(made, trials, width_in)
    assert {"decode", "alone, one process", "9.23 ms"} <= set(re.findall(r">([^<>]+)<", stages))
    assert "inside the workers" in stages
    assert all(name in operations for name in (*STEPS, "run as a whole"))
    assert all(what in words(opened) for what in OPENED)
    assert "60.0" in opened


def test_without_trials_the_stages_are_drawn_alone(trials: pd.DataFrame) -> None:
    svg = stage_figures.draw_stages(make_profile(), trials.head(0))
    assert "decode" in svg
    assert "inside the workers" not in svg
    assert "; inside" not in sentences.say_stages(make_profile(), trials.head(0))


def test_the_stages_are_said_alone_and_inside(trials: pd.DataFrame) -> None:
    said = sentences.say_stages(make_profile(decode=30.0), trials)
    assert "% of it decode; inside the workers the same stages take 23.4 ms" in said
    assert "of it targets" in sentences.say_stages(make_profile(targets=30.0), trials)


def test_a_claimed_time_fits_the_opening_or_the_loading() -> None:
    made = make_profile()
    said = sentences.say_claimed_opening(made, CLAIMS)
    assert said.startswith(f"The write-up's “{QUOTE}” is nearer to the opening (within that")
    assert "than to the loading (36.9 times off)" in said
    assert "60.0 (60.0 to 60.0) for np.load" in said
    assert "45.0 (45.0 to 45.0) for PIL.Image.open" in said
    slow = made["lazy"][0] | {"loaded_ms": 0.15, "lazy_ms": 9.0}
    assert "nearer to the loading" in sentences.say_claimed_opening(made | {"lazy": [slow]}, CLAIMS)
    assert "write-up" not in sentences.say_claimed_opening(made, CLAIMS.head(0))


def test_opening_is_not_loading() -> None:
    said = sentences.say_openings(make_profile())
    assert said.endswith("takes 7.38 ms, 60.0 times as long.")
    assert sentences.say_openings({"lazy": []}) == "No openings were profiled."


def test_closure_and_operations_are_said_with_intervals() -> None:
    made = make_profile()
    assert "add up to 99.0 % (99.0 % to 99.0 %)" in sentences.say_closure(made)
    assert "0.600 ms an image, is taken off" in sentences.say_closure(made)
    said = sentences.say_operations(made)
    assert "of it Normalize" in said
    assert "add up to 96.4 %" in said
    refused = made | {"operations": [], "not_profiled": {"operations": "no albumentations here"}}
    assert "no albumentations here" in sentences.say_operations(refused)


def test_page_faults_and_the_slowest_image_are_said() -> None:
    made = make_profile()
    said = sentences.say_faults(made)
    assert "2400 page faults an image and the kernel 25 %" in said
    assert "With the tuned allocator instead of the default one, 240 instead of 2400 faults" in said
    assert "for the slowest, 11.jpg" in sentences.say_worst(made)
    assert "2 processes, too few for an interval: 410 ms and 410 ms" in sentences.say_forward(made)


def test_the_section_goes_onto_a_page(trials: pd.DataFrame) -> None:
    section = build_section(make_profile(), trials, CLAIMS, embed_svg)
    page = str(fill("stages.html.j2", stages=section, name="receipts"))
    assert page.count("<svg") == 6
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert all(name.partition("~")[2] in page for name in LEVELS)
    assert "Not profiled: <code>targets~packed</code>. no such maps" in page


def test_an_older_profile_gives_no_section(trials: pd.DataFrame) -> None:
    assert build_section({"schema": 1}, trials, CLAIMS, embed_svg) is None
    assert build_section({}, trials, CLAIMS, embed_svg) is None
    bare = make_profile() | {"operations": []}
    section = build_section(bare, trials, CLAIMS, embed_svg)
    assert section is not None
    assert [drawing.name for drawing in section.drawings] == ["stages-alone", "openings"]
