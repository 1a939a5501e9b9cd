"""Sentences flip when the data flip."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from records import make_record
from studies import build_study

from feedrate.report import findings
from feedrate.report.answer import Answer, answer
from feedrate.report.confirmation import UNCONFIRMED


def answered(folder: Path, record: dict[str, Any] | None, **stages: float) -> Answer:
    made = [make_record("decoder~simplejpeg", "decoders", 1.1), *([record] if record else [])]
    study = build_study(folder, made, **stages)
    return answer("receipts", study.of("receipts"))


def title(folder: Path, *made: dict[str, Any]) -> str:
    study = build_study(folder, list(made))
    experiment = made[0]["experiment"]
    return findings.title_of(experiment, study.of("receipts"))


@pytest.mark.parametrize(
    ("speed_up", "noise", "word", "headline", "advice"),
    [
        (1.3, 0.01, "Yes.", r"is 1\.3\dx as fast", "Keep the maps in RAM, if they fit and a run"),
        (0.8, 0.01, "No.", r"is slower: 0\.8\dx as fast", "Keep reading the maps from disk"),
        (1.0, 0.01, "No.", r"no difference that matters: 1\.0\dx", "Keep reading the maps from"),
        (1.05, 0.06, "Not settled.", r"allows \d\.\d\dx to 1\.\d\dx", "Decide nothing on this"),
    ],
)
def test_the_answer_follows_the_verdict(
    tmp_path: Path, speed_up: float, noise: float, word: str, headline: str, advice: str
) -> None:
    found = answered(tmp_path, make_record(speed_up=speed_up, noise=noise, extra_startup_s=1.0))
    assert found.word == word
    assert re.search(headline, found.headline)
    assert advice in found.advice
    assert "95 % interval" in found.certainty
    assert "8 pairs" in found.certainty


def test_advice_says_that_it_is_not_confirmed(tmp_path: Path) -> None:
    found = answered(tmp_path, make_record(speed_up=1.3))
    assert UNCONFIRMED in found.advice
    assert UNCONFIRMED in found.gain


def test_an_invalid_cell_gives_no_answer(tmp_path: Path) -> None:
    found = answered(tmp_path, make_record(failures=("target_memory: expected 256, seen 0",)))
    assert found.word == "No answer."
    assert "seen 0" in found.advice
    assert found.certainty == found.price == ""


def test_a_cell_that_was_not_measured_gives_no_answer(tmp_path: Path) -> None:
    found = answered(tmp_path, None)
    assert (found.word, found.verdict) == ("No answer.", "not measured")
    assert "ram_vs_disk/targets~npz_ram" in found.advice


def test_the_price_names_start_up_and_memory(tmp_path: Path) -> None:
    dear = answered(tmp_path / "a", make_record(speed_up=1.3, extra_startup_s=1.2, pss_gb=2.5))
    assert "1.20 s more at the start, paid back after 1.9 epochs of the measured 128" in dear.price
    assert "2.50 GB against 1.00 GB" in dear.price
    lost = answered(tmp_path / "b", make_record(speed_up=0.8, extra_startup_s=1.2))
    assert "which no epoch pays back" in lost.price
    free = answered(tmp_path / "c", make_record(speed_up=1.3))
    assert "It costs no start-up." in free.price
    assert "passes" not in free.advice


def test_the_largest_gain_has_identical_batches(tmp_path: Path) -> None:
    made = [
        make_record("decoder~opencv", "decoders", 3.0, equivalence="pixels differ"),
        make_record("targets~none", "targets", 4.0, equivalence="different by design"),
        make_record("decoder~simplejpeg", "decoders", 1.4),
    ]
    study = build_study(tmp_path / "a", made)
    assert "decoders/decoder~simplejpeg: 1.4" in answer("receipts", study.of("receipts")).gain
    none = build_study(tmp_path / "b", made[:2])
    assert "No change measured" in answer("receipts", none.of("receipts")).gain


def test_where_time_goes_follows_the_stages(tmp_path: Path) -> None:
    record = make_record()
    assert "decode 38 %, targets 30 %" in answered(tmp_path / "a", record).time
    changed = answered(tmp_path / "b", record, targets=45.0, consume=20.0).time
    assert re.search(r"load an image: targets \d\d %", changed)
    assert "forward pass takes 20.0 ms" in changed


def test_several_machines_are_shown_apart(tmp_path: Path) -> None:
    made = [make_record(), make_record("images~ram", machine_id="another", started=2e9)]
    study = build_study(tmp_path, made)
    first, second = study.materials
    assert (first, second) == ("receipts on 1234e56789ab", "receipts on another")
    assert answer(first, study.materials[first]).verdict == "faster"
    assert answer(second, study.materials[second]).verdict == "not measured"
    assert set(study.of("receipts").trials["machine_id"]) == {"another"}  # the last to measure
    assert study.materials[first].stages
    assert not study.materials[second].stages


def test_a_cell_that_is_not_available_gives_no_answer(tmp_path: Path) -> None:
    found = answered(tmp_path, make_record(unavailable="too little memory"))
    assert (found.word, found.verdict) == ("No answer.", "not available")
    assert "too little memory" in found.advice


def test_the_smallest_effect_is_told_and_loud_machines_are_warned_of(tmp_path: Path) -> None:
    def note(name: str, noise: float, cell: str = "reference", experiment: str = "aa") -> str:
        study = build_study(tmp_path / name, [make_record(cell, experiment, 1.0, noise=noise)])
        return findings.note_of("control", study.of("receipts"))

    still = note("a", 0.01)
    assert re.search(r"smallest effect that could be seen is about \d\.?\d? %", still)
    assert "measured against itself" in still
    assert "could go unseen" not in still
    assert "could go unseen" in note("b", 0.15)
    assert "measured against itself" not in note("c", 0.01, "images~ram", "ram_vs_disk")
    assert findings.note_of("aa", build_study(tmp_path / "d").of("receipts")) == ""


def test_the_title_of_an_experiment_flips(tmp_path: Path) -> None:
    def pair(first: float, second: float, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return (
            make_record("decoder~opencv", "decoders", first, **more),
            make_record("decoder~simplejpeg", "decoders", second, **more),
        )

    assert title(tmp_path / "a", *pair(1.2, 1.4)).startswith("Fastest is decoder~simplejpeg: 1.4")
    assert title(tmp_path / "b", *pair(1.5, 1.1)).startswith("Fastest is decoder~opencv: 1.5")
    worse = title(tmp_path / "c", *pair(0.8, 1.0))
    assert worse.startswith(
        "Nothing is shown to beat the reference. Slowest is decoder~opencv: 0.8"
    )
    same = title(tmp_path / "d", *pair(1.0, 1.0))
    assert same == "No cell differs from the reference by more than 5 %."
    loud = title(tmp_path / "e", *pair(1.05, 1.05, noise=0.06))
    assert loud == "No cell is shown to be faster; 2 of 2 cells are not settled."


def test_leaving_work_out_is_no_gain(tmp_path: Path) -> None:
    none = make_record("targets~none", "targets", 1.5, equivalence="different by design")
    kernel = make_record("targets~kernel", "targets", 1.0)
    assert title(tmp_path / "a", none, kernel).startswith("Only leaving work out is faster")
    kernel = make_record("targets~kernel", "targets", 1.2)
    assert title(tmp_path / "b", none, kernel).startswith("Fastest is targets~kernel")


@pytest.mark.parametrize(
    ("speed_up", "noise", "words"),
    [(1.0, 0.01, "agrees: 1.0"), (1.2, 0.01, "differs: 1.2"), (1.05, 0.06, "no better than this")],
)
def test_a_repeat_is_told_as_one(tmp_path: Path, speed_up: float, noise: float, words: str) -> None:
    assert words in title(tmp_path, make_record("reference", "aa", speed_up, noise=noise))


def test_the_control_title_follows_the_machine(tmp_path: Path) -> None:
    still = build_study(tmp_path / "a", [make_record()])
    moved = build_study(tmp_path / "b", [make_record(drift=0.5)])
    assert "held still" in findings.title_of("control", still.of("receipts"))
    assert "did not hold still" in findings.title_of("control", moved.of("receipts"))


def test_a_caption_names_its_cells(tmp_path: Path) -> None:
    cells = ("decoder~opencv", "decoder~simplejpeg")
    study = build_study(tmp_path, [make_record(cell, "decoders") for cell in cells])
    caption = findings.caption_of("decoders", study.of("receipts"))
    assert "decoders/decoder~opencv and decoders/decoder~simplejpeg" in caption
