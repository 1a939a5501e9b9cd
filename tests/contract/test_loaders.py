"""Every loader of the registry delivers the same work, and leaves nothing behind."""

from __future__ import annotations

import gc
import importlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from tiny import make_samples

from feedrate import gate, trial
from feedrate.cell import Cell
from feedrate.collate.batch import Batch
from feedrate.index import write_index
from feedrate.pipeline import Pipeline, Setting, build_pipeline
from feedrate.registry import REGISTRIES, resolve, target_of
from feedrate.sample import Sample
from feedrate.stages import COLUMNS, StageClock
from feedrate.stores import tar
from feedrate.stores.building import build_store
from feedrate.stores.layout import Recipe
from feedrate.targets.params import TargetParams
from feedrate.witness import WitnessedDecode, watch
from feedrate.work import TrialSpec

# WebDataset leaves the closing of its streams to the garbage collector.
pytestmark = pytest.mark.filterwarnings(r"ignore:unclosed file .*\.tar:ResourceWarning")

LOADERS = list(REGISTRIES["loaders"])
LEVELS: dict[str, dict[str, str | int]] = {"webdataset": {"images": "tar"}}
"""What a loader cannot do without."""
NEEDS_WORKERS = {"spdl"}
SETTINGS = {"collate": "main", "persistent_workers": 1, "pin_memory": 1, "start_method": "spawn"}
HONOURED = {
    "torch": set(SETTINGS),
    "webdataset": {"persistent_workers", "pin_memory", "start_method"},
    "feedrate": {"persistent_workers"},
    "torchdata_nodes": {"pin_memory"},
    "torchdata_processes": {"pin_memory", "start_method"},
    "dali": {"start_method"},
}
"""The settings that a loader has a say over; the others are refused."""
FIELDS = ("images", "shrink_maps", "threshold_maps", "shrink_masks", "threshold_masks", "indices")
COUNTED = [COLUMNS.index(name) for name in ("decode", "image_file", "target_computed")]
DECODED_BY = [place for place, name in enumerate(COLUMNS) if name.startswith("decoded_by_")]
ORDER = [0, 1, 3, 4, 6]
DEADLINE_S = 20.0
GREY_LEVEL = 1.01 / (0.224 * 255)
"""Of a normalised pixel: how far apart two that round differently may be."""

Open = Callable[..., Any]


def cell_of(name: str, **levels: str | int) -> Cell:
    base = {"targets": "kernel", "batch_size": 2, "workers": 2, "loader": name}
    return Cell.model_validate({**base, **LEVELS.get(name, {}), **levels})


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    return make_samples(tmp_path_factory.mktemp("tiny"), 7)


