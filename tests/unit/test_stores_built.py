"""Built stores: the same from the same, whole or absent, and never taken for another dataset's."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import storing
from tiny import make_samples

from feedrate.registry import BUILT_STORES, FITTED_STORES
from feedrate.sample import Sample, TextInstance
from feedrate.stores.layout import INDEX_NAME, StoreError, read_index


@pytest.fixture(params=BUILT_STORES)
def store(request: pytest.FixtureRequest) -> str:
    name = str(request.param)
    reason = getattr(storing.module_of(name), "unavailable", lambda: None)()
    if reason:
        pytest.skip(reason)
    return name


@pytest.fixture
def samples(tmp_path: Path) -> list[Sample]:
    return make_samples(tmp_path / "images", 5)


@pytest.fixture
def folder(tmp_path: Path, store: str, samples: list[Sample]) -> Path:
    storing.build(store, samples, tmp_path / "stores" / store)
    return tmp_path / "stores" / store


def opened(store: str, samples: list[Sample], folder: Path | None) -> object:
    prepare = storing.preparer_of(storing.RECIPE, {})
    return storing.module_of(store).open_store(
        samples, lambda index, data: prepare(samples[index], data), folder
    )


def remedy(folder: Path) -> str:
    return re.escape(f"`snakemake --cores 8 --force {folder}.json` builds it anew")


def test_the_same_dataset_makes_the_same_files(
    store: str, samples: list[Sample], folder: Path, tmp_path: Path
) -> None:
    again = storing.build(store, samples, tmp_path / "again" / store)
    first = json.loads(Path(f"{folder}.json").read_text())
    assert again["files"] == first["files"]
    assert len(again["files"]) > 1


def test_the_manifest_says_what_there_is(store: str, samples: list[Sample], folder: Path) -> None:
    manifest = json.loads(Path(f"{folder}.json").read_text())
    on_disk = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert {name: each["bytes"] for name, each in manifest["files"].items()} == on_disk
    assert manifest["bytes"] == sum(on_disk.values())
    assert manifest["dataset_bytes"] == sum(s.image_path.stat().st_size for s in samples)
    assert manifest["images"] == 5
    assert manifest["build"]["wall_s"] > 0
    assert manifest["build"]["cpu_s"] > 0
    assert bool(manifest["made_with"]["decoder"]) == (store in FITTED_STORES)


def test_the_index_tells_where_the_bytes_lie(
    store: str, samples: list[Sample], folder: Path
) -> None:
    index = read_index(folder)
    assert list(index.entries) == [sample.key for sample in samples]
    for entry in index.entries.values():
        data = (folder / entry.file).read_bytes()[entry.offset : entry.offset + entry.bytes]
        assert len(data) == entry.bytes
        assert not index.files[entry.file] < entry.bytes


def test_progress_counts_every_image(store: str, samples: list[Sample], tmp_path: Path) -> None:
    told: list[int] = []
    storing.build(store, samples, tmp_path / "told" / store, progress=told.append)
    assert told == [1, 2, 3, 4, 5]


def test_the_files_of_a_trial_are_those_it_reads(
    store: str, samples: list[Sample], folder: Path
) -> None:
    files = storing.module_of(store).files_of(samples, folder)
    assert files == list(dict.fromkeys(files))
    assert all(path.is_file() for path in files)
    assert set(files) == {folder / each.file for each in read_index(folder).entries.values()}
    assert not {path.name for path in files} & {INDEX_NAME, "polygons.npz"}
    few = storing.module_of(store).files_of(samples[:1], folder)
    assert few == files[:1]


def test_a_store_that_is_not_there_is_told_with_its_remedy(
    store: str, samples: list[Sample], tmp_path: Path
) -> None:
    absent = tmp_path / "absent"
    with pytest.raises(StoreError, match=f"index.json: missing; {remedy(absent)}"):
        opened(store, samples, absent)
    with pytest.raises(FileNotFoundError, match="no folder of a built store was given"):
        opened(store, samples, None)


def test_a_store_of_other_images_is_refused(
    store: str, samples: list[Sample], folder: Path
) -> None:
    stranger = replace(samples[0], key="stranger.jpg")
    with pytest.raises(StoreError, match=f"no image of 'stranger.jpg'; {remedy(folder)}"):
        opened(store, [stranger], folder)


def test_an_image_that_changed_since_is_refused(
    store: str, samples: list[Sample], folder: Path
) -> None:
    with samples[3].image_path.open("ab") as stream:
        stream.write(b" ")
    with pytest.raises(StoreError, match=r"'picture_3\.jpg' was made from a file of \d+ bytes"):
        opened(store, samples, folder)
    opened(store, samples[:3], folder)


def test_polygons_that_changed_since_are_refused(
    store: str, samples: list[Sample], folder: Path
) -> None:
    first = samples[0].instances[0]
    moved = replace(first, polygon=np.add(first.polygon, [0, 1]))
    changed = replace(samples[0], instances=(moved, *samples[0].instances[1:]))
    with pytest.raises(StoreError, match=r"the polygons of 'picture_0\.jpg' are others"):
        opened(store, [changed], folder)
    fewer = replace(samples[0], instances=(TextInstance(first.polygon),))
    with pytest.raises(StoreError, match="are others"):
        opened(store, [fewer], folder)


def test_a_file_that_was_altered_or_removed_is_refused(
    store: str, samples: list[Sample], folder: Path
) -> None:
    [path, *_] = storing.module_of(store).files_of(samples, folder)
    size = path.stat().st_size
    with path.open("ab") as stream:
        stream.write(b"more")
    with pytest.raises(StoreError, match=rf"{path.name}: has {size + 4} bytes, and had {size}"):
        opened(store, samples, folder)
    path.unlink()
    with pytest.raises(StoreError, match=rf"{path.name}: is missing, and had {size}"):
        opened(store, samples, folder)


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": 99}', '{"schema": 1}'])
def test_a_damaged_index_is_refused(
    store: str, samples: list[Sample], folder: Path, text: str
) -> None:
    (folder / INDEX_NAME).write_text(text)
    with pytest.raises(StoreError, match="not an index of a store"):
        opened(store, samples, folder)


def test_a_build_that_fails_leaves_the_older_store(
    store: str, samples: list[Sample], folder: Path
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    gone = replace(samples[4], image_path=samples[4].image_path.with_name("gone.jpg"))
    with pytest.raises(FileNotFoundError, match=r"gone\.jpg"):
        storing.build(store, [*samples[:4], gone], folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert {path.name for path in folder.parent.iterdir()} == {store, f"{store}.json"}


def test_a_store_whose_library_is_absent_is_empty_and_says_why(
    store: str, samples: list[Sample], tmp_path: Path
) -> None:
    folder = tmp_path / "empty" / store
    manifest = storing.build(store, samples, folder, unavailable="not installed: x")
    assert manifest["available"] == {"ok": False, "reason": "not installed: x"}
    assert manifest["images"] == 0
    assert storing.module_of(store).files_of(samples, folder) == [folder / INDEX_NAME]
    with pytest.raises(StoreError, match=f"is empty .not installed: x.; {remedy(folder)}"):
        opened(store, samples, folder)
