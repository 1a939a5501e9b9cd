"""The exercise gate: what a cell's levels imply, and what happens when it was not so."""

import copy
import os

import numpy as np
import pytest

from feedrate import gate, proofs
from feedrate.cell import Cell
from feedrate.collate.batch import Batch
from feedrate.deliveries import Delivery, describe
from feedrate.loaders import PIPED
from feedrate.registry import REGISTRIES
from feedrate.stages import COLUMNS, COUNTERS, STAGES

IMAGES = 32


STORES, SOURCES = tuple(REGISTRIES["images"]), ("reference", "kernel", "npz", "npz_ram", "none")
IN_MEMORY, DECODED, MAPPED = (
    ("ram", "decoded_ram"),
    ("decoded_ram", "decoded_mmap"),
    ("lmdb", "decoded_mmap"),
)
TARGET_FROM = {"npz": "target_file", "npz_ram": "target_memory"}


def trial_of(cell: Cell, image_bytes: int = 1000, target_bytes: int = 500) -> dict:
    """Fabricate the record of a trial that did just what its cell says."""
    counters = dict.fromkeys(COUNTERS, 0)
    counters["image_memory" if cell.images in IN_MEMORY else "image_file"] = IMAGES
    if cell.targets != "none":
        counters[TARGET_FROM.get(cell.targets, "target_computed")] = IMAGES
    if cell.images not in DECODED:
        counters["decode"] = counters[f"decoded_by_{cell.decoder}"] = IMAGES
    counters["image_file_bytes"] = 0 if cell.images in IN_MEMORY else IMAGES * image_bytes
    counters["target_file_bytes"] = IMAGES * target_bytes if cell.targets == "npz" else 0
    called = 0 if cell.images in MAPPED else counters["image_file_bytes"]
    read = called + counters["target_file_bytes"] + 4096
    return {
        "batches": IMAGES // cell.batch_size,
        "images": IMAGES,
        "workers_seen": cell.workers,
        "counters": counters,
        "os": {"read_chars": read, "storage_read_bytes": 0},
        "loader_facts": {},
        "threads": {"torch": 1, "opencv": 1},
        "stages_s": dict.fromkeys(STAGES, 0.1),
        "startup": {"iter_s": 0.05},
        "epoch_s": 1.0,
        "consume_s": 0.1,
        "memory": [],
        "discarded": False,
        "major_faults": 0,
        "repeats": {"distinct": 16, "least": 2, "most": 2},
        "worker_threads": {"torch_max": 1, "opencv_max": 1, "process_max": 2},
        "page_cache": {
            "level": "warm",
            "resident_before": 1.0,
            "resident_after": 0.995,
            "storage_share": 1.0,
        },
    }


def failures(cell: Cell, trial: dict, known: bool = True) -> list[str]:
    checks = gate.check_trial(cell, trial, IMAGES, 16, known)
    return [check.name for check in checks if not check.ok]


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
    trial["os"]["read_chars"] = 3 * proofs.SLACK_BYTES + 10_000
    assert failures(cell, trial) == ["bytes read"]


@pytest.mark.parametrize(("rereads", "failed"), [(0, []), (1, ["bytes read"])])
def test_bytes_through_a_pipe_are_no_files_and_hide_none(rereads, failed):
    cell = Cell(collate="main", targets="kernel")
    trial = trial_of(cell, image_bytes=400_000)
    piped = 6_000_000 * IMAGES
    trial["loader_facts"] = {PIPED: piped}
    trial["os"]["read_chars"] += piped + rereads * trial["counters"]["image_file_bytes"]
    assert failures(cell, trial) == failed


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
    trial["counters"]["decoded_by_pillow"] -= 1
    assert failures(cell, trial) == ["decode", "decoded_by_pillow"]


def test_a_decoder_that_falls_back_to_another_library_is_caught_by_the_calls_into_it():
    cell = Cell(decoder="simplejpeg")
    trial = trial_of(cell)
    trial["counters"] |= {"decoded_by_simplejpeg": IMAGES - 3, "decoded_by_pillow": 3}
    assert failures(cell, trial) == ["decoded_by_pillow", "decoded_by_simplejpeg"]


def test_fewer_distinct_images_than_declared_are_caught():
    cell = Cell()
    trial = trial_of(cell) | {"repeats": {"distinct": 8, "least": 4, "most": 4}}
    assert failures(cell, trial) == [
        "distinct images",
        "deliveries of the rarest image",
        "deliveries of the commonest image",
    ]


