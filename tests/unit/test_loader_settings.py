"""The settings of a loader do what their levels say, and what they do is recorded and shown."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from records import make_record, write_records
from tiny import make_index, make_samples

from feedrate import gate, pairs, tables, trial
from feedrate.cell import Cell
from feedrate.clock import SilentClock
from feedrate.collate.batch import Batch
from feedrate.collate.finishing import build_finish
from feedrate.config import Measuring, Work
from feedrate.dataconfig import TargetSettings
from feedrate.loaders import grain, pinning_unavailable
from feedrate.matrix import Conditions, MeasuredCell
from feedrate.pipeline import Loaded, Pipeline, Setting, build_pipeline
from feedrate.registry import resolve
from feedrate.report.absolutes import absolutes
from feedrate.stages import StageClock
from feedrate.stats import summarise
from feedrate.targets.params import TargetParams
from feedrate.work import TrialSpec

FIELDS = ("images", "shrink_maps", "threshold_maps", "shrink_masks", "threshold_masks")
DEADLINE_S = 20.0


def cell_of(**levels: str | int) -> Cell:
    return Cell.model_validate({"targets": "kernel", "batch_size": 2, "workers": 2, **levels})


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_index(tmp_path_factory.mktemp("tiny"))


def pipeline_of(cell: Cell, folder: Path) -> Pipeline:
    setting = Setting(maps_dir=None, image_size=64, params=TargetParams())
    return build_pipeline(cell, make_samples(folder, 6), list(range(6)), setting, StageClock())


def run(index: Path, **levels: str | int) -> dict[str, Any]:
    cell = cell_of(**levels)
    spec = TrialSpec(
        levels=cell.model_dump(),
        index=str(index),
        maps_dir=None,
        image_size=64,
        params={},
        images=4,
        deliver=4,
        seed=3,
        plugins={},
    )
    return trial.run(spec.to_json())


@dataclass(frozen=True)
class Footprints:
    """A dataset that leaves a file for each sample it has loaded."""

    folder: Path
    order: range = range(60)
    clock: SilentClock = field(default_factory=SilentClock)

    def __getitem__(self, index: int) -> Loaded:
        (self.folder / str(index)).touch()
        return Loaded(index, np.zeros((1, 1, 3), np.float32), None, self.clock.row())

    def __len__(self) -> int:
        return len(self.order)

    def count(self) -> int:
        return len(list(self.folder.iterdir()))

    def wait_for(self, count: int) -> int:
        """Wait until so many samples are loaded, and a moment more; return how many there are."""
        deadline = time.monotonic() + DEADLINE_S
        while self.count() < count and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.3)
        return self.count()


@pytest.mark.own_process
@pytest.mark.parametrize("loader", ["torch", "threads"])
@pytest.mark.parametrize("prefetch", [1, 3])
def test_as_many_batches_are_held_ready_as_the_cell_says(
    tmp_path: Path, loader: str, prefetch: int
) -> None:
    cell, dataset = cell_of(loader=loader, prefetch_factor=prefetch), Footprints(tmp_path)
    iterator = iter(resolve("loaders", loader)(dataset, cell))
    held = 2 * prefetch * 2  # workers, batches each, images a batch
    assert dataset.wait_for(held) == held
    next(iterator)
    assert dataset.wait_for(held + 2) == held + 2


@pytest.mark.own_process
@pytest.mark.parametrize("persistent", [0, 1])
def test_workers_stay_from_one_epoch_to_the_next_only_if_asked_to(
    tmp_path: Path, persistent: int
) -> None:
    cell = cell_of(persistent_workers=persistent)
    loader = resolve("loaders", "torch")(pipeline_of(cell, tmp_path), cell)
    first, second = ({batch.worker for batch in loader} for _ in range(2))
    assert len(first) == len(second) == 2
    assert (first == second) == bool(persistent)


@pytest.mark.own_process
def test_a_batch_is_the_same_whoever_puts_it_together(tmp_path: Path) -> None:
    sides = [
        list(resolve("loaders", "torch")(pipeline_of(cell, tmp_path), cell))
        for cell in (cell_of(), cell_of(collate="main"))
    ]
    assert_same(*sides)
    assert {batch.threads for batch in sides[0]} == {(1, 1)}
    assert {batch.threads for batch in sides[1]} == {None}  # nobody asked those who loaded


@pytest.mark.own_process
@pytest.mark.parametrize("loader", ["torch", "threads"])
def test_what_travels_as_bytes_is_the_same_once_it_is_finished(tmp_path: Path, loader: str) -> None:
    sides = []
    for payload in ("float32", "uint8"):
        cell = cell_of(payload=payload, loader=loader)
        pipeline = pipeline_of(cell, tmp_path)
        batches = list(resolve("loaders", loader)(pipeline, cell))
        assert {batch.images.dtype for batch in batches} == {getattr(torch, payload)}
        sides.append([build_finish(pipeline)(batch) for batch in batches])
    assert_same(*sides)


def assert_same(ours: list[Batch], theirs: list[Batch]) -> None:
    assert len(ours) == len(theirs) == 3
    for one, other in zip(ours, theirs, strict=True):
        for name in FIELDS:
            assert torch.equal(getattr(one, name), getattr(other, name)), name


@pytest.mark.own_process
@pytest.mark.parametrize("loader", ["torch", "threads"])
def test_the_gate_sees_the_threads_that_a_cell_asks_for(index: Path, loader: str) -> None:
    seen = run(index, threads=2, loader=loader)
    assert seen["worker_threads"] | {"process_max": 0} == {
        "torch_max": 2,
        "opencv_max": 2,
        "process_max": 0,
    }
    named = {"torch threads of a worker", "opencv threads of a worker"}
    told = {check.name: check.ok for check in gate.check_threads(cell_of(threads=2), seen)}
    assert {name for name, ok in told.items() if ok} >= named
    told = {check.name: check.ok for check in gate.check_threads(cell_of(), seen)}
    assert {name for name, ok in told.items() if not ok} >= named


@pytest.mark.own_process
@pytest.mark.parametrize("loader", ["torch", "threads"])
def test_every_boundary_between_epochs_is_recorded(index: Path, loader: str) -> None:
    seen = run(index, epochs=3, loader=loader)
    assert len(seen["boundaries_s"]) == 2
    assert min(seen["boundaries_s"]) > 0
    assert seen["images"] == 12
    assert seen["repeats"] == {"distinct": 4, "least": 3, "most": 3}


@pytest.mark.own_process
@pytest.mark.parametrize("start_method", ["fork", "forkserver"])
def test_workers_that_are_gone_are_counted_all_the_same(index: Path, start_method: str) -> None:
    others = len(psutil.Process().children(recursive=True))  # of other tests
    levels: dict[str, str | int] = {"images": "disk", "epochs": 2, "start_method": start_method}
    seen = run(index, **levels) | {
        "page_cache": {"level": "warm", "resident_before": 1.0, "storage_share": 1.0},
        "discarded": True,
    }
    failed = [check for check in gate.check_trial(cell_of(**levels), seen, 8, 4) if not check.ok]
    if others:  # what they read is counted as ours
        failed = [check for check in failed if check.name != "bytes read"]
    assert failed == []


@pytest.mark.own_process
def test_a_single_epoch_has_no_boundary(index: Path) -> None:
    assert run(index)["boundaries_s"] == []


def boundaries_of(folder: Path, *cell_s: float) -> Any:
    record = make_record()
    for each in record["trials"]:
        each["boundaries_s"] = list(cell_s) if each["side"] == "cell" else [0.5] * len(cell_s)
    return summarise(tables.collect(write_records(folder, [record])))


def test_the_boundary_is_an_estimand_and_has_a_column_of_its_own(tmp_path: Path) -> None:
    summary = boundaries_of(tmp_path, 0.1, 0.25, 0.9)
    (row,) = tables.records(summary[summary["estimand"] == "boundary_s"])
    assert (row["cell_median"], row["reference_median"], row["unit"]) == (0.25, 0.5, "s")
    assert row["ratio"] == pytest.approx(2)
    assert row["verdict"] == "faster"
    (shown,) = absolutes(summary, {})
    assert shown.values["boundary_s"] == ("500 ms", "250 ms")


def test_without_boundaries_there_is_no_column(tmp_path: Path) -> None:
    summary = boundaries_of(tmp_path)
    (row,) = tables.records(summary[summary["estimand"] == "boundary_s"])
    assert (row["pairs"], row["verdict"]) == (0, "not measured")
    (shown,) = absolutes(summary, {})
    assert "boundary_s" not in shown.values


def measured_of(**levels: str | int) -> MeasuredCell:
    reference = cell_of(workers=0)
    cell = reference.with_levels(levels)
    conditions = Conditions(
        work=Work(images=4),
        measuring=Measuring(max_pairs=6),
        targets=TargetSettings(image_size=64),
        seed=7,
        plugins={},
    )
    return MeasuredCell(
        experiment="loaders",
        name=cell.name(reference),
        cell=cell,
        reference=reference,
        conditions=conditions,
    )


def why_not(measured: MeasuredCell, index: Path) -> str:
    record, _, _ = pairs.measure(measured, "tiny", index, index.parent, lambda *_: None)
    assert record["trials"] == []
    assert not record["available"]["ok"]
    reason: str = record["available"]["reason"]
    return reason


def test_pinned_memory_without_a_gpu_is_not_available(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert why_not(measured_of(pin_memory=1), index) == pinning_unavailable()
    assert "torch finds no GPU" in str(pinning_unavailable())
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert pinning_unavailable() is None


def test_a_peer_that_is_not_installed_is_named_with_its_cure(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grain, "grain", None)
    reason = why_not(measured_of(loader="grain", workers=2), index)
    assert reason == "not installed: grain; `pip install 'feedrate[peers]'` gets it"
