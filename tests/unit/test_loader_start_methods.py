"""Whatever starts the workers, the loader delivers the same batches, one thread a worker."""

from __future__ import annotations

import multiprocessing
import os
import pickle
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import pytest
import storing
import torch
from tiny import make_samples

from feedrate.cell import Cell
from feedrate.collate.batch import Batch, Collate
from feedrate.config import FACTOR_KINDS
from feedrate.loaders.batches import set_threads
from feedrate.loaders.dataloader import build
from feedrate.pipeline import Pipeline, Setting, build_pipeline
from feedrate.registry import BUILT_STORES, REGISTRIES, STORED_MAPS, target_of
from feedrate.stages import COLUMNS, StageClock
from feedrate.targets.params import TargetParams

BASE = Cell.model_validate({"targets": "kernel", "images": "ram", "batch_size": 2, "workers": 2})
COUNTED = [COLUMNS.index(name) for name in ("image_memory", "decode", "target_computed")]
LEVELS = [
    (factor, level)
    for factor, kind in {"images": "images", "decoder": "decoders", "targets": "targets"}.items()
    for level in REGISTRIES[kind]
    if level not in STORED_MAPS  # tests/contract/test_target_sources.py pickles those
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tiny")


@pytest.fixture
def two_opencv_threads() -> Iterator[None]:
    before = cv2.getNumThreads()
    cv2.setNumThreads(2)
    yield
    cv2.setNumThreads(before)


def pipeline_of(cell: Cell, folder: Path) -> Pipeline:
    samples, store_dir = make_samples(folder, 4), None
    if cell.images in BUILT_STORES:
        store_dir = folder / "stores" / cell.images
        storing.build(cell.images, samples, store_dir)
    setting = Setting(None, 64, TargetParams(), store_dir=store_dir)
    return build_pipeline(cell, samples, [3, 1, 0, 2], setting, StageClock())


def deliver(cell: Cell, folder: Path) -> list[Batch]:
    return list(build(pipeline_of(cell, folder), cell))


def content(batches: list[Batch]) -> list[Any]:
    """Everything but times, process ids and thread counts."""
    fields = ("images", "shrink_maps", "threshold_maps", "shrink_masks", "threshold_masks")
    return [
        *(getattr(batch, name) for batch in batches for name in (*fields, "indices")),
        *(batch.rows[:, COUNTED] for batch in batches),
    ]


@pytest.mark.own_process
@pytest.mark.parametrize("start_method", ["fork", "forkserver", "spawn"])
def test_the_same_batches_by_one_thread_a_worker(
    folder: Path, two_opencv_threads: None, start_method: str
) -> None:
    cell = BASE.with_levels({"start_method": start_method})
    batches = deliver(cell, folder)
    expected = deliver(BASE.with_levels({"workers": 0}), folder)
    for ours, theirs in zip(content(batches), content(expected), strict=True):
        assert torch.equal(ours, theirs)
    assert {batch.worker for batch in batches}.isdisjoint({os.getpid()})
    assert {tuple(batch.threads) for batch in batches} == {(1, 1)}
    assert {batch.threads[1] for batch in expected} == {2}


@pytest.mark.parametrize("start_method", ["fork", "forkserver", "spawn"])
def test_the_cell_says_how_workers_start(folder: Path, start_method: str) -> None:
    cell = BASE.with_levels({"start_method": start_method})
    loader = build(pipeline_of(cell, folder), cell)
    context = loader.multiprocessing_context
    assert isinstance(context, multiprocessing.context.BaseContext)
    assert context.get_start_method() == start_method
    assert loader.worker_init_fn.func is set_threads


def test_without_workers_nothing_starts(folder: Path) -> None:
    cell = BASE.with_levels({"workers": 0, "start_method": "spawn"})
    loader = build(pipeline_of(cell, folder), cell)
    assert loader.multiprocessing_context is None
    assert loader.worker_init_fn is None


@pytest.mark.parametrize(("factor", "level"), LEVELS)
def test_every_level_can_be_sent_to_a_worker(folder: Path, factor: str, level: str) -> None:
    module = import_module(target_of(FACTOR_KINDS[factor], level).partition(":")[0])
    if reason := getattr(module, "unavailable", lambda: None)():
        pytest.skip(reason)
    pipeline = pipeline_of(BASE.with_levels({factor: level}), folder)
    sent, collate = pickle.loads(pickle.dumps((pipeline, Collate(pipeline.clock))))  # noqa: S301
    ours, theirs = pipeline[1], sent[1]
    assert ours.image.tobytes() == theirs.image.tobytes()
    assert (ours.targets is None) == (theirs.targets is None)
    assert collate([theirs]).images.shape == (1, 3, 64, 64)
