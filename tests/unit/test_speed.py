"""The benchmark of target maps: what it draws, how it reads the clock, what it prints."""

from __future__ import annotations

import gc
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from feedrate.cli import feedrate
from feedrate.registry import names
from feedrate.speed import bench, readings
from feedrate.speed.bench import bench_case
from feedrate.speed.cases import CASES, INPUTS, PARAMS, Case, draw_inputs
from feedrate.speed.codecs import STORED_CASES, bench_codecs
from feedrate.speed.readings import read_in_turn
from feedrate.speed.table import missed_goals, table_text
from feedrate.targets import build_targets

SMALL = CASES[0]


def by_name(case: Case) -> str:
    return case.name


@pytest.mark.parametrize("case", CASES, ids=by_name)
def test_every_polygon_of_a_case_is_drawn(case: Case) -> None:
    inputs = draw_inputs(case)
    assert len(inputs) == INPUTS
    for polygons in inputs:
        assert {polygon.shape for polygon in polygons} == {(case.vertices, 2)}
        assert min(polygon.min() for polygon in polygons) >= 0
        assert max(polygon.max() for polygon in polygons) <= case.size - 1
    ignore = [False] * case.polygons
    targets = build_targets(inputs[0], ignore, (case.size, case.size), PARAMS)
    assert targets.left_out() == {}
    assert len(inputs[0]) == case.polygons


def test_a_case_is_the_same_each_time_and_its_inputs_are_not() -> None:
    once, again = draw_inputs(SMALL), draw_inputs(SMALL)
    np.testing.assert_array_equal(np.array(once), np.array(again))
    assert not np.array_equal(once[0], once[1])


def test_a_larger_case_is_the_same_page_scaled() -> None:
    double = next(case for case in CASES if case.name == "1280/20")
    np.testing.assert_allclose(
        np.array(draw_inputs(double)), 2 * np.array(draw_inputs(SMALL)), rtol=1e-6
    )


