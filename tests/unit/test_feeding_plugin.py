"""feedrate's own loader inside the matrix: every level takes part, written in place or copied."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from tiny import make_samples

from feedrate.ablation import ablate
from feedrate.cell import Cell
from feedrate.collate.batch import Batch
from feedrate.feeding.pool import Pool
from feedrate.loaders import feedrate as own
from feedrate.loaders.dataloader import build as build_usual
from feedrate.pipeline import Pipeline, Setting, build_pipeline
from feedrate.registry import BUILT_STORES
from feedrate.sample import Sample
from feedrate.stages import COLUMNS, COUNTERS, STAGES, StageClock
from feedrate.targets.params import TargetParams
from feedrate.witness import WitnessedDecode, watch

ORDER = [5, 0, 3, 1, 4]
FIELDS = ("images", "shrink_maps", "threshold_maps", "shrink_masks", "threshold_masks", "indices")
COUNTED = [COLUMNS.index(name) for name in COUNTERS]
WAYS = [
    {},
    {"transform": "opencv"},
    {"transform": "fused", "decoder": "simplejpeg"},
    {"transform": "fused", "decoder": "simplejpeg_scaled"},
    {"transform": "opencv:area", "decoder": "simplejpeg"},
    {"transform": "opencv:cubic", "decoder": "opencv", "payload": "uint8"},
    {"transform": "albumentations", "payload": "uint8"},
    {"transform": "fused", "decoder": "simplejpeg_scaled", "payload": "uint8"},
    {"images": "decoded_ram"},
    {"images": "decoded_ram", "transform": "fused"},
    {"images": "decoded_ram", "transform": "opencv", "payload": "uint8"},
    {"images": "ram", "targets": "reference"},
    {"images": "ram", "targets": "none", "transform": "fused"},
]


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    return make_samples(tmp_path_factory.mktemp("tiny"))


def pipeline_of(cell: Cell, samples: list[Sample]) -> Pipeline:
    clock = StageClock()
    setting = Setting(maps_dir=None, image_size=64, params=TargetParams())
    pipeline = ablate(build_pipeline(cell, samples, ORDER, setting, clock), cell.ablate)
    watch(clock)
    return replace(pipeline, decode=WitnessedDecode(pipeline.decode, clock))


def cells_of(levels: dict[str, Any], workers: int = 2) -> tuple[Cell, Cell]:
    base = {"targets": "kernel", "batch_size": 2, "workers": workers, **levels}
    cell = Cell.model_validate({**base, "loader": "feedrate"})
    return cell, cell.with_levels({"loader": "torch", "workers": 0})


def assert_same(ours: list[Batch], theirs: list[Batch]) -> None:
    assert len(ours) == len(theirs) == 3
    for one, other in zip(ours, theirs, strict=True):
        for field in FIELDS:
            seen, expected = getattr(one, field), getattr(other, field)
            assert (seen is None) == (expected is None), field
            assert seen is None or (seen.dtype, seen.stride()) == (
                expected.dtype,
                expected.stride(),
            )
            assert seen is None or torch.equal(seen, expected), field
        assert torch.equal(one.rows[:, COUNTED], other.rows[:, COUNTED])


@pytest.mark.parametrize("levels", WAYS, ids=str)
@pytest.mark.parametrize("workers", [0, 2])
def test_batches_and_counters_are_those_of_the_usual_loader(
    samples: list[Sample], levels: dict[str, Any], workers: int
) -> None:
    assert not set(levels.values()) & set(BUILT_STORES)
    cell, usual = cells_of(levels, workers)
    theirs = list(build_usual(pipeline_of(usual, samples), usual))
    loader = own.build(pipeline_of(cell, samples), cell)
    for _ in range(3):  # in fresh memory, then in memory used again
        ours = list(loader)
        assert_same(ours, theirs)
        del ours


@pytest.mark.parametrize("stage", ["decode", "transform", "targets", "all"])
@pytest.mark.parametrize("levels", [{}, {"transform": "fused", "decoder": "simplejpeg"}], ids=str)
def test_a_stage_can_be_free(samples: list[Sample], stage: str, levels: dict[str, Any]) -> None:
    cell, usual = cells_of({**levels, "ablate": stage})
    theirs = list(build_usual(pipeline_of(usual, samples), usual))
    assert_same(list(own.build(pipeline_of(cell, samples), cell)), theirs)


def test_stages_are_clocked_where_they_run(samples: list[Sample]) -> None:
    cell, _ = cells_of({"transform": "fused", "decoder": "simplejpeg"})
    for batch in own.build(pipeline_of(cell, samples), cell):
        for stage in STAGES[:6]:
            assert (batch.rows[:, COLUMNS.index(f"{stage}_ns")] > 0).all(), stage


def test_fast_levels_write_in_place_and_others_are_copied(
    samples: list[Sample], monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[bool] = []
    plain = own.put_square

    def watched(square: Any, images: Any, place: int) -> None:
        before = images.notes[place]
        plain(square, images, place)
        copied.append(images.notes[place] is not before)

    monkeypatch.setattr(own, "put_square", watched)
    for levels, expected in (({"transform": "fused"}, False), ({}, True)):
        cell, _ = cells_of(levels)
        copied.clear()
        assert len(list(own.build(pipeline_of(cell, samples), cell))) == 3
        assert copied == [expected] * len(ORDER)


def test_an_image_of_another_size_is_refused(samples: list[Sample]) -> None:
    cell, _ = cells_of({"targets": "none"})
    small = replace(pipeline_of(cell, samples), image_size=32)
    with pytest.raises(ValueError, match=r"came as float32 \(64, 64, 3\), must be float32 \(32"):
        list(own.build(small, cell))


def test_threads_are_kept_where_the_cell_says_so(samples: list[Sample]) -> None:
    for level, most in ((0, 4), (1, 2)):
        cell, _ = cells_of({"persistent_workers": level})
        loader = own.build(pipeline_of(cell, samples), cell)
        makers = {maker for _ in range(2) for batch in loader for maker in batch.makers}
        assert len(makers) <= most
        assert (loader.crew is not None) == bool(level)


def test_no_memory_is_new_inside_an_epoch(
    samples: list[Sample], monkeypatch: pytest.MonkeyPatch
) -> None:
    cell, _ = cells_of({"transform": "fused", "decoder": "simplejpeg", "batch_size": 1})
    loader = own.build(pipeline_of(cell, samples), cell)

    def refuse(pool: Pool) -> None:
        raise AssertionError(f"a pool of {pool.shape} got new memory")

    monkeypatch.setattr(Pool, "_new", refuse)
    for _ in range(3):
        assert sum(len(batch.images) for batch in loader) == len(ORDER)
