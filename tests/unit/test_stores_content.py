"""What lies in each built store: archives that others read, pixels and polygons of the pipeline."""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import tarfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import storing
from PIL import Image, JpegImagePlugin
from tiny import make_samples

from feedrate.cell import Cell
from feedrate.cli.stores import preparer_of
from feedrate.pipeline import Pipeline, Setting, build_pipeline
from feedrate.sample import Sample
from feedrate.stores import lmdb, resized_jpeg, tar
from feedrate.stores.layout import Recipe, StoreError, read_index
from feedrate.targets.params import TargetParams

DATA = Path(os.environ.get("FEEDRATE_DATA", Path(__file__).parents[3] / "shared" / "data"))
needs_lmdb = pytest.mark.skipif(lmdb.unavailable() is not None, reason="lmdb is not installed")


@pytest.fixture
def samples(tmp_path: Path) -> list[Sample]:
    return make_samples(tmp_path / "images", 10)


def pipeline(samples: list[Sample], folder: Path | None, size: int = 64, **levels: Any) -> Pipeline:
    cell = Cell.model_validate({"targets": "kernel", **levels})
    setting = Setting(None, size, TargetParams(), store_dir=folder)
    return build_pipeline(cell, samples, range(len(samples)), setting)


def test_an_archive_is_a_shard_of_pairs_that_tell_nothing_of_their_making(
    samples: list[Sample], tmp_path: Path
) -> None:
    storing.build("tar", samples, tmp_path / "tar")
    shards = sorted((tmp_path / "tar").glob("*.tar"))
    assert len(shards) == 8
    number = 0
    for shard in shards:
        with tarfile.open(shard) as archive:
            members = archive.getmembers()
            for image, annotation in zip(members[::2], members[1::2], strict=True):
                sample = samples[number]
                assert image.name == f"{number:06d}.jpg"
                assert annotation.name == f"{number:06d}.json"
                entry = read_index(tmp_path / "tar").entries[sample.key]
                assert (entry.file, entry.offset) == (shard.name, image.offset_data)
                stream = archive.extractfile(image)
                assert stream is not None
                assert stream.read() == sample.image_path.read_bytes()
                number += 1
            assert {(each.mtime, each.uid, each.gid, each.uname) for each in members} == {
                (0, 0, 0, "")
            }
    assert number == len(samples)


@pytest.mark.filterwarnings("ignore")  # webdataset leaves its files to the garbage collector
def test_webdataset_streams_the_shards(samples: list[Sample], tmp_path: Path) -> None:
    webdataset = pytest.importorskip("webdataset")
    storing.build("tar", samples, tmp_path / "tar")
    shards = [str(path) for path in sorted((tmp_path / "tar").glob("*.tar"))]
    read = list(webdataset.WebDataset(shards, shardshuffle=False, empty_check=False))
    assert [each["jpg"] for each in read] == [sample.image_path.read_bytes() for sample in samples]
    decoded = list(webdataset.WebDataset(shards, shardshuffle=False, empty_check=False).decode())
    for sample, each in zip(samples, decoded, strict=True):
        facts = each["json"]
        assert facts["key"] == sample.key
        assert (facts["width"], facts["height"]) == (sample.width, sample.height)
        np.testing.assert_array_equal(facts["polygons"][1], sample.instances[1].polygon)
        assert facts["ignore"] == [False, True]
        assert facts["text"] == ["total", ""]
    gc.collect()


def test_few_images_make_few_shards_and_many_no_more_than_eight(tmp_path: Path) -> None:
    for count, shards in ((1, 1), (3, 3), (8, 8), (17, 8)):
        folder = tmp_path / str(count)
        storing.build("tar", make_samples(tmp_path / "images", count), folder)
        assert len(list(folder.glob("*.tar"))) == shards <= tar.SHARDS
        filled = [each.file for each in read_index(folder).entries.values()]
        lengths = [filled.count(name) for name in set(filled)]
        assert len(lengths) == shards
        assert max(lengths) - min(lengths) <= 1


