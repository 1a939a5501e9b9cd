"""The profile of the stages: every byte made inside its stage, and what was read summed up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from records import STAGES_MS
from tiny import QUAD, make_index, make_samples

from feedrate.cell import Cell
from feedrate.cli.profiling import profile_stages
from feedrate.config import Measuring, Work
from feedrate.dataconfig import TargetSettings
from feedrate.forkserver import TrialError
from feedrate.matrix import Conditions
from feedrate.pipeline import Pipeline, frame_polygons
from feedrate.profile import clocked, levels, profiled_modules, study
from feedrate.profile.bench import touched
from feedrate.profile.checksums import checksum
from feedrate.profile.levels import FORWARD, alternatives
from feedrate.profile.openings import openings, store_maps
from feedrate.profile.operations import CHECKS, KEYPOINTS, parts_of, walk
from feedrate.profile.study import PROCESSES, Task, _rounds, _Session, absent_alternatives, profile
from feedrate.profile.summary import describe
from feedrate.sample import Fetched
from feedrate.stages import WORKER_STAGES
from feedrate.targets import TargetParams
from feedrate.transforms.albumentations import AlbumentationsTransform
from profiles import CHECKSUM_MS, FAULTS, FEW, IMAGES, make_profile, make_replies

SIZE, READING, WORK = 64, 10, 100
PLUGINS = {"transforms": {"flip": "flips:RandomFlip"}}


def conditions(**plugins: dict[str, str]) -> Conditions:
    return Conditions(
        work=Work(images=4, slow_batches=1),
        measuring=Measuring(timeout_s=60),
        targets=TargetSettings(image_size=SIZE),
        seed=3,
        plugins=plugins,
    )


class Hands:
    """A clock that moves only when somebody works or reads."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ns = 0
        monkeypatch.setattr(clocked, "perf_counter_ns", lambda: self.ns)
        monkeypatch.setattr(clocked, "checksum", self.read)

    def read(self, result: Any) -> int:
        self.ns += READING
        if callable(result):
            result()
        return 0

    def work(self, result: Any) -> Any:
        self.ns += WORK
        return result


@pytest.mark.parametrize("made", [np.arange(1001, dtype=np.uint8), np.ones((3, 5, 7), np.float32)])
def test_a_checksum_sees_the_last_byte(made: np.ndarray[Any, Any]) -> None:
    before = checksum(made)
    assert before == checksum(made.copy())
    made.reshape(-1)[-1] += 1
    assert before != checksum(made)


def test_a_checksum_reads_what_has_gaps_and_what_is_wrapped() -> None:
    image = np.random.default_rng(0).integers(0, 255, (8, 8, 3), np.uint8)
    assert checksum(image[:, ::2]) == checksum(image[:, ::2].copy())
    assert checksum(Fetched(image.tobytes(), "file")) == checksum(image.tobytes())
    assert checksum(None) == 0
    with pytest.raises(TypeError, match="a stage returned a object"):
        checksum(object())


def test_a_reading_is_taken_off_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    hands = Hands(monkeypatch)
    clock = clocked.TouchingClock(("decode", "transform"))
    clock.start()
    clock.touch(hands.work("pixels"))
    clock.lap("decode")
    hands.work(None)
    clock.lap("transform")
    assert clock.row()[:2].tolist() == [[WORK, WORK], [READING, 0]]


def test_a_stage_is_never_below_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    hands, readings = Hands(monkeypatch), [READING, 50 * READING]  # the second is interrupted
    monkeypatch.setattr(
        clocked, "checksum", lambda _: setattr(hands, "ns", hands.ns + readings.pop(0))
    )
    clock = clocked.TouchingClock(("decode",))
    clock.touch(hands.work("pixels"))
    clock.lap("decode")
    assert clock.row()[:2].tolist() == [[WORK], [READING]]
    assert clock.off_ns == 51 * READING


def test_a_lazy_result_is_paid_for_in_its_own_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    hands = Hands(monkeypatch)
    made: list[int] = []

    def result() -> None:  # the first reading makes it, the second finds it there
        if not made:
            made.append(hands.work(1))

    clock = clocked.TouchingClock(WORKER_STAGES)
    prepared = SimpleNamespace(image=None, polygons=())
    pipeline = Pipeline(
        samples=[make_sample()],
        order=[0],
        store=SimpleNamespace(read=lambda _: Fetched(b"", "file")),
        decode=lambda *_: result,  # type: ignore[arg-type, return-value]
        transform=SimpleNamespace(fit=lambda *_: prepared, normalise=lambda _: hands.work(None)),  # type: ignore[arg-type]
        source=SimpleNamespace(fetch=lambda *_: Fetched(None, "computed")),
        image_size=640,
        clock=clock,
    )
    row = touched(pipeline, clock.touch)[0].row
    spent = dict(zip(WORKER_STAGES, row[0].tolist(), strict=True))
    assert spent["decode"] == WORK
    assert spent["transform"] == WORK
    assert sum(spent.values()) == 2 * WORK


