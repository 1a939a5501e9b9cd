"""A trial really runs its cell: the work is delivered, and the counters say how."""

import numpy as np
import psutil
import pytest
from tiny import make_index

from feedrate import gate, trial
from feedrate.cell import Cell
from feedrate.deliveries import count_images
from feedrate.equivalence import read_batches
from feedrate.stages import WORKER_STAGES
from feedrate.work import TrialSpec


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    return make_index(tmp_path_factory.mktemp("tiny"))


def run(index, plugins=None, deliver=8, keep=None, **levels):
    cell = Cell.model_validate({"batch_size": 2, "targets": "kernel", "workers": 0, **levels})
    spec = TrialSpec(
        levels=cell.model_dump(),
        index=str(index),
        maps_dir=None,
        image_size=64,
        params={},
        images=4,
        deliver=deliver,
        seed=3,
        plugins=plugins or {},
        keep=keep,
    )
    return cell, trial.run(spec.to_json())


def prepared(seen):
    """What the driver of a trial knows besides: the page cache was warm."""
    cached = {"level": "warm", "resident_before": 1.0, "resident_after": 1.0}
    return seen | {"page_cache": cached, "discarded": False}


@pytest.mark.own_process
@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("images", ["disk", "ram", "decoded_ram"])
def test_the_gate_passes_what_really_ran(index, images, workers):
    others = len(psutil.Process().children(recursive=True))  # of other tests
    cell, seen = run(index, images=images, workers=workers)
    failures = [check for check in gate.check_trial(cell, prepared(seen), 8, 4) if not check.ok]
    if others:  # what they read is counted as ours
        theirs = ("bytes read", "bytes from storage")
        failures = [check for check in failures if check.name not in theirs]
    assert failures == []
    assert seen["processes"] - others == 1 + workers


def test_stages_are_timed_where_they_run_and_nowhere_else(index):
    _, seen = run(index)
    assert all(seen["stages_s"][stage] > 0 for stage in WORKER_STAGES)
    assert sum(seen["stages_s"][stage] for stage in WORKER_STAGES) < seen["epoch_s"]
    _, decoded = run(index, images="decoded_ram")
    assert decoded["stages_s"]["decode"] == 0


def test_images_come_in_the_declared_order_and_are_looped(index):
    _, seen = run(index)
    assert [row["index"] for row in seen["sample_rows"]] == [0, 1, 2, 3, 0, 1, 2, 3]
    assert [row["images"] for row in seen["batch_rows"]] == [2, 2, 2, 2]
    stamps = [row[name] for row in seen["batch_rows"] for name in ("requested_s", "arrived_s")]
    assert stamps == sorted(stamps)


@pytest.mark.own_process
def test_kept_batches_hold_what_was_delivered(index, tmp_path):
    run(index, keep=str(tmp_path / "a"))
    run(index, keep=str(tmp_path / "b"), workers=2, images="ram")
    ours, theirs = (read_batches(tmp_path / name) for name in "ab")
    assert ours[0]["images"].shape == (2, 3, 64, 64)
    assert all(
        np.array_equal(a[name], b[name]) for a, b in zip(ours, theirs, strict=True) for name in a
    )


def test_a_paced_consumer_is_waited_for(index):
    _, seen = run(index, consumer="sleep:20")
    assert seen["consume_s"] >= 4 * 0.020
    assert seen["stages_s"]["consume"] == pytest.approx(seen["consume_s"])


def short_loader(dataset, cell):
    """A user's loader that ends too early, and whose batches are plain dictionaries."""
    for place in dataset.order[:4:2]:
        images = [dataset[place + shift].image for shift in range(cell.batch_size)]
        yield {"pixels": np.stack(images)}


def test_a_users_own_loader_is_measured_and_its_missing_batches_are_noticed(index):
    plugins = {"loaders": {"mine": f"{__name__}:short_loader"}}
    cell, seen = run(index, plugins=plugins, loader="mine")
    assert (seen["batches"], seen["images"], seen["instrumented"]) == (2, 4, False)
    names = [
        check.name for check in gate.check_trial(cell, prepared(seen), 8, 4, False) if not check.ok
    ]
    assert names == ["batches", "images"]


@pytest.mark.parametrize(
    ("batch", "count"),
    [({"a": [1, 2, 3]}, 3), ([np.zeros((5, 3)), None], 5), (np.zeros((7, 2)), 7)],
)
def test_images_of_a_foreign_batch_are_counted(batch, count):
    assert count_images(batch) == count


def test_a_batch_without_a_length_is_refused_with_what_is_wanted():
    with pytest.raises(TypeError, match="int; feedrate counts images by the length"):
        count_images([3])
