"""The exercise gate: what a cell's levels imply, and what happens when it was not so."""

import copy

import pytest

from feedrate import gate
from feedrate.cell import Cell
from feedrate.stages import COUNTERS

IMAGES = 32


STORES, SOURCES = ("disk", "ram", "decoded_ram"), ("reference", "kernel", "npz", "npz_ram", "none")
IMAGE_FROM = {"disk": "image_file", "ram": "image_memory", "decoded_ram": "image_memory"}
TARGET_FROM = {"npz": "target_file", "npz_ram": "target_memory"}


def trial_of(cell: Cell, image_bytes: int = 1000, target_bytes: int = 500) -> dict:
    """Fabricate the record of a trial that did just what its cell says."""
    counters = dict.fromkeys(COUNTERS, 0)
    counters[IMAGE_FROM[cell.images]] = IMAGES
    if cell.targets != "none":
        counters[TARGET_FROM.get(cell.targets, "target_computed")] = IMAGES
    counters["decode"] = 0 if cell.images == "decoded_ram" else IMAGES
    counters["image_file_bytes"] = IMAGES * image_bytes if cell.images == "disk" else 0
    counters["target_file_bytes"] = IMAGES * target_bytes if cell.targets == "npz" else 0
    read = counters["image_file_bytes"] + counters["target_file_bytes"] + 4096
    return {
        "batches": IMAGES // cell.batch_size,
        "images": IMAGES,
        "workers_seen": cell.workers,
        "counters": counters,
        "os": {"read_chars": read, "storage_read_bytes": 0},
    }


def failures(cell: Cell, trial: dict, known: bool = True) -> list[str]:
    return [check.name for check in gate.check_trial(cell, trial, IMAGES, known) if not check.ok]


CELLS = [
    Cell(images=images, targets=targets, workers=workers)
    for images in STORES
    for targets in SOURCES
    for workers in (0, 2)
]


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell.images}-{cell.targets}")
def test_a_trial_that_did_what_its_levels_say_passes(cell):
    assert failures(cell, trial_of(cell)) == []


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"batches": 1}, "batches"),
        ({"images": IMAGES - 1}, "images"),
        ({"workers_seen": 1}, "workers"),
    ],
)
def test_missing_work_and_missing_workers_fail(change, name):
    cell = Cell()
    assert failures(cell, trial_of(cell) | change) == [name]


def test_a_trial_of_two_batches_shows_two_of_four_workers():
    cell = Cell(workers=4)
    assert failures(cell, trial_of(cell) | {"workers_seen": 2}) == []
    assert failures(cell, trial_of(cell) | {"workers_seen": 1}) == ["workers"]


def test_a_cache_that_is_never_read_fails():
    cell = Cell(targets="npz_ram")
    lying = trial_of(Cell(targets="npz"))
    assert {"target_memory", "target_file", "target_file_bytes"} <= set(failures(cell, lying))


def test_a_cache_that_secretly_reads_the_disk_is_caught_by_the_kernels_count():
    cell = Cell(images="ram", targets="npz_ram")
    trial = trial_of(cell)
    trial["os"]["read_chars"] = gate.SLACK_BYTES + 10_000
    assert failures(cell, trial) == ["bytes read"]


def test_bytes_that_were_claimed_but_never_read_are_caught():
    cell = Cell()
    trial = copy.deepcopy(trial_of(cell))
    trial["os"]["read_chars"] = trial["counters"]["image_file_bytes"] // 2
    assert failures(cell, trial) == ["bytes read"]


def test_a_decoder_that_did_not_decode_everything_fails():
    cell = Cell()
    trial = trial_of(cell)
    trial["counters"]["decode"] -= 1
    assert failures(cell, trial) == ["decode"]


def test_of_a_users_own_plugin_only_the_work_is_checked():
    cell = Cell(loader="mine")
    trial = trial_of(Cell()) | {"workers_seen": 0, "counters": dict.fromkeys(("decode",), 0)}
    assert failures(cell, trial, known=False) == []
    assert failures(cell, trial | {"images": 3}, known=False) == ["images"]


def test_the_verdict_names_the_trial_and_both_numbers():
    check = gate.Check("decode", "32", "31", ok=False)
    verdict = gate.judge(
        [("reference, pair 3", check), ("cell, pair 1", gate.Check("", "", "", True))]
    )
    assert verdict == {
        "valid": False,
        "checks": 2,
        "failures": ["reference, pair 3: decode: expected 32, seen 31"],
    }