def make_sample() -> Any:
    return SimpleNamespace(key="a", image_path=Path("a"), width=1, height=1, instances=())


def test_the_operations_are_those_of_the_transform(tmp_path: Path) -> None:
    transform = AlbumentationsTransform(SIZE)
    image = np.random.default_rng(0).integers(0, 255, (90, 70, 3), np.uint8)
    steps: list[str] = []
    walking = walk(parts_of(transform), image, [QUAD])
    whole = transform.normalise(transform.fit(image, [QUAD]).image)
    np.testing.assert_array_equal(collect(walking, steps), whole)
    expected = [KEYPOINTS, "LongestMaxSize", CHECKS, "PadIfNeeded", CHECKS, KEYPOINTS, "Normalize"]
    assert steps == expected


def collect(walking: Iterator[str], steps: list[str]) -> Any:
    while True:
        try:
            steps.append(next(walking))
        except StopIteration as stop:
            return stop.value


def test_a_transform_of_another_library_has_no_operations_to_show() -> None:
    with pytest.raises(ValueError, match="SimpleNamespace keeps no operation of albumentations"):
        parts_of(SimpleNamespace(size=3))


def test_an_opening_loads_what_is_stored(tmp_path: Path) -> None:
    samples, params = make_samples(tmp_path / "images", 2), TargetParams()
    transform = AlbumentationsTransform(SIZE)
    store_maps(
        samples, lambda item: frame_polygons(item, transform), tmp_path, (SIZE, SIZE), params
    )
    found = openings(samples, tmp_path, (SIZE, SIZE), params)
    compressed, raw, mapped, image = (each.load(each.open(each.files[0])) for each in found)
    stacked = np.stack(list(compressed.values()))
    np.testing.assert_array_equal(stacked, np.stack(list(raw.values())))
    np.testing.assert_array_equal(stacked, mapped)
    assert stacked.any()
    assert image.shape == (160, 120, 3)
    assert all(len(each.files) == 2 for each in found)


def test_the_levels_of_the_base_are_among_the_alternatives() -> None:
    own = Cell.model_validate({"targets": "mine", "decoder": "pillow", "workers": 3})
    named = alternatives(own)
    assert "targets~mine" in named
    assert "targets~none" not in alternatives(own.with_levels({"targets": "none"}))
    assert {cell.workers for cell in named.values()} == {0}
    modules = profiled_modules(own, {"targets": {"mine": "here:open_source"}})
    assert {"here", "feedrate.decoders.simplejpeg", "feedrate.consumers.dbnet"} <= set(modules)