def test_an_archive_that_is_cut_while_it_is_open_is_named(
    samples: list[Sample], tmp_path: Path
) -> None:
    storing.build("tar", samples, tmp_path / "tar")
    store = tar.open_store(samples, preparer_of(Recipe(), {}), tmp_path / "tar")  # type: ignore[arg-type]
    os.truncate(tmp_path / "tar" / "shard-000000.tar", 600)
    with pytest.raises(OSError, match=r"shard-000000\.tar: 88 bytes at 512"):
        store.read(0)


def _read(store: Any, index: int, answers: Any) -> None:
    answers.put((os.getpid(), store.read(index).payload))


@pytest.mark.own_process
@needs_lmdb
def test_a_forked_process_opens_the_database_for_itself(
    samples: list[Sample], tmp_path: Path
) -> None:
    storing.build("lmdb", samples, tmp_path / "lmdb")
    store = lmdb.open_store(samples, preparer_of(Recipe(), {}), tmp_path / "lmdb")  # type: ignore[arg-type]
    before = store.read(3).payload
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    child = context.Process(target=_read, args=(store, 3, answers))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    process, payload = answers.get()
    assert process != os.getpid()
    assert payload == before == samples[3].image_path.read_bytes()
    assert store.read(4).payload == samples[4].image_path.read_bytes()


@needs_lmdb
def test_a_database_holds_more_images_than_one_transaction(tmp_path: Path) -> None:
    samples = make_samples(tmp_path / "images", 3) * 50
    many = [replace(each, key=f"{place}.jpg") for place, each in enumerate(samples)]
    storing.build("lmdb", many, tmp_path / "lmdb")
    store = lmdb.open_store(many, preparer_of(Recipe(), {}), tmp_path / "lmdb")  # type: ignore[arg-type]
    for place, each in enumerate(many):
        assert store.read(place).payload == each.image_path.read_bytes()
    assert not (tmp_path / "lmdb" / "lock.mdb").exists()


def test_mapped_images_are_those_that_the_pipeline_makes(
    samples: list[Sample], tmp_path: Path
) -> None:
    storing.build("decoded_mmap", samples, tmp_path / "mapped")
    made = pipeline(samples, None, images="decoded_ram")
    mapped = pipeline(samples, tmp_path / "mapped", images="decoded_mmap")
    for place in range(len(samples)):
        ours, theirs = mapped.store.read(place).payload, made.store.read(place).payload
        np.testing.assert_array_equal(ours.image, theirs.image)
        for one, other in zip(ours.polygons, theirs.polygons, strict=True):
            np.testing.assert_array_equal(one, other)
        assert mapped[place].image.tobytes() == made[place].image.tobytes()
    plain = np.load(tmp_path / "mapped" / "images.npy")
    np.testing.assert_array_equal(plain[4], made.store.read(4).payload.image)


def test_mapped_images_travel_as_a_path(samples: list[Sample], tmp_path: Path) -> None:
    storing.build("decoded_mmap", samples, tmp_path / "mapped")
    store = pipeline(samples, tmp_path / "mapped", images="decoded_mmap").store
    assert len(pickle.dumps(store)) < len(samples) * 64 * 64 * 3 / 4


def test_writing_into_a_mapped_image_leaves_the_file_as_it_is(
    samples: list[Sample], tmp_path: Path
) -> None:
    storing.build("decoded_mmap", samples, tmp_path / "mapped")
    before = (tmp_path / "mapped" / "images.npy").read_bytes()
    store = pipeline(samples, tmp_path / "mapped", images="decoded_mmap").store
    store.read(0).payload.image[:] = 7
    assert (tmp_path / "mapped" / "images.npy").read_bytes() == before


@pytest.mark.parametrize(
    ("size", "levels"), [(64, {"transform": "opencv:area"}), (48, {}), (96, {})]
)
def test_mapped_images_of_other_levels_are_refused(
    samples: list[Sample], tmp_path: Path, size: int, levels: dict[str, str]
) -> None:
    storing.build("decoded_mmap", samples, tmp_path / "mapped")
    told = "decoder pillow, transform albumentations and image_size 64"
    with pytest.raises(StoreError, match=rf"other pixels of 'picture_0\.jpg'.*{told}"):
        pipeline(samples, tmp_path / "mapped", size, images="decoded_mmap", **levels)


