"""What a folder holds is found out, told, and refused where it is not one thing."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from tiny import make_samples

from feedrate.sightings import find_dataset, find_datasets

DATA = Path(os.environ.get("FEEDRATE_DATA", Path(__file__).parents[3] / "shared/data"))
LINE = "10,10,70,12,70,34,10,32,total\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three images with a line of text each, in two folders."""
    make_samples(tmp_path / "set/img", 3)
    write_lines(tmp_path / "set/gt", ".txt")
    return tmp_path / "set"


def write_lines(place: Path, suffix: str, line: str = LINE, prefix: str = "") -> None:
    place.mkdir(parents=True)
    for number in range(3):
        (place / f"{prefix}picture_{number}{suffix}").write_text(line)


def write_words(path: Path) -> None:
    words = {"1": {"points": [[10, 10], [70, 12], [70, 34]]}}
    names = [f"picture_{number}.jpg" for number in range(3)]
    path.write_text(json.dumps({"images": {name: {"words": words} for name in names}}))


def test_annotations_and_the_images_that_belong_to_them_are_found(folder: Path) -> None:
    (folder / "readme.txt").write_text("Read me.")
    (folder / "other").mkdir()
    shutil.copy(folder / "img/picture_0.jpg", folder / "other/holiday.jpg")
    (found,) = find_datasets(folder)
    assert (found.format, found.images, found.annotations) == (
        "icdar",
        folder / "img",
        folder / "gt",
    )
    assert found == find_dataset("auto", folder, None, None)
    assert found.evidence in found.describe()
    assert json.loads(json.dumps(found.to_json()))["images"] == str(folder / "img")


def test_the_format_of_given_paths_is_found_out(folder: Path) -> None:
    found = find_dataset("auto", None, folder / "img", folder / "gt")
    assert found.format == "icdar"
    write_words(folder / "words.json")
    assert find_dataset("auto", None, folder / "img", folder / "words.json").format == "seed_json"


def test_what_is_said_is_not_asked(folder: Path) -> None:
    found = find_dataset("sroie", None, folder / "img", folder / "gt")
    assert (found.format, found.evidence) == ("sroie", "as the config says")


def test_several_datasets_are_told_apart(folder: Path) -> None:
    write_words(folder / "words.json")
    assert [item.format for item in find_datasets(folder)] == ["icdar", "seed_json"]
    assert [item.format for item in find_datasets(folder, ["seed_json"])] == ["seed_json"]
    with pytest.raises(ValueError, match=r"holds 2 datasets: icdar .*; seed_json") as caught:
        find_dataset("auto", folder, None, None)
    assert "\n" not in str(caught.value)
    assert find_dataset("seed_json", folder, None, None).annotations == folder / "words.json"
    named = find_dataset("auto", folder, None, folder / "words.json")
    assert named.format == "seed_json"


def test_parts_of_one_dataset_are_one(tmp_path: Path) -> None:
    for part in ("one", "two"):
        make_samples(tmp_path / f"images/{part}", 3)
        write_lines(tmp_path / f"labels/{part}", ".csv")
    (found,) = find_datasets(tmp_path)
    assert (found.format, found.images, found.annotations) == (
        "sroie",
        tmp_path / "images",
        tmp_path / "labels",
    )


def test_datasets_of_one_format_side_by_side_stay_two(tmp_path: Path) -> None:
    for part in ("train", "test"):
        make_samples(tmp_path / f"{part}_images", 3)
        for path in sorted((tmp_path / f"{part}_images").iterdir()):
            path.rename(path.with_name(f"{part}_{path.name}"))
        write_lines(tmp_path / f"{part}_gt", ".txt", prefix=f"gt_{part}_")
    assert [(item.images.name, item.annotations.name) for item in find_datasets(tmp_path)] == [
        ("test_images", "test_gt"),
        ("train_images", "train_gt"),
    ]


def test_datasets_of_many_kinds_in_one_folder_keep_to_themselves(tmp_path: Path) -> None:
    for place in ("a", "b"):  # the images of neither belong to the other
        for part in ("one", "two"):
            make_samples(tmp_path / place / "img" / part, 3)
            write_lines(tmp_path / place / "gt" / part, ".csv")
    write_words(tmp_path / "a/words.json")
    found = [(item.format, item.images, item.annotations) for item in find_datasets(tmp_path)]
    assert found[:2] == [
        ("sroie", tmp_path / place / "img", tmp_path / place / "gt") for place in ("a", "b")
    ]
    assert [(name, images.parent.parent) for name, images, _ in found[2:]] == [
        ("seed_json", tmp_path / "a")
    ]


def test_nothing_recognised_is_said_with_what_was_looked_for(tmp_path: Path) -> None:
    make_samples(tmp_path, 1)
    assert find_datasets(tmp_path) == []
    with pytest.raises(ValueError, match=r"no images with annotations .*icdar, sroie"):
        find_dataset("auto", tmp_path, None, None)
    (tmp_path / "notes.txt").write_text("notes")
    with pytest.raises(ValueError, match=r"notes\.txt: recognised as none of"):
        find_dataset("auto", None, tmp_path, tmp_path / "notes.txt")
    with pytest.raises(ValueError, match="give `folder`"):
        find_dataset("auto", None, tmp_path, None)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        find_datasets(tmp_path / "nowhere")


def test_annotations_whose_images_are_absent_are_still_seen(folder: Path) -> None:
    shutil.rmtree(folder / "img")
    (found,) = find_datasets(folder)
    assert found.annotations == folder / "gt"


def test_a_format_of_ones_own_is_asked_too(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_words.py").write_text(
        "SPREAD = 'file'\n"
        "def read(images, annotations): return iter(())\n"
        "def recognise(path, head): return 'its first word' if head.startswith('MINE') else None\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    (folder / "mine.dat").write_text("MINE")
    plugins = {"formats": {"mine": "my_words:read"}}
    found = find_datasets(folder, plugins=plugins)
    assert [item.format for item in found] == ["icdar", "mine"]


REAL = {
    "gallicorpora_16e": [("alto", "data")],
    "icdar2015": [("icdar", "gts"), ("paddle", "train_icdar2015_label.txt")],
    "kraken_xml": [("alto", "alto"), ("page", "kraken_xml")],
    "mmocr_toy": [("mmocr", "textdet_test.json")],
    "odd_images": [],
    "sroie": [("sroie", "box")],
    "tapuscorpus": [("alto", "data")],
}


@pytest.mark.parametrize("name", REAL)
def test_real_datasets_are_recognised(name: str) -> None:
    if not (DATA / name).is_dir():
        pytest.skip(f"no real data at {DATA / name}; set FEEDRATE_DATA")
    found = [(item.format, item.annotations.name) for item in find_datasets(DATA / name)]
    assert found == REAL[name]
