"""Every format of the registry: what is wrong is a finding or one clear error, never a crash.

A new format gets a line in `writers.WRITERS`: how its annotations of one quad an image are written.
"""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from tiny import make_samples
from writers import QUAD, TEXT, WRITERS

from feedrate.formats import Read, Recognise
from feedrate.registry import REGISTRIES, resolve
from feedrate.sample import Finding, Sample


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


def serious(items: Iterable[Sample | Finding]) -> list[Sample | Finding]:
    """All but the notes on how a file was written, such as commas in its texts."""
    return [item for item in items if isinstance(item, Sample) or item.severity != "info"]


def names_in(images: Path) -> list[str]:
    return sorted(path.name for path in images.iterdir())


def test_every_image_becomes_a_sample_in_order(name: str, read: Read, images: Path) -> None:
    annotations = WRITERS[name](images.parent, names_in(images)[::-1])
    found = serious(read(images, annotations))
    assert all(isinstance(item, Sample) for item in found)
    assert [item.key for item in found] == names_in(images)
    assert [(item.width, item.height) for item in found] == [(120, 160), (128, 160), (136, 160)]
    for item in found:
        assert item.image_path == images / item.key
        assert annotations.name in item.annotation
        (instance,) = item.instances
        np.testing.assert_array_equal(instance.polygon, np.array(QUAD))
        assert instance.polygon.dtype == np.float64
        assert (instance.text, instance.ignore) == (TEXT, False)


def test_suffixes_may_be_upper_case_and_other_files_are_no_images(
    name: str, read: Read, images: Path
) -> None:
    (images / "picture_0.jpg").rename(images / "picture_0.JPG")
    (images / "picture_1.jpg").rename(images / "picture_1.Jpeg")
    annotations = WRITERS[name](images.parent, names_in(images))
    (images / "notes.txt").write_text("nothing")
    (images / "folder.png").mkdir()
    found = serious(read(images, annotations))
    assert [item.key for item in found] == ["picture_0.JPG", "picture_1.Jpeg", "picture_2.jpg"]


def test_image_without_annotation_is_a_finding(name: str, read: Read, images: Path) -> None:
    annotations = WRITERS[name](images.parent, ["picture_0.jpg", "picture_2.jpg"])
    found = serious(read(images, annotations))
    (finding,) = [item for item in found if isinstance(item, Finding)]
    assert (finding.key, finding.check) == ("picture_1.jpg", "missing_annotation")
    assert finding.severity == "error"
    assert [item.key for item in found if isinstance(item, Sample)] == [
        "picture_0.jpg",
        "picture_2.jpg",
    ]


def test_annotation_without_image_is_a_finding(name: str, read: Read, images: Path) -> None:
    annotations = WRITERS[name](images.parent, [*names_in(images), "absent.jpg"])
    found = serious(read(images, annotations))
    (finding,) = [item for item in found if isinstance(item, Finding)]
    assert finding.check == "missing_image"
    assert Path(finding.key).stem.endswith("absent")
    assert str(images) in finding.message
    assert annotations.name in finding.location


def test_unreadable_image_is_a_sample_without_size(name: str, read: Read, images: Path) -> None:
    (images / "picture_0.jpg").write_bytes(b"no image")
    (images / "picture_1.jpg").write_bytes(b"")
    found = serious(read(images, WRITERS[name](images.parent, names_in(images))))
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
    (finding,) = [item for item in serious(read(images, annotations)) if isinstance(item, Finding)]
    assert (finding.key, finding.check) == ("odd\\udce9.jpg", "unsafe_name")


ODD_NAMES = ["a [1], été.jpg", "sub/deep/picture.jpg", "sub/picture.jpg"]


def recogniser(name: str) -> Recognise:
    recognise: Recognise = importlib.import_module(f"feedrate.formats.{name}").recognise
    return recognise


def files_of(annotations: Path) -> list[Path]:
    """The one annotation file, or all that lie in the folder."""
    if annotations.is_file():
        return [annotations]
    return sorted(path for path in annotations.rglob("*") if path.is_file())


def test_folders_are_walked_and_odd_names_kept(name: str, read: Read, tmp_path: Path) -> None:
    images, (picture,) = tmp_path / "images", make_samples(tmp_path / "one", 1)
    for key in ODD_NAMES:
        (images / key).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(picture.image_path, images / key)
    found = serious(read(images, WRITERS[name](tmp_path, ODD_NAMES)))
    assert [item.key for item in found] == ODD_NAMES
    assert all(isinstance(item, Sample) for item in found)


def test_only_its_own_annotations_are_recognised(name: str, tmp_path: Path) -> None:
    (path, *_) = files_of(WRITERS[name](tmp_path, ["picture_0.jpg"]))
    head = path.read_text(encoding="utf-8")
    seen = {other: recogniser(other)(path, head) for other in REGISTRIES["formats"]}
    assert [other for other, evidence in seen.items() if evidence] == [name]
    assert "\n" not in (seen[name] or "")


@pytest.mark.parametrize("head", ["", "\n", "\0", "words", "{", "[", "<", "<?xml ", ",,,,,,,,,\n"])
def test_nothing_is_recognised_in_what_is_no_annotation(
    name: str, tmp_path: Path, head: str
) -> None:
    for suffix in (".txt", ".csv", ".json", ".xml", ""):
        path = tmp_path / f"file{suffix}"
        path.write_text(head)
        assert recogniser(name)(path, head) is None


def test_link_out_of_the_folder_is_a_finding(name: str, read: Read, images: Path) -> None:
    annotations = WRITERS[name](images.parent, names_in(images))
    (outside,) = make_samples(images.parent / "outside", 1)
    (images / "link.jpg").symlink_to(outside.image_path)
    found = serious(read(images, annotations))
    (finding,) = [item for item in found if isinstance(item, Finding)]
    assert (finding.key, finding.check) == ("link.jpg", "unsafe_name")
    assert "link.jpg" not in [item.key for item in found if isinstance(item, Sample)]


def test_utf16_reads_the_same(name: str, read: Read, images: Path) -> None:
    annotations = WRITERS[name](images.parent, names_in(images))
    for path in files_of(annotations):
        path.write_text(path.read_text(encoding="utf-8"), encoding="utf-16")
    found = serious(read(images, annotations))
    samples = [item for item in found if isinstance(item, Sample)]
    assert [item.key for item in samples] == names_in(images)
    assert [[word.text for word in item.instances] for item in samples] == [[TEXT]] * 3
    assert len(found) == len(samples)


def test_latin1_is_told_with_its_byte(name: str, read: Read, images: Path) -> None:
    annotations = WRITERS[name](images.parent, names_in(images))
    (path, *others) = files_of(annotations)
    content = path.read_bytes()
    at = content.index(TEXT.encode())
    path.write_bytes(content.replace(TEXT.encode(), b"\xe9" + TEXT.encode()))
    told = f"not UTF-8 at byte {at}; save it as UTF-8"
    if annotations.is_file():
        with pytest.raises(ValueError, match=told) as caught:
            list(read(images, annotations))
        assert str(path) in str(caught.value)
        return
    found = serious(read(images, annotations))
    (finding,) = [item for item in found if isinstance(item, Finding)]
    assert (finding.check, finding.location) == ("bad_encoding", str(path))
    assert told in finding.message
    assert len([item for item in found if isinstance(item, Sample)]) == len(others)
