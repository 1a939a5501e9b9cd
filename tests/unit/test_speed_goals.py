"""The goals for speed: each can be met, missed, open, or not measured here."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from records import MACHINE, make_record
from studies import build_study, write_results

from feedrate.cli.speed import judge_speed as verb
from feedrate.goals.speed import ABSENT, judge_speed
from feedrate.report.extras import build_extras
from feedrate.report.speed_goals import goals_of, say_goals

FULL = "decoder~simplejpeg+targets~kernel"
CHAIN = {"decoder~simplejpeg": 2.0, FULL: 6.0, "targets~kernel": 1.5}
MAPS = {FULL: 11.0}
PEERS_SEEN = {"loader~threads": 0.8, "loader~spdl": 0.7}
SEEDS, EXACTLY, REFERENCE, PEER, SCALED, LIMIT, EXACT_LIMIT, LADDER = range(8)


def made(experiment: str, cells: dict[str, float], **more: Any) -> list[dict[str, Any]]:
    return [make_record(name, experiment, ratio, **more) for name, ratio in cells.items()]


def limit(images_per_s: float, spread: float = 0.01, machine: str = "") -> dict[str, Any]:
    return {
        "parts": {"decode": {"centre": 4.1}, "write": {"centre": 0.9}},
        "cores": 2,
        "images_per_s": {
            "low": images_per_s * (1 - spread),
            "centre": images_per_s,
            "high": images_per_s * (1 + spread),
        },
        "machine": {"machine_id": machine or MACHINE["machine_id"]},
    }


def goals(folder: Path, *groups: list[dict[str, Any]], **limits: Any) -> list[dict[str, Any]]:
    records = [record for group in groups for record in group]
    summaries = build_study(folder, records).summaries
    return judge_speed(summaries, {("receipts", name): each for name, each in limits.items()})[
        "goals"
    ]


def test_every_goal_can_be_met(tmp_path: Path) -> None:
    seen = goals(
        tmp_path,
        made("delivered", CHAIN),
        made("delivered_exact", CHAIN),
        made("delivered_maps", MAPS),
        made("peers", PEERS_SEEN),
        made("peers_scaled", PEERS_SEEN),
        made("ladder", {"images~decoded_ram": 4.0, "images~ram": 1.2}),
        delivered=limit(320),
        delivered_exact=limit(310),
    )
    verdicts = [row["verdict"] for row in seen]
    assert verdicts == ["met", "stated", "met", "met", "met", "met", "met", "stated"]
    assert {(row["dataset"], row["machine_id"]) for row in seen} == {
        ("receipts", MACHINE["machine_id"])
    }
    assert "as fast (95 % interval" in seen[SEEDS]["measured"]
    assert seen[SEEDS]["detail"] == f"delivered/{FULL}"  # not the last of its cells
    assert seen[PEER]["measured"].startswith("1.2")
    assert "loader~threads" in seen[PEER]["measured"]
    assert "loader~spdl" in seen[PEER]["detail"]
    assert "decode 4.10 ms and write 0.900 ms an image" in seen[LIMIT]["detail"]
    assert "images~decoded_ram" in seen[LADDER]["detail"]
    json.dumps(seen, allow_nan=False)


def test_every_goal_can_be_missed(tmp_path: Path) -> None:
    slow = {**CHAIN, FULL: 4.0}
    seen = goals(
        tmp_path,
        made("delivered", slow),
        made("delivered_maps", {FULL: 6.0}),
        made("peers", {"loader~spdl": 0.7, "loader~threads": 1.3}),
        delivered=limit(1000),
    )
    assert [seen[place]["verdict"] for place in (SEEDS, REFERENCE, PEER, LIMIT)] == ["missed"] * 4
    assert seen[EXACT_LIMIT]["verdict"] == ABSENT


def test_a_goal_inside_the_interval_is_open(tmp_path: Path) -> None:
    seen = goals(
        tmp_path,
        made("delivered", {**CHAIN, FULL: 5.0}, noise=0.05),
        made("peers", {"loader~threads": 1 / 0.95}, noise=0.05),
        delivered=limit(300, spread=0.3),
    )
    assert [seen[place]["verdict"] for place in (SEEDS, PEER, LIMIT)] == ["open"] * 3


def test_one_peer_that_is_faster_decides(tmp_path: Path) -> None:
    seen = goals(tmp_path, made("peers", {**PEERS_SEEN, "loader~grain": 1.2}))
    assert seen[PEER]["verdict"] == "missed"
    assert "x as fast as loader~grain (0.8" in seen[PEER]["measured"]


def test_an_absent_peer_is_told_and_decides_nothing(tmp_path: Path) -> None:
    absent = make_record("loader~grain", "peers", unavailable="not installed: grain")
    seen = goals(tmp_path, [*made("peers", PEERS_SEEN), absent])
    assert seen[PEER]["verdict"] == "met"
    assert seen[PEER]["detail"].endswith("loader~grain not available")
    alone = goals(tmp_path / "alone", [absent])
    assert alone[PEER]["verdict"] == ABSENT
    assert alone[PEER]["detail"] == ("peers/loader~grain: not available (not installed: grain)")


def test_what_was_not_measured_is_said_to_be_so(tmp_path: Path) -> None:
    seen = goals(tmp_path, made("targets", {"targets~kernel": 1.2}))
    assert {row["verdict"] for row in seen} == {ABSENT}
    assert seen[SEEDS]["detail"] == "this study has no experiment delivered"


def test_an_invalid_cell_meets_nothing(tmp_path: Path) -> None:
    records = made("delivered", CHAIN)
    records[1]["gate"] = {"valid": False, "checks": 9, "failures": ["no hit"]}
    seen = goals(tmp_path, records, delivered=limit(320))
    assert seen[SEEDS]["verdict"] == seen[LIMIT]["verdict"] == ABSENT
    assert f"delivered/{FULL}: invalid" in seen[SEEDS]["detail"]


def test_the_limit_of_another_machine_is_not_this_ones(tmp_path: Path) -> None:
    seen = goals(tmp_path, made("delivered", CHAIN), delivered=limit(320, machine="another"))
    assert seen[LIMIT]["verdict"] == ABSENT


def test_the_verb_judges_what_lies_in_the_results(tmp_path: Path) -> None:
    study = build_study(tmp_path / "records", made("delivered", CHAIN))
    write_results(tmp_path, study)
    path = tmp_path / "limits/receipts/delivered.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(limit(320)))
    output = tmp_path / "goals.json"
    arguments = ["--results", str(tmp_path), "--datasets", "receipts"]
    arguments += ["--experiments", "delivered", "--limited", "delivered", str(output)]
    done = CliRunner().invoke(verb, arguments)
    assert done.exit_code == 0, done.output
    written = json.loads(output.read_text())
    assert [row["verdict"] for row in written["goals"]][:1] == ["met"]
    assert "receipts: The seed's pipeline: met." in done.output


@pytest.fixture(scope="module")
def extras(tmp_path_factory: pytest.TempPathFactory) -> str:
    from sweeps import make_sweep

    study = build_study(tmp_path_factory.mktemp("study"), made("delivered", CHAIN))
    judged = judge_speed(study.summaries, {})
    study = replace(study, goals=judged, scale=make_sweep())
    return "\n".join(str(section) for section in build_extras(study)["receipts"])


def test_the_page_shows_goals_waterfall_and_scale(extras: str) -> None:
    for name in ("receipts-goals", "receipts-delivered-steps", "receipts-scale"):
        assert f'<section id="{name}">' in extras
    assert "Goals for speed: 1 met and 7 not measured here" in extras
    assert "The seed&#39;s pipeline" in extras


def test_goals_of_another_machine_are_not_shown() -> None:
    row = {"dataset": "receipts", "machine_id": "a", "verdict": "met"}
    assert goals_of({"goals": [row]}, "receipts", "a") == [row]
    assert goals_of({"goals": [row]}, "receipts", "b") == goals_of({}, "receipts", "a") == []
    assert say_goals([row, row | {"verdict": "stated"}]) == "Goals for speed: 1 met"