def test_tasks_take_turns_and_a_refusal_is_told() -> None:
    calls: list[str] = []

    def call(request: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        calls.append(request["name"])
        return {"refused": "reads JPEG only"} if request["name"] == "b" else {}

    server: Any = SimpleNamespace(call=call)
    tasks = [Task(name, {"name": name}, "default", 2) for name in ("a", "b", "c")]
    replies = _Session({"default": server}, 1.0, lambda *_: None).run(tasks)
    assert calls == ["a", "b", "c", "a", "b", "c", "a", "c"]  # the first round is not kept
    assert replies.refused == {"b": "reads JPEG only"}
    assert {name: len(seen) for name, seen in replies.seen.items()} == {"a": 2, "c": 2}
    assert [task.name for task in _rounds(tasks)] == ["a", "b", "c"] * 2
    needed = [Task("b", {"name": "b"}, "default", required=True)]
    with pytest.raises(TrialError, match="b: reads JPEG only"):
        _Session({"default": server}, 1.0, lambda *_: None).run(needed)


def test_planted_times_come_out_with_intervals() -> None:
    made = make_profile()
    for stage in WORKER_STAGES:
        low, high = made["intervals_ms"][stage]
        assert low <= made["per_image_ms"][stage] <= high
        assert made["per_image_ms"][stage] == pytest.approx(1.025 * STAGES_MS[stage])
        assert (low, high) == pytest.approx((STAGES_MS[stage], 1.05 * STAGES_MS[stage]))
    assert made["checksum_ms"]["decode"] == pytest.approx(CHECKSUM_MS)
    assert made["closure"] == pytest.approx(0.99)
    assert (made["images"], made["processes"]) == (IMAGES, PROCESSES)
    assert made["per_image_ms"]["consume"] == 410.0
    assert made["alternatives"]["targets"]["reference"] == pytest.approx(1.025 * 45)
    assert made["alternatives_intervals_ms"]["decode"]["opencv"][0] == pytest.approx(7.8)
    assert made["operations_closure"] == pytest.approx(5.3 / 5.5)
    assert made["lazy"][0]["factor"] == pytest.approx(60)
    assert made["map_bytes_in_memory_per_image"] == 2 * 4 * 640 * 640
    assert made["not_profiled"] == {"targets~packed": "no such maps"}
    worst = {row["stage"]: row["key"] for row in made["worst_images"]}
    assert worst["decode"] == f"{IMAGES - 1}.jpg"


def test_page_faults_are_counted_by_allocator_and_when_images_come_again() -> None:
    faults = make_profile()["faults"]
    assert faults["per_image"] == FAULTS * len(WORKER_STAGES)
    assert faults["system_share"] == pytest.approx(0.25)
    tuned = faults["allocators"]["tuned"]
    assert tuned["faults_per_image"] == FAULTS // 10 * len(WORKER_STAGES)
    assert faults["allocators_images"] == FEW
    assert set(faults["warming"]) == {"first", "again"}


def test_what_was_refused_is_left_empty_not_zero() -> None:
    replies = make_replies(STAGES_MS)
    del replies.seen["operations"], replies.seen["openings"], replies.seen["targets~npz"]
    made = describe(replies, SIZE, ("default", "tuned"))
    assert made["operations"] == made["lazy"] == []
    assert made["operations_closure"] is None
    assert "npz" not in made["alternatives"]["targets"]
    json.dumps(made, allow_nan=False)


def test_a_random_transform_without_any_maps_is_profiled_as_far_as_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = {"targets": ("kernel", "npz"), "decoder": ("simplejpeg",)}  # enough to see both ends
    monkeypatch.setattr(levels, "ALTERNATIVES", few)
    tests = str(Path(__file__).resolve().parents[1])
    monkeypatch.setenv("PYTHONPATH", tests)
    base = Cell.model_validate({"transform": "flip", "targets": "none", "batch_size": 2})
    index = make_index(tmp_path, 5)
    told: list[tuple[int, int]] = []

    made = profile(
        base,
        conditions(**PLUGINS),
        "tiny",
        index,
        tmp_path / "nowhere",
        lambda *seen: told.append(seen),
    )
    json.dumps(made, allow_nan=False)
    assert list(made["not_profiled"]) == ["targets~npz"]
    assert "transform 'flip' is random" in made["not_profiled"]["targets~npz"]
    assert set(made["alternatives"]["targets"]) == {"kernel"}
    assert set(made["alternatives"]["decode"]) == {"pillow", "simplejpeg"}
    assert made["images"] == 4
    assert {stage for stage, ms in made["per_image_ms"].items() if not ms} == {"transfer"}
    assert [row["operation"] for row in made["operations"]][1:2] == ["LongestMaxSize"]
    assert len(made["lazy"]) == 4
    assert made["levels"]["workers"] == 0
    assert len(made["consume_per_process_ms"]) == 2
    assert told[-1][0] == told[-1][1]
    assert FORWARD not in made["not_profiled"]


def test_the_verb_writes_the_profile_and_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study, "profile", lambda *_: make_profile("tiny"))
    flags = ["--dataset", "tiny", "--base", Cell.model_validate({}).model_dump_json()]
    flags += ["--conditions", conditions().model_dump_json()]
    output = tmp_path / "stages.json"
    done = CliRunner().invoke(profile_stages, [*flags, "accepted.parquet", str(output)])
    assert done.exit_code == 0, done.output
    assert json.loads(output.read_text())["dataset"] == "tiny"
    assert "targets~packed was not profiled: no such maps" in done.output


def test_what_is_not_installed_is_told_and_not_run(monkeypatch):
    monkeypatch.setattr("feedrate.decoders.turbojpeg.unavailable", lambda: "not installed: it")
    absent = absent_alternatives(Cell(), {})
    assert absent["decoder~turbojpeg"] == "not installed: it"
    assert "decoder~opencv" not in absent
