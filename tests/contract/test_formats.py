"""Every format of the registry: what is wrong is a finding or one clear error, never a crash.

A new format gets a line in `WRITERS`: how its own annotations of one quad an image are written.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from tiny import make_samples

from feedrate.formats import Read
from feedrate.registry import REGISTRIES, resolve
from feedrate.sample import Finding, Sample

QUAD = [[10.0, 10.0], [70.0, 12.5], [70.0, 34.0], [10.0, 32.0]]


def write_seed_json(folder: Path, names: Sequence[str]) -> Path:
    words = {"0001": {"points": QUAD, "text": "total, 12.50"}}
    path = folder / "annotations.json"
    path.write_text(json.dumps({"images": {name: {"words": words} for name in names}}))
    return path


def write_sroie(folder: Path, names: Sequence[str]) -> Path:
    path = folder / "box"
    path.mkdir()
    line = ",".join(str(value) for point in QUAD for value in point)
    for name in names:
        (path / f"{Path(name).stem}.csv").write_text(f"{line},total, 12.50\n")
    return path


WRITERS: dict[str, Callable[[Path, Sequence[str]], Path]] = {
    "seed_json": write_seed_json,
    "sroie": write_sroie,
}


@pytest.fixture(params=REGISTRIES["formats"])
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def read(name: str) -> Read:
    return resolve("formats", name)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    make_samples(tmp_path / "images", 3)
    return tmp_path / "images"


def names_in(images: Path) -> list[str]:
    return sorted(path.name for path in images.iterdir())


def test_every_image_becomes_a_sample_in_order(name: str, read: Read, images: Path) -> None:
    annotations = WRITERS[name](images.parent, names_in(images)[::-1])
    found = list(read(images, annotations))
    assert all(isinstance(item, Sample) for item in found)
    assert [item.key for item in found] == names_in(images)
    assert [(item.width, item.height) for item in found] == [(120, 160), (128, 160), (136, 160)]
    for item in found:
        assert item.image_path == images / item.key
        assert annotations.name in item.annotation
        (instance,) = item.instances
        np.testing.assert_array_equal(instance.polygon, np.array(QUAD))
        assert instance.polygon.dtype == np.float64
        assert (instance.text, instance.ignore) == ("total, 12.50", False)


def test_suffixes_may_be_upper_case_and_other_files_are_no_images(
    name: str, read: Read, images: Path
) -> None:
    (images / "picture_0.jpg").rename(images / "picture_0.JPG")
    (images / "picture_1.jpg").rename(images / "picture_1.Jpeg")
    annotations = WRITERS[name](images.parent, names_in(images))
    (images / "notes.txt").write_text("nothing")
    (images / "folder.png").mkdir()
    found = list(read(images, annotations))
    assert [item.key for item in found] == ["picture_0.JPG", "picture_1.Jpeg", "picture_2.jpg"]


def test_image_without_annotation_is_a_finding(name: str, read: Read, images: Path) -> None:
    annotations = WRITERS[name](images.parent, ["picture_0.jpg", "picture_2.jpg"])
    found = list(read(images, annotations))
    (finding,) = [item for item in found if isinstance(item, Finding)]
    assert (finding.key, finding.check) == ("picture_1.jpg", "missing_annotation")
    assert finding.severity == "error"
    assert [item.key for item in found if isinstance(item, Sample)] == [
        "picture_0.jpg",
        "picture_2.jpg",
    ]


def test_annotation_without_image_is_a_finding(name: str, read: Read, images: Path) -> None:
    annotations = WRITERS[name](images.parent, [*names_in(images), "absent.jpg"])
    found = list(read(images, annotations))
    (finding,) = [item for item in found if isinstance(item, Finding)]
    assert (Path(finding.key).stem, finding.check) == ("absent", "missing_image")
    assert str(images) in finding.message
    assert annotations.name in finding.location


def test_unreadable_image_is_a_sample_without_size(name: str, read: Read, images: Path) -> None:
    (images / "picture_0.jpg").write_bytes(b"no image")
    (images / "picture_1.jpg").write_bytes(b"")
    found = list(read(images, WRITERS[name](images.parent, names_in(images))))
    assert [(item.width, item.height) for item in found] == [(0, 0), (0, 0), (136, 160)]


def test_missing_folder_of_images_is_named(name: str, read: Read, images: Path) -> None:
    annotations = WRITERS[name](images.parent, names_in(images))
    shutil.rmtree(images)
    with pytest.raises(FileNotFoundError, match=str(images)) as caught:
        list(read(images, annotations))
    assert "\n" not in str(caught.value)


def test_missing_annotations_are_named(read: Read, images: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere") as caught:
        list(read(images, images.parent / "nowhere"))
    assert "\n" not in str(caught.value)


def test_empty_dataset_yields_nothing(name: str, read: Read, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    assert list(read(tmp_path / "images", WRITERS[name](tmp_path, []))) == []


def test_name_that_utf8_cannot_hold_is_a_finding(name: str, read: Read, images: Path) -> None:
    annotations = WRITERS[name](images.parent, names_in(images))
    try:
        shutil.copy(images / "picture_0.jpg", images / "odd\udce9.jpg")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    (finding,) = [item for item in read(images, annotations) if isinstance(item, Finding)]
    assert (finding.key, finding.check) == ("odd\\udce9.jpg", "unsafe_name")