@pytest.fixture(scope="module")
def store(samples: list[Sample], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tar(samples, tmp_path_factory.mktemp("stores") / "tar")


def build_tar(samples: list[Sample], folder: Path) -> Path:
    build_store("tar", tar.write_store, samples, lambda *_: None, folder, Recipe(), "code")
    return folder


def pipeline_of(cell: Cell, samples: list[Sample], store: Path) -> Pipeline:
    setting = Setting(
        maps_dir=None,
        image_size=64,
        params=TargetParams(),
        store_dir=store if cell.images == "tar" else None,
    )
    clock = StageClock()
    pipeline = build_pipeline(cell, samples, ORDER, setting, clock)
    watch(clock)
    return replace(pipeline, decode=WitnessedDecode(pipeline.decode, clock))


@pytest.fixture(params=LOADERS)
def name(request: pytest.FixtureRequest) -> str:
    """A loader that can be used here."""
    loader: str = request.param
    reason = getattr(module_of(loader), "unavailable", lambda: None)()
    if reason:
        pytest.skip(reason)
    return loader


def module_of(loader: str) -> Any:
    return importlib.import_module(target_of("loaders", loader).partition(":")[0])


@pytest.fixture
def open_loader(samples: list[Sample], store: Path) -> Open:
    def opened(cell: Cell, chosen: list[Sample] | None = None, folder: Path | None = None) -> Any:
        pipeline = pipeline_of(cell, chosen or samples, folder or store)
        return resolve("loaders", cell.loader)(pipeline, cell)

    return opened


@pytest.fixture
def expected(open_loader: Open) -> list[Batch]:
    return list(open_loader(cell_of("torch", workers=0)))


def assert_same(batches: list[Batch], expected: list[Batch], library: str) -> None:
    assert [len(batch.images) for batch in batches] == [2, 2, 1]
    for ours, theirs in zip(batches, expected, strict=True):
        apart = (ours.images - theirs.images).abs().max()
        assert apart <= (0 if library == "pillow" else GREY_LEVEL)
        for field in FIELDS[1:]:
            assert torch.equal(getattr(ours, field), getattr(theirs, field)), field
        assert (ours.rows[:, COUNTED] == 1).all()
        assert (ours.rows[:, COLUMNS.index(f"decoded_by_{library}")] == 1).all()
        assert (ours.rows[:, DECODED_BY].sum(1) == 1).all()


@pytest.mark.own_process
@pytest.mark.parametrize("workers", [0, 1, 2])
def test_the_same_batches_in_the_same_order_every_epoch(
    name: str, workers: int, open_loader: Open, expected: list[Batch]
) -> None:
    if name in NEEDS_WORKERS and not workers:
        with pytest.raises(ValueError, match="workers: 0 cannot be had with loader: spdl"):
            open_loader(cell_of(name, workers=0))
        return
    loader = open_loader(cell_of(name, workers=workers))
    library = getattr(module_of(name), "LIBRARY", "pillow")
    for _ in range(2):
        assert_same(list(loader), expected, library)


@pytest.mark.own_process
def test_whoever_loads_says_so(name: str, open_loader: Open) -> None:
    own = psutil.Process().pid
    batches = list(open_loader(cell_of(name)))
    makers = {maker for batch in batches for maker in (batch.makers or (batch.worker,))}
    assert 1 <= len(makers) <= 2
    assert own not in makers
    if name not in NEEDS_WORKERS:
        assert {batch.worker for batch in open_loader(cell_of(name, workers=0))} == {own}


@pytest.mark.own_process
def test_the_file_that_cannot_be_decoded_is_named(
    name: str, open_loader: Open, tmp_path: Path
) -> None:
    broken = make_samples(tmp_path / "images", 7)
    data = broken[3].image_path.read_bytes()
    broken[3].image_path.write_bytes(data[: len(data) // 2])
    folder = build_tar(broken, tmp_path / "store") if LEVELS.get(name) else None
    with pytest.raises(Exception, match=r"picture_3\.jpg"):
        list(open_loader(cell_of(name), broken, folder))


@pytest.mark.own_process
def test_nothing_is_left_of_an_iterator_that_is_dropped(name: str, open_loader: Open) -> None:
    before = set(alive())
    iterator: Iterator[Batch] | None = iter(open_loader(cell_of(name)))
    assert iterator is not None
    next(iterator)
    assert set(alive()) - before
    iterator = None
    deadline = time.monotonic() + DEADLINE_S
    while set(alive()) - before and time.monotonic() < deadline:
        gc.collect()
        time.sleep(0.05)
    assert set(alive()) - before == set()


def alive() -> list[str]:
    """Every thread of this process, and every process below it."""
    processes = psutil.Process().children(recursive=True)
    threads = [f"thread {each.ident} {each.name}" for each in threading.enumerate()]
    return [*threads, *(f"process {each.pid}" for each in processes)]


@pytest.mark.own_process
@pytest.mark.parametrize("workers", [1, 2])
def test_the_exercise_gate_passes_what_really_ran(
    name: str, workers: int, samples: list[Sample], store: Path, tmp_path: Path
) -> None:
    others = len(psutil.Process().children(recursive=True))  # of other tests
    write_index(tmp_path / "accepted.parquet", samples)
    cell = cell_of(name, workers=workers)
    spec = TrialSpec(
        levels=cell.model_dump(),
        index=str(tmp_path / "accepted.parquet"),
        maps_dir=None,
        image_size=64,
        params={},
        images=6,
        deliver=12,
        seed=3,
        plugins={},
        store_dir=str(store),
    )
    cached = {"level": "warm", "resident_before": 1.0, "storage_share": 1.0}
    seen = trial.run(spec.to_json()) | {"page_cache": cached, "discarded": True}
    failed = [check for check in gate.check_trial(cell, seen, 12, 6) if not check.ok]
    if others:  # what they read is counted as ours
        failed = [check for check in failed if check.name != "bytes read"]
    assert failed == []


@pytest.mark.parametrize("factor", SETTINGS)
def test_a_setting_is_honoured_or_refused(name: str, factor: str, open_loader: Open) -> None:
    cell = cell_of(name, **{factor: SETTINGS[factor]})
    if factor in HONOURED.get(name, set()):
        open_loader(cell)
        return
    with pytest.raises(ValueError, match=f"{factor}: {SETTINGS[factor]} cannot be had with loader"):
        open_loader(cell)


def test_only_shards_can_be_streamed(open_loader: Open) -> None:
    with pytest.raises(ValueError, match=r"images: disk cannot be streamed .* say images: tar"):
        open_loader(cell_of("webdataset", images="disk"))
