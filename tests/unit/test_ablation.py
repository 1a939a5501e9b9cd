"""A stage that is said to be free really is, delivers the same, and a pretence of it is found."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from tiny import make_index, make_samples

from feedrate import ablation, gate, trial
from feedrate.ablation import ablate
from feedrate.cell import Cell
from feedrate.equivalence import read_batches
from feedrate.pipeline import Loaded, Pipeline, Setting, build_pipeline
from feedrate.sample import Fetched
from feedrate.stages import BEGAN, COLUMNS, StageClock
from feedrate.targets.params import TargetParams
from feedrate.work import TrialSpec

LEVELS = ("decode", "transform", "targets", "all")
COUNTED = {
    "none": {"image_file": 8, "decode": 8, "decoded_by_pillow": 8, "target_computed": 8},
    "decode": {"image_file": 8, "target_computed": 8},
    "transform": {"image_file": 8, "decode": 8, "decoded_by_pillow": 8, "target_computed": 8},
    "targets": {"image_file": 8, "decode": 8, "decoded_by_pillow": 8},
    "all": {},
}
BYTES = ("image_file_bytes", "target_file_bytes")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_index(tmp_path_factory.mktemp("tiny"))


def cell_of(**levels: Any) -> Cell:
    return Cell.model_validate({"batch_size": 2, "targets": "kernel", "workers": 0, **levels})


def run(index: Path, keep: Path | None = None, **levels: Any) -> tuple[Cell, dict[str, Any]]:
    """One trial of eight deliveries of four images, and what its driver knows besides."""
    cell = cell_of(**levels)
    spec = TrialSpec(
        levels=cell.model_dump(),
        index=str(index),
        maps_dir=None,
        image_size=64,
        params={},
        images=4,
        deliver=8,
        seed=3,
        plugins={},
        keep=str(keep) if keep else None,
    )
    cached = {"level": "warm", "resident_before": 1.0, "resident_after": 1.0}
    return cell, trial.run(spec.to_json()) | {"page_cache": cached, "discarded": False}


def failures(cell: Cell, seen: dict[str, Any], alone: bool = False) -> list[str]:
    names = [check.name for check in gate.check_trial(cell, seen, 8, 4) if not check.ok]
    return [name for name in names if alone or name != "bytes read"]


def is_alone() -> bool:
    """Whether no process of another test is below ours: what it reads would be counted as ours."""
    return not psutil.Process().children(recursive=True)


@pytest.mark.parametrize("payload", ["float32", "uint8"])
@pytest.mark.parametrize("what", LEVELS)
def test_batches_are_identical_to_those_of_the_whole_pipeline(
    index: Path, tmp_path: Path, what: str, payload: str
) -> None:
    run(index, tmp_path / "whole", payload=payload)
    run(index, tmp_path / "free", payload=payload, ablate=what)
    whole, free = (read_batches(tmp_path / name) for name in ("whole", "free"))
    assert len(whole) == len(free) == 4
    for ours, theirs in zip(whole, free, strict=True):
        assert set(ours) == set(theirs)
        assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.own_process
@pytest.mark.parametrize("images", ["disk", "decoded_ram"])
@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("what", LEVELS)
def test_the_gate_passes_what_really_was_free(
    index: Path, what: str, workers: int, images: str
) -> None:
    alone = is_alone()
    cell, seen = run(index, ablate=what, workers=workers, images=images)
    assert failures(cell, seen, alone) == []


@pytest.mark.parametrize("what", ["none", *LEVELS])
def test_counters_say_what_was_left_to_do(index: Path, what: str) -> None:
    _, seen = run(index, ablate=what)
    done = {name: count for name, count in seen["counters"].items() if count and name not in BYTES}
    assert done == COUNTED[what]
    assert bool(seen["counters"]["image_file_bytes"]) == (what != "all")


def test_a_whole_pipeline_fails_the_gate_of_every_ablation(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedrate.proofs.FREE_S", 1e-5)  # the images of this test are tiny
    _, seen = run(index)
    found = {what: failures(cell_of(ablate=what), seen) for what in LEVELS}
    assert {"decode", "decoded_by_pillow", "time of decode, which is free"} <= set(found["decode"])
    assert found["transform"] == ["time of transform, which is free"]
    assert "target_computed" in found["targets"]
    assert {"image_file", "decode", "target_computed"} <= set(found["all"])


class Pretending(ablation.FreeDecode):
    """Says that images are decoded already, and decodes them all the same, uncounted."""

    def decode_image(self, index: int, data: bytes) -> Any:
        return self.decode(data, None)


def test_a_decode_that_is_free_in_name_only_is_found_by_its_librarys_calls(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ablation, "FreeDecode", Pretending)
    cell, seen = run(index, ablate="decode")
    assert seen["counters"]["decode"] == 0
    assert "decoded_by_pillow" in failures(cell, seen)


class Wasteful(ablation.FreeTransform):
    """Hands over what was kept, after making it anew."""

    def prepare(self, index: int, fetched: Fetched[Any]) -> Any:
        Pipeline.prepare(self, index, fetched)
        return self.kept[index]


def test_a_transform_that_is_free_in_name_only_is_found_by_its_time(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ablation, "FreeTransform", Wasteful)
    monkeypatch.setattr("feedrate.proofs.FREE_S", 1e-5)  # the images of this test are tiny
    cell, seen = run(index, ablate="transform")
    assert failures(cell, seen) == ["time of transform, which is free"]


def pipeline_of(folder: Path, **levels: Any) -> Pipeline:
    setting = Setting(maps_dir=None, image_size=64, params=TargetParams())
    samples = make_samples(folder, 3)
    return build_pipeline(cell_of(**levels), samples, [2, 0, 1], setting, StageClock())


@pytest.mark.parametrize("what", LEVELS)
def test_all_parts_but_the_free_one_stay(tmp_path: Path, what: str) -> None:
    whole = pipeline_of(tmp_path)
    free = ablate(whole, what)
    assert [getattr(free, each.name) for each in fields(Pipeline)] == [
        getattr(whole, each.name) for each in fields(Pipeline)
    ]
    assert len(free) == len(whole) == 3


def test_making_a_stage_free_is_not_clocked(tmp_path: Path) -> None:
    whole = pipeline_of(tmp_path)
    ablate(whole, "all")
    assert whole.clock.row().sum() == 0


def test_nothing_is_left_but_the_stages_own_time(tmp_path: Path) -> None:
    free = ablate(pipeline_of(tmp_path), "all")
    loaded: Loaded = free[1]
    row = dict(zip(COLUMNS, loaded.row.tolist(), strict=True))
    assert row.pop(BEGAN) > 0
    assert not any(row.values())
    assert loaded.targets is not None


def test_no_ablation_is_the_pipeline_itself(tmp_path: Path) -> None:
    whole = pipeline_of(tmp_path)
    assert ablate(whole, "none") is whole


class Random:
    """A transform that never does the same twice."""

    random = True

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def fit(self, *arguments: Any) -> Any:
        return self.inner.fit(*arguments)

    def normalise(self, image: Any) -> Any:
        return self.inner.normalise(image)


@pytest.fixture
def shaken(tmp_path: Path) -> Pipeline:
    whole = pipeline_of(tmp_path)
    return replace(whole, transform=Random(whole.transform))


@pytest.mark.parametrize("what", ["transform", "targets", "all"])
def test_one_outcome_of_a_random_transform_cannot_stand_for_all(
    shaken: Pipeline, what: str
) -> None:
    with pytest.raises(ValueError, match=f"ablate: {what} keeps one outcome.*ablate decode"):
        ablate(shaken, what)


def test_images_may_be_decoded_already_whatever_becomes_of_them(shaken: Pipeline) -> None:
    assert isinstance(ablate(shaken, "decode"), ablation.FreeDecode)
