"""The exercise gate on built stores: what really ran passes, and a store that cheats is found out.

Mapped files are in no count of read calls. What gives a cheat away is then what it reads besides.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import storing
from PIL import Image

from feedrate import gate, proofs, trial
from feedrate.cell import Cell
from feedrate.index import write_index
from feedrate.registry import BUILT_STORES
from feedrate.sample import Fetched, Sample
from feedrate.stages import COUNTERS
from feedrate.stores import decoded_mmap, lmdb
from feedrate.work import TrialSpec, files_of

IMAGES, DELIVER, SIDE = 4, 8, 640
MAPPED = [name for name in BUILT_STORES if getattr(storing.module_of(name), "MAPPED", False)]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files so large that reading them cannot be mistaken for a module loaded late."""
    folder = tmp_path_factory.mktemp("large")
    rng, samples = np.random.default_rng(0), []
    for number in range(IMAGES):
        path = folder / f"{number}.jpg"
        pixels = rng.integers(0, 255, (SIDE, SIDE, 3), np.uint8)
        Image.fromarray(pixels).save(path, quality=95)
        assert path.stat().st_size > proofs.SLACK_BYTES // 2
        samples.append(Sample(path.name, path, SIDE, SIDE))
    write_index(folder / "accepted.parquet", samples)
    for store in BUILT_STORES:
        if not getattr(storing.module_of(store), "unavailable", lambda: None)():
            storing.build(store, samples, folder / "stores" / store)
    return folder / "accepted.parquet"


def spec_of(index: Path, cell: Cell) -> TrialSpec:
    return TrialSpec(
        levels=cell.model_dump(),
        index=str(index),
        maps_dir=None,
        image_size=64,
        params={},
        images=IMAGES,
        deliver=DELIVER,
        seed=3,
        plugins={},
        store_dir=str(index.parent / "stores" / cell.images),
    )


def failures(index: Path, workers: int = 0, **levels: Any) -> list[str]:
    """Run a trial and name the checks it failed."""
    cell = Cell.model_validate({"batch_size": 2, "targets": "kernel", "workers": workers, **levels})
    others = psutil.Process().children(recursive=True)  # of other tests: they are counted as ours
    seen = trial.run(spec_of(index, cell).to_json())
    cached = {"level": "warm", "resident_before": 1.0, "resident_after": 1.0}
    told = seen | {"page_cache": cached, "discarded": False}
    found = [check.name for check in gate.check_trial(cell, told, DELIVER, IMAGES) if not check.ok]
    if others and "bytes read" in found:
        pytest.skip("another test's processes read files too")
    return found


@pytest.mark.own_process
@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("store", BUILT_STORES)
def test_what_really_ran_passes(index: Path, store: str, workers: int) -> None:
    if reason := getattr(storing.module_of(store), "unavailable", lambda: None)():
        pytest.skip(reason)
    assert failures(index, workers, images=store) == []


@pytest.mark.parametrize("store", BUILT_STORES)
def test_the_files_of_a_trial_are_the_stores_own(index: Path, store: str) -> None:
    if reason := getattr(storing.module_of(store), "unavailable", lambda: None)():
        pytest.skip(reason)
    files = files_of(spec_of(index, Cell(images=store, targets="kernel")))
    assert {path.parent for path in files} == {index.parent / "stores" / store}


def originals_instead(found: Fetched[Any], path: Path) -> Fetched[Any]:
    """Read the original file, and claim what the store would have."""
    path.read_bytes()
    return found


@pytest.mark.own_process
@pytest.mark.parametrize("workers", [0, 2])
def test_a_mapped_store_that_reads_the_original_files_is_found_out(
    index: Path, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [index.parent / f"{number}.jpg" for number in range(IMAGES)]
    read: Callable[..., Any] = decoded_mmap.DecodedMmapStore.read
    monkeypatch.setattr(
        decoded_mmap.DecodedMmapStore,
        "read",
        lambda self, place: originals_instead(read(self, place), paths[place]),
    )
    assert failures(index, workers, images="decoded_mmap") == ["bytes read"]


@pytest.mark.skipif(lmdb.unavailable() is not None, reason="lmdb is not installed")
def test_a_database_that_is_bypassed_is_found_out(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [index.parent / f"{number}.jpg" for number in range(IMAGES)]

    def read(self: lmdb.LmdbStore, place: int) -> Fetched[bytes]:
        data = paths[place].read_bytes()
        return Fetched(data, "file", len(data))

    monkeypatch.setattr(lmdb.LmdbStore, "read", read)
    assert failures(index, images="lmdb") == ["bytes read"]


def test_a_store_that_keeps_files_and_claims_archives_is_found_out(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from feedrate.stores.tar import TarStore

    read, kept = TarStore.read, dict[int, Fetched[bytes]]()

    def once(self: TarStore, place: int) -> Fetched[bytes]:
        if place not in kept:
            kept[place] = read(self, place)
        return kept[place]

    for place in range(IMAGES):  # before the clock runs, and never in an epoch
        once(TarStore(*_parts(index)), place)
    monkeypatch.setattr(TarStore, "read", once)
    assert failures(index, images="tar") == ["bytes read"]


def _parts(index: Path) -> Any:
    from feedrate.index import read_index
    from feedrate.stores.layout import find_entries

    folder = index.parent / "stores" / "tar"
    return folder, find_entries(read_index(index), folder).entries


def trial_of(read: int, storage: int, faults: int) -> dict[str, Any]:
    counters = dict.fromkeys(COUNTERS, 0) | {"image_file_bytes": 100 << 20}
    return {
        "counters": counters,
        "memory": [],
        "loader_facts": {},
        "discarded": False,
        "major_faults": faults,
        "os": {"read_chars": read, "storage_read_bytes": storage},
        "page_cache": {"storage_share": 1.0},
    }


FROM_FILES = {"image": "file", "target": None}


@pytest.mark.parametrize(
    ("mapped", "read", "fits"),
    [(False, 101 << 20, True), (False, 1 << 20, False), (True, 101 << 20, False), (True, 0, True)],
)
def test_bytes_of_a_map_are_in_no_read_call(mapped: bool, read: int, fits: bool) -> None:
    seen = trial_of(read, 0, 0)
    checks = proofs.check_reads(Cell(), FROM_FILES, seen, mapped)
    assert [check.ok for check in checks if check.name == "bytes read"] == [fits]


@pytest.mark.parametrize("mapped", [True, False])
@pytest.mark.parametrize(("storage", "enough"), [(100 << 20, True), (90 << 20, False)])
def test_a_cold_map_must_come_from_storage_like_a_cold_file(
    mapped: bool, storage: int, enough: bool
) -> None:
    cell = Cell(page_cache="cold")
    seen = trial_of(0, storage, 0)
    [check] = proofs.check_from_storage(cell, FROM_FILES, seen, mapped)
    assert check.ok == enough


def test_a_warm_map_whose_pages_come_from_storage_has_no_excuse_in_its_faults() -> None:
    seen = trial_of(0, 40 << 20, 400)
    [excused] = proofs.check_from_storage(Cell(), FROM_FILES, seen, mapped=False)
    [judged] = proofs.check_from_storage(Cell(), FROM_FILES, seen, mapped=True)
    assert excused.ok
    assert not judged.ok


def test_every_mapped_store_is_known_to_the_gate() -> None:
    assert MAPPED == ["lmdb", "decoded_mmap"]
    for store in BUILT_STORES:
        assert gate._Declared.of(Cell(images=store)).mapped == (store in MAPPED)
