"""Wordings have a band about the margin; what fresh pairs confirm is what the answer says."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from records import make_record
from studies import build_study, make_trials

from feedrate.advice.recommendation import judge_confirmation, say
from feedrate.cell import Cell
from feedrate.leanings import ABOUT, BEYOND, WITHIN, leaning_of, where_lies
from feedrate.report.answer import answer
from feedrate.report.confirmation import ALONE, CHOSEN, NOT_ADVISED, UNCONFIRMED

ROW = {"verdict": "", "margin": 0.05, "p_holm": 0.01, "confidence_asked": 0.95}


@pytest.mark.parametrize(
    ("low", "high", "leaning"),
    [
        (1.08, 1.2, "faster"),
        (1.052, 1.2, "perhaps faster"),
        (1.048, 1.2, "perhaps faster"),
        (1.02, 1.2, "inconclusive"),
        (0.98, 1.02, "equivalent"),
        (0.98, 1.048, "perhaps equivalent"),
        (0.98, 1.052, "perhaps equivalent"),
        (1.047, 1.053, "perhaps faster"),
        (0.8, 0.9, "slower"),
        (0.8, 1 / 1.048, "perhaps slower"),
        (0.8, 1 / 1.052, "perhaps slower"),
        (0.8, 1.2, "inconclusive"),
    ],
)
def test_both_sides_of_the_margin_lean_alike(low: float, high: float, leaning: str) -> None:
    assert leaning_of(ROW | {"low": low, "high": high}) == leaning


def test_what_holm_forbids_is_no_difference() -> None:
    lost = ROW | {"low": 1.2, "high": 1.3, "p_holm": 0.2}
    assert leaning_of(lost) == "inconclusive"


@pytest.mark.parametrize("verdict", ["invalid", "not available", "too few pairs", "not measured"])
def test_a_verdict_without_figures_stays(verdict: str) -> None:
    assert leaning_of({"verdict": verdict, "low": float("nan")}) == verdict
    assert leaning_of({"verdict": verdict}) == verdict


def test_the_band_lies_about_the_margin() -> None:
    assert [where_lies(each, 0.05) for each in (0.039, 0.041, 0.059, 0.061)] == [
        *(WITHIN, ABOUT, ABOUT, BEYOND),
    ]


def recommended(folder: Path, cell: str, speed_up: float, **more: Any) -> dict[str, Any]:
    """What ``results/recommendation/receipts.json`` would hold of such fresh pairs."""
    record = make_record(cell, "confirmation", speed_up, **more)
    found = judge_confirmation(make_trials(folder, [record]), Cell(), 0.95, 0.05, 7)
    return {
        "confirmed": found.confirmed,
        "changes": dict(found.changes),
        "sentences": say(found),
        "machine_id": found.epoch["machine_id"],
    }


def told(folder: Path, advice: dict[str, Any]) -> Any:
    study = replace(
        build_study(folder, [make_record(speed_up=1.3)]), recommendation={"receipts": advice}
    )
    return answer("receipts", study.of("receipts"), study.advice_at(study.places[0]))


def test_a_confirmed_gain_comes_first_with_its_settings_and_price(tmp_path: Path) -> None:
    advice = recommended(
        tmp_path / "fresh", "decoder~simplejpeg", 1.6, extra_startup_s=1.1, pss_gb=1.5
    )
    found = told(tmp_path / "study", advice)
    assert re.match(r"Set decoder~simplejpeg\. An epoch is 1\.[56]\d?x", found.confirmation)
    assert "95 % interval" in found.confirmation
    assert "1.50 GB instead of 1.00 GB" in found.confirmation
    assert "1.10 s more before the first epoch" in found.confirmation
    assert found.advice.endswith(ALONE)
    assert found.gain.endswith(CHOSEN)
    assert UNCONFIRMED not in found.advice + found.gain


def test_where_nothing_helps_the_answer_says_so(tmp_path: Path) -> None:
    advice = recommended(tmp_path / "fresh", "decoder~simplejpeg", 1.0)
    found = told(tmp_path / "study", advice)
    assert found.confirmation.startswith("Nothing helps here. Leave it as it is: ")
    assert found.advice.endswith(NOT_ADVISED)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("targets~npz_ram", "targets~npz_ram is part of the confirmed settings."),
        ("targets~kernel", "The confirmed settings have targets~kernel instead of targets~npz_ram"),
    ],
)
def test_the_maps_follow_the_confirmed_settings(tmp_path: Path, cell: str, words: str) -> None:
    found = told(tmp_path / "study", recommended(tmp_path / "fresh", cell, 1.6))
    assert found.advice.startswith(words)


def test_what_another_machine_confirmed_is_not_said(tmp_path: Path) -> None:
    advice = recommended(tmp_path / "a", "decoder~simplejpeg", 1.6, machine_id="another")
    found = told(tmp_path / "study", advice)
    assert found.confirmation == ""
    assert found.advice.endswith(UNCONFIRMED)
