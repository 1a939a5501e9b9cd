"""The data are altered in one cell: what is said of it flips, softens or vanishes, and no more."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from mutations import Record, add_noise, alter, delete, name_of, sentences_of, speed_up, swap_arms
from records import make_study
from studies import make_trials

from feedrate.stats import summarise

RAM, DECODED = "ram_vs_disk/targets~npz_ram", "ram_vs_disk/images~decoded_ram"
JPEG = "decoders/decoder~simplejpeg"
OF_RAM = {f"answer {name}" for name in ("word", "headline", "certainty", "price", "advice")}
OF_ALL = {"finding control", "note control"}
MADE = make_study()


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return sentences_of(tmp_path_factory.mktemp("before"), MADE)


def changes(before: dict[str, str], after: dict[str, str], cell: str) -> dict[str, str]:
    """What is said otherwise; nothing may be that does not speak of the cell."""
    assert before.keys() == after.keys()
    changed = {key: said for key, said in after.items() if said != before[key]}
    own = {key for key in before if cell in before[key] or cell in after[key]}
    experiment = f"finding {cell.partition('/')[0]}"
    strangers = changed.keys() - own - OF_ALL - {experiment} - (OF_RAM if cell == RAM else set())
    assert not strangers
    return changed


def test_swapped_arms_turn_every_word_about_the_cell(
    before: dict[str, str], tmp_path: Path
) -> None:
    after = sentences_of(tmp_path, alter(MADE, RAM, swap_arms))
    changed = changes(before, after, RAM)
    assert changed.keys() >= OF_RAM
    assert (before["answer word"], changed["answer word"]) == ("Yes.", "No.")
    assert "is slower: 0.7" in changed["answer headline"]
    assert changed["answer advice"].startswith("Keep reading the maps from disk")
    for claim in ("07_ram_slower", "43_no_benefit"):
        assert before[f"claim {claim}"].startswith("refuted")
        assert changed[f"claim {claim}"].startswith("supported")
    paid = changed["claim 73_false_everywhere"]
    assert re.search(
        r"costs nothing more at the start and loses \d+ ms an epoch: paid back never", paid
    )
    assert "finding ram_vs_disk" not in changed  # another cell is the fastest


def test_a_slower_arm_hands_its_place_to_the_next(before: dict[str, str], tmp_path: Path) -> None:
    after = sentences_of(tmp_path, alter(MADE, DECODED, speed_up, 0.4))
    changed = changes(before, after, DECODED)
    assert before["finding ram_vs_disk"].startswith("Fastest is images~decoded_ram")
    assert changed["finding ram_vs_disk"].startswith("Fastest is targets~npz_ram")
    assert DECODED in before["answer gain"]
    assert RAM in changed["answer gain"]
    assert not OF_RAM & changed.keys()


def test_noise_takes_the_answer_away(before: dict[str, str], tmp_path: Path) -> None:
    after = sentences_of(tmp_path, alter(MADE, RAM, add_noise, 0.5))
    changed = changes(before, after, RAM)
    assert changed["answer word"] == "Not settled."
    assert changed["answer advice"].startswith("Decide nothing on this")
    assert "Doubt: noisy" in changed["answer certainty"]
    assert changed["claim 43_no_benefit"].startswith("inconclusive")


def test_what_is_not_measured_is_not_spoken_of(before: dict[str, str], tmp_path: Path) -> None:
    after = sentences_of(tmp_path, delete(MADE, RAM))
    changed = changes(before, after, RAM)
    assert changed["answer word"] == "No answer."
    assert changed["answer certainty"] == changed["answer price"] == ""
    assert RAM in changed["answer advice"]
    about = [key for key in before if key.startswith("claim") and RAM in before[key]]
    assert len(about) > 5
    assert all(changed[key].startswith("not decided here") for key in about)


@pytest.mark.parametrize(
    ("cell", "keys"),
    [(RAM, ["answer word", "answer headline", "answer advice"]), (JPEG, ["finding decoders"])],
)
def test_about_the_margin_no_wording_flips(
    before: dict[str, str], tmp_path: Path, cell: str, keys: list[str]
) -> None:
    said, verdicts = [], []
    for low in (1.047, 1.053):
        made = move(tmp_path / "moved" / str(low), cell, low)
        after = sentences_of(tmp_path / str(low), made)
        changes(before, after, cell)
        said.append([re.sub(r"\d+(\.\d+)?", "#", after[key]) for key in keys])
        verdicts.append(row_of(tmp_path / "alone" / str(low), made, cell)["verdict"])
    assert verdicts == ["inconclusive", "faster"]  # which do flip
    assert said[0] == said[1]
    assert "perhaps" in said[0][-1].lower() or said[0][0] == "Perhaps."


def test_beyond_the_margin_and_within_it_wordings_are_firm(tmp_path: Path) -> None:
    words = {
        low: sentences_of(tmp_path / str(low), move(tmp_path / "moved" / str(low), RAM, low))
        for low in (1.065, 0.99)
    }
    assert [each["answer word"] for each in words.values()] == ["Yes.", "No."]


def move(folder: Path, cell: str, low: float) -> list[Record]:
    """The records with a cell whose interval begins at `low`."""
    return alter(MADE, cell, speed_up, low / row_of(folder, MADE, cell)["low"])


def row_of(folder: Path, made: list[Record], cell: str) -> dict[str, Any]:
    """What the analysis finds of a cell, alone."""
    table = summarise(make_trials(folder, [each for each in made if name_of(each) == cell]))
    rows = table[table["estimand"] == "epoch_s"].to_dict("records")
    return dict(rows[0])  # type: ignore[arg-type]