def test_a_random_transform_is_refused_when_a_store_is_built() -> None:
    with pytest.raises(ValueError, match="transform 'flips' is random"):
        preparer_of(Recipe("pillow", "flips", 64), {"transforms": {"flips": "flips:RandomFlip"}})


def resized(samples: list[Sample], folder: Path, size: int) -> list[bytes]:
    storing.build("resized_jpeg", samples, folder, Recipe("pillow", "albumentations", size))
    store = pipeline(samples, folder, size, images="resized_jpeg").store
    return [store.read(place).payload for place in range(len(samples))]


def opened(data: bytes) -> Image.Image:
    import io

    return Image.open(io.BytesIO(data))


def test_small_files_are_jpeg_of_the_declared_kind_with_the_longer_side_at_the_target(
    samples: list[Sample], tmp_path: Path
) -> None:
    for sample, data in zip(samples, resized(samples, tmp_path / "small", 64), strict=True):
        image = opened(data)
        assert image.format == "JPEG"
        assert JpegImagePlugin.get_sampling(image) == 2  # 4:2:0
        assert max(image.size) == 64
        shorter = min(sample.width, sample.height) * 64 / max(sample.width, sample.height)
        assert min(image.size) == pytest.approx(shorter, abs=0.5)


def test_an_image_no_larger_than_the_target_is_kept_byte_for_byte(
    samples: list[Sample], tmp_path: Path
) -> None:
    kept = resized(samples, tmp_path / "kept", 192)
    assert kept == [
        sample.image_path.read_bytes() for sample in samples if max(sample.width, 160) <= 192
    ]
    edge = resized(samples[:1], tmp_path / "edge", 160)
    assert edge == [samples[0].image_path.read_bytes()]


def test_polygons_of_small_files_lie_where_those_of_the_files_do(
    samples: list[Sample], tmp_path: Path
) -> None:
    resized(samples, tmp_path / "small", 64)
    small = pipeline(samples, tmp_path / "small", images="resized_jpeg")
    whole = pipeline(samples, None, images="disk")
    for place in range(len(samples)):
        ours, theirs = (each.prepare(place, each.store.read(place))[0] for each in (small, whole))
        assert ours.image.shape == theirs.image.shape == (64, 64, 3)
        for one, other in zip(ours.polygons, theirs.polygons, strict=True):
            assert np.abs(one - other).max() <= 0.5
        apart = np.abs(ours.image.astype(int) - theirs.image.astype(int))
        assert 0 < apart.mean() < 20  # coloured noise is the worst that 4:2:0 can meet


@pytest.mark.skipif(not (DATA / "sroie" / "img").is_dir(), reason="needs the SROIE receipts")
def test_small_receipts_are_within_two_grey_levels(tmp_path: Path) -> None:
    paths = sorted((DATA / "sroie" / "img").glob("*.jpg"))[:4]
    samples = []
    for path in paths:
        with Image.open(path) as image:
            samples.append(Sample(path.name, path, *image.size))
    storing.build("resized_jpeg", samples, tmp_path / "s", Recipe("pillow", "albumentations", 640))
    small = pipeline(samples, tmp_path / "s", 640, images="resized_jpeg")
    whole = pipeline(samples, None, 640, images="disk")
    for place in range(len(samples)):
        ours, theirs = (each.prepare(place, each.store.read(place))[0] for each in (small, whole))
        assert np.abs(ours.image.astype(int) - theirs.image.astype(int)).mean() < 2


def test_the_quality_is_declared() -> None:
    assert (resized_jpeg.QUALITY, resized_jpeg.SUBSAMPLING) == (95, "4:2:0")


def test_shards_are_filled_in_the_order_of_the_dataset(
    samples: list[Sample], tmp_path: Path
) -> None:
    storing.build("tar", samples, tmp_path / "tar")
    entries = list(read_index(tmp_path / "tar").entries.values())
    for one, other in pairwise(entries):
        assert (one.file, one.offset) < (other.file, other.offset)
        assert other.number == one.number + 1