class Ticker:
    """A clock that only its calls move: half a millisecond each."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_ns, self.seen = 0, list[str]()
        monkeypatch.setattr(readings.time, "process_time_ns", lambda: self.now_ns)

    def call(self, name: str) -> None:
        self.seen.append(name)
        self.now_ns += 500_000


def test_readings_take_turns_and_are_per_call(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Ticker(monkeypatch)
    methods = {
        name: [lambda name=name, page=page: clock.call(f"{name}{page}") for page in range(2)]
        for name in "ab"
    }
    seen = read_in_turn(methods, rounds=3, shortest_ms=0)
    assert seen == {"a": [0.5] * 6, "b": [0.5] * 6}
    assert clock.seen[-12:] == ["a0", "b0", "a1", "b1"] * 3


def test_a_reading_is_long_enough_for_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Ticker(monkeypatch)
    read_in_turn({"a": [lambda: clock.call("a")]}, rounds=0)
    before = len(clock.seen)
    assert read_in_turn({"a": [lambda: clock.call("a")]}, rounds=1) == {"a": [0.5]}
    assert len(clock.seen) - 2 * before >= 40  # 20 ms


def test_the_process_is_left_as_it_was() -> None:
    threads, seen = cv2.getNumThreads(), list[tuple[int, bool]]()
    read_in_turn(
        {"look": [lambda: seen.append((cv2.getNumThreads(), gc.isenabled()))]}, 1, shortest_ms=0
    )
    assert set(seen) == {(1, False)}
    assert (cv2.getNumThreads(), gc.isenabled()) == (threads, True)


def test_a_case_tells_speed_and_agreement() -> None:
    row = bench_case(SMALL, rounds=1, shortest_ms=0)
    assert (row["case"], row["size"], row["polygons"], row["vertices"]) == ("640/20", 640, 20, 4)
    assert row["bytes_written"] == 640 * 640 * 7
    assert row["speedup"] == row["reference_ms"] / row["kernel_ms"]
    assert row["max_threshold_error"] <= 1e-6
    assert set(row["different_pixels"].values()) == {0}
    assert {name: len(values) for name, values in row["readings"].items()} == dict.fromkeys(
        ("reference", "kernel", "kernel_fresh", "floor"), INPUTS
    )
    json.dumps(row, allow_nan=False)


def test_a_wrong_kernel_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*task: Any) -> Any:
        targets = build_targets(*task)
        targets.shrink_map[0, :3] ^= 1
        targets.threshold_map[0, 0] = 0.9  # a corner far from any text: 0.3
        return targets

    monkeypatch.setattr(bench, "build_targets", wrong)
    row = bench_case(SMALL, rounds=1, shortest_ms=0)
    assert row["different_pixels"] == {
        "shrink_map": 3 * INPUTS,
        "shrink_mask": 0,
        "threshold_mask": 0,
    }
    assert row["max_threshold_error"] == pytest.approx(0.6, abs=1e-6)


def test_a_kernel_that_makes_no_numbers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*task: Any) -> Any:
        targets = build_targets(*task)
        targets.threshold_map[9, 9] = np.nan
        return targets

    monkeypatch.setattr(bench, "build_targets", wrong)
    with pytest.raises(ValueError, match="640/20: the kernel's threshold map"):
        bench_case(SMALL, rounds=0, shortest_ms=0)


def test_every_codec_is_timed() -> None:
    rows = {row["codec"]: row for row in bench_codecs(SMALL, rounds=1, shortest_ms=0)}
    assert list(rows) == names("codecs")
    npz = rows["npz"]
    assert npz["smaller"] == 1
    assert npz["load_uint8_ms"] is None
    assert rows["packed"]["load_uint8_ms"] > 0
    for row in rows.values():
        assert row["smaller"] == npz["bytes"] / row["bytes"]
        ways = (row["load_ms"], row["load_into_ms"], row["load_uint8_ms"])
        assert row["faster"] == npz["load_ms"] / min(way for way in ways if way is not None)
        assert row["goal_faster"] is None  # goals are for one case only
    assert rows["polygons"]["bytes"] < rows["packed"]["bytes"] < npz["bytes"]


def test_the_goals_of_codecs_stand_in_a_case_that_is_timed() -> None:
    case = next(case for case in STORED_CASES if case.name == "640/100")
    rows = {row["codec"]: row for row in bench_codecs(case, rounds=1, shortest_ms=0)}
    goals = {name: (row["goal_smaller"], row["goal_faster"]) for name, row in rows.items()}
    assert (goals["packed"], goals["polygons"]) == ((5, 20), (150, 8))
    assert rows["packed"]["smaller"] >= 5
    assert rows["polygons"]["smaller"] >= 150


RESULT: dict[str, Any] = {
    "schema": 1,
    "machine": {
        "cpu": "A CPU",
        "cores": 2,
        "python": "3.11.7",
        "versions": {"numpy": "2.4", "numba": "0.6"},
    },
    "cases": [
        {
            "case": "640/100",
            "reference_ms": 48.3,
            "kernel_ms": 0.5,
            "speedup": 96.6,
            "goal": 100,
            "kernel_fresh_ms": 1.5,
            "floor_ms": 0.05,
            "bytes_written": 2867200,
            "max_threshold_error": 8.9e-8,
            "different_pixels": {"shrink_map": 1, "shrink_mask": 0, "threshold_mask": 2},
        }
    ],
    "codecs": [
        {
            "case": "640/100",
            "codec": "packed",
            "bytes": 97000,
            "save_ms": 10.9,
            "load_ms": 0.55,
            "load_into_ms": 0.5,
            "load_uint8_ms": None,
            "smaller": 6.1,
            "goal_smaller": 5,
            "faster": 14,
            "goal_faster": 20,
        }
    ],
}


def test_the_table_is_text_in_columns() -> None:
    machine, cases, codecs, missed = table_text(RESULT).split("\n\n")
    assert machine.startswith("A CPU, 2 cores, Python 3.11.7, numpy 2.4, numba 0.6")
    for table in (cases, codecs):
        head, row = table.splitlines()
        assert len(head) == len(row)  # the last column ends where its head does
    assert " ".join(cases.splitlines()[1].split()) == (
        "640/100 48.3 0.500 96.6x 100x 1.500 0.050 10.0 2.9 8.9e-08 1 + 0 + 2"
    )
    assert " ".join(codecs.splitlines()[1].split()) == (
        "640/100 packed 97.0 10.900 0.550 0.500 - 6.1x 5x 14.0x 20x"
    )
    assert missed.splitlines() == missed_goals(RESULT)


def test_each_missed_goal_has_a_line() -> None:
    assert missed_goals(RESULT) == [
        "missed: 640/100: kernel is 96.6 times faster, the goal is 100",
        "missed: 640/100: packed is 14.0 times faster to load, the goal is 20",
    ]
    met = RESULT | {"cases": [RESULT["cases"][0] | {"speedup": 100.0}], "codecs": []}
    assert table_text(met).endswith("\n\nAll goals are met.\n")


def test_the_verb_prints_what_it_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = replace(SMALL, goal=0)
    monkeypatch.setattr(bench, "CASES", (quick,))
    monkeypatch.setattr(bench, "STORED_CASES", (quick,))
    done = CliRunner().invoke(feedrate, ["bench-targets", str(tmp_path / "out" / "targets.json")])
    assert done.exit_code == 0, done.output
    written = json.loads((tmp_path / "out" / "targets.json").read_text(encoding="utf-8"))
    assert written["schema"] == 1
    assert "machine_id" in written["machine"]
    assert done.stdout == table_text(written)