def test_a_cold_trial_must_start_cold_and_really_read_from_storage():
    cell = Cell(page_cache="cold", targets="kernel")
    trial = trial_of(cell)
    trial["page_cache"] |= {"level": "cold", "resident_before": 0.002, "resident_after": 1.0}
    assert failures(cell, trial) == ["bytes from storage"]
    trial["os"]["storage_read_bytes"] = trial["counters"]["image_file_bytes"]
    assert failures(cell, trial) == []
    trial["page_cache"]["resident_before"] = 0.02
    assert failures(cell, trial) == ["pages in memory before the trial"]
    trial["page_cache"]["resident_before"] = None
    assert failures(cell, trial) == ["pages in memory before the trial"]


def test_a_warm_trial_must_start_warm_and_read_next_to_nothing_from_storage():
    trial = trial_of(Cell())
    trial["page_cache"] |= {"resident_before": 0.98, "resident_after": 0.5}
    assert failures(Cell(), trial) == ["pages in memory before the trial"]
    trial = trial_of(Cell(), image_bytes=10_000_000)
    trial["os"] = {"read_chars": 320_020_000, "storage_read_bytes": 200_000_000}
    assert failures(Cell(), trial) == ["bytes from storage"]
    assert failures(Cell(), trial | {"discarded": True}) == []
    assert failures(Cell(), trial | {"major_faults": 20}) == ["bytes from storage"]
    assert failures(Cell(), trial | {"major_faults": 25}) == []  # pages of libraries came back


def test_a_cache_as_found_is_not_held_to_anything():
    cell = Cell(page_cache="as_found")
    trial = trial_of(cell)
    trial["page_cache"] = {"level": "as_found", "resident_before": None, "resident_after": None}
    assert failures(cell, trial) == []


def test_threads_that_leak_into_a_worker_are_caught():
    trial = trial_of(Cell())
    trial["worker_threads"] |= {"opencv_max": 8}
    assert failures(Cell(), trial) == ["opencv threads of a worker"]


def test_threads_that_leak_into_the_main_process_are_caught_unless_a_network_uses_them():
    trial = trial_of(Cell()) | {"threads": {"torch": 2, "opencv": 1}}
    assert failures(Cell(), trial) == ["torch threads of the main process"]
    assert failures(Cell(consumer="dbnet:bf16"), trial) == []


def test_a_consumer_that_did_not_take_its_time_is_caught():
    cell = Cell(consumer="sleep:20")
    assert failures(cell, trial_of(cell) | {"consume_s": 0.0405}) == []
    assert failures(cell, trial_of(cell) | {"consume_s": 0.030}) == ["time consumed"]


def test_work_done_outside_of_the_measured_time_is_caught():
    trial = trial_of(Cell()) | {"epoch_s": 0.2}
    assert failures(Cell(), trial) == ["work within the time"]
    assert failures(Cell(workers=4), trial | {"workers_seen": 2}) == []


def test_who_collates_beside_the_workers_has_time_of_its_own():
    cell, trial = Cell(collate="main"), trial_of(Cell()) | {"epoch_s": 0.2}
    assert failures(Cell(), trial) == ["work within the time"]
    assert failures(cell, trial) == []
    assert failures(Cell(workers=0, collate="main"), trial | {"workers_seen": 0}) == [
        "work within the time"
    ]


def test_every_epoch_has_workers_of_its_own_unless_they_stay():
    levels, trial = {"epochs": 4, "workers": 2}, trial_of(Cell(batch_size=4))
    leaving, staying = (Cell(**levels, persistent_workers=stay, batch_size=4) for stay in (0, 1))
    assert failures(leaving, trial | {"workers_seen": 8}) == []
    assert failures(leaving, trial | {"workers_seen": 2}) == ["workers"]
    assert failures(staying, trial | {"workers_seen": 2}) == []
    assert failures(staying, trial | {"workers_seen": 8}) == ["workers"]


def test_threads_are_counted_as_workers_are():
    rows = np.zeros((2, len(COLUMNS)), np.int64)
    batches = [
        Batch(np.zeros(2), None, None, None, None, np.arange(2), rows, *told)
        for told in ((11, (1, 1)), (12, (1, 1)), (os.getpid(), (1, 1), (os.getpid(), 13)))
    ]
    found = describe([Delivery.of(batch, 0.0, 0.0, 0.0, 0.0) for batch in batches])
    assert found["workers_seen"] == 3
    assert [row["worker"] for row in found["batch_rows"]] == [11, 12, os.getpid()]
    assert [row["worker"] for row in found["sample_rows"]][-2:] == [os.getpid(), 13]


def test_a_loader_that_decodes_by_itself_is_held_to_its_own_library():
    cell, trial = Cell(loader="dali"), trial_of(Cell())
    assert failures(cell, trial) == ["decoded_by_pillow", "decoded_by_dali"]
    trial["counters"] |= {"decoded_by_pillow": 0, "decoded_by_dali": IMAGES}
    assert failures(cell, trial) == []


def seen(verdict="identical", missing=(), apart=0, largest=0.0):
    one = {"max": largest, "mean": 0.0, "share": 0.0, "images_apart": apart, "images": 32}
    fields = {name: dict(one) for name in ("images", "threshold_maps")}
    return {"verdict": verdict, "fields": fields, "missing": list(missing), "extra": []}


def apart(cell, found):
    checks = gate.check_equivalence(cell, Cell(), found)
    return [check.name for check in checks if not check.ok]


def test_the_same_levels_must_deliver_the_same_values():
    assert apart(Cell(images="ram"), seen()) == []
    assert apart(Cell(images="ram"), seen(largest=0.1)) == ["same images", "same threshold_maps"]
    assert apart(Cell(workers=4), seen(apart=1)) == ["same images", "same threshold_maps"]
    assert apart(Cell(), seen(verdict="unknown")) == ["batches compared"]


def test_values_may_differ_only_where_a_level_announces_it():
    assert apart(Cell(decoder="opencv"), seen(largest=0.1)) == ["same threshold_maps"]
    assert apart(Cell(loader="dali"), seen(largest=0.1)) == ["same threshold_maps"]
    assert apart(Cell(targets="packed"), seen(largest=0.1)) == ["same images"]
    assert apart(Cell(targets="kernel"), seen(largest=0.1)) == [
        "same images",
        "same threshold_maps",
    ]


def test_a_store_of_smaller_copies_announces_other_pixels_and_polygons():
    assert apart(Cell(images="resized_jpeg"), seen(apart=1, largest=0.1)) == []
    assert apart(Cell(images="decoded_mmap"), seen(apart=1)) == [
        "same images",
        "same threshold_maps",
    ]


def test_maps_may_be_missing_only_where_there_are_none_by_design():
    assert apart(Cell(targets="none"), seen(missing=["shrink_maps"])) == []
    assert apart(Cell(images="ram"), seen(missing=["shrink_maps"])) == ["fields of a batch"]
    assert apart(Cell(targets="kernel"), seen(missing=["shrink_maps"])) == ["fields of a batch"]
    assert apart(Cell(targets="none"), seen(missing=["images"])) == ["fields of a batch"]


def test_masks_may_be_missing_where_stored_maps_have_none():
    base = Cell(targets="kernel")
    checks = gate.check_equivalence(Cell(targets="npz"), base, seen(missing=["shrink_masks"]))
    assert all(check.ok for check in checks)
    checks = gate.check_equivalence(base, base, seen(missing=["shrink_masks"]))
    assert not all(check.ok for check in checks)


def test_of_a_users_own_plugin_only_the_work_is_checked():
    cell = Cell(loader="mine")
    trial = trial_of(Cell()) | {"workers_seen": 0, "counters": dict.fromkeys(("decode",), 0)}
    assert failures(cell, trial, known=False) == []
    assert failures(cell, trial | {"images": 3}, known=False) == ["images"]


def test_the_verdict_names_the_trial_and_both_numbers():
    check = proofs.Check("decode", "32", "31", ok=False)
    verdict = gate.judge(
        [("reference, pair 3", check), ("cell, pair 1", proofs.Check("", "", "", True))]
    )
    assert verdict == {
        "valid": False,
        "checks": 2,
        "failures": ["reference, pair 3: decode: expected 32, seen 31"],
    }


def test_without_a_check_nothing_is_proved():
    assert not gate.judge([])["valid"]


@pytest.mark.parametrize(
    ("decoder", "transform", "announced"),
    [
        ("simplejpeg_scaled", "albumentations", True),  # fits the smaller copy for itself
        ("simplejpeg_scaled", "fused", False),  # keeps the geometry of the whole image
        ("simplejpeg", "albumentations", False),
    ],
)
def test_maps_differ_where_a_copy_is_fitted_for_itself_and_nowhere_else(
    decoder, transform, announced
):
    reference = Cell(targets="kernel", transform=transform)
    apart = {"max": 1.0, "mean": 0.1, "share": 0.1, "images": 4, "images_apart": 2}
    seen = {"verdict": "pixels differ", "fields": {"shrink_maps": apart}}
    seen |= {"missing": [], "extra": []}
    cell = reference.with_levels({"decoder": decoder})
    checks = gate.check_equivalence(cell, reference, seen)
    assert all(check.ok for check in checks) == announced
