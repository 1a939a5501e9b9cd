"""`feedrate validate` and `feedrate repair`: any folder in, pages and tables out, none touched."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tiny import make_samples

from feedrate.cli import feedrate
from feedrate.files import sha256_of
from feedrate.index import read_index

LINES = "10,10,70,12,70,34,10,32,total\n10,70,70,72,70,94,10,92,###\n"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(feedrate, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three images; the third is annotated in the other file too, and the second is damaged."""
    place = tmp_path_factory.mktemp("data") / "; rm -rf été"
    make_samples(place / "img", 3)
    damaged = place / "img/picture_1.jpg"
    damaged.write_bytes(damaged.read_bytes()[:-100])
    (place / "gt").mkdir()
    for number in range(3):
        (place / f"gt/gt_picture_{number}.txt").write_text(LINES)
    return place


@pytest.fixture(scope="module")
def checked(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    before = {path: sha256_of(path) for path in folder.rglob("*") if path.is_file()}
    output = tmp_path_factory.mktemp("out") / "checked"
    result = run("validate", folder, "--output", output)
    assert before == {path: sha256_of(path) for path in folder.rglob("*") if path.is_file()}
    return output, result


def test_what_was_recognised_and_found_is_said(checked: tuple[Path, Result], folder: Path) -> None:
    output, result = checked
    assert result.exit_code == 0, result.output
    assert "icdar: 3 images, 1 x error" in result.output
    assert str(output / "icdar/index.html") in result.output
    source = json.loads((output / "icdar/source.json").read_text())
    assert (source["format"], source["images"]) == ("icdar", str(folder / "img"))
    summary = json.loads((output / "summary.json").read_text())["datasets"]
    assert (summary["icdar"]["samples"], summary["icdar"]["error"]) == (3, 1)


def test_the_tables_and_the_page_are_there(checked: tuple[Path, Result]) -> None:
    place = checked[0] / "icdar"
    with (place / "findings.csv").open(encoding="utf-8", newline="") as stream:
        found = list(csv.DictReader(stream))
    errors = [(row["key"], row["check"]) for row in found if row["severity"] == "error"]
    assert errors == [("picture_1.jpg", "truncated_image")]
    assert [sample.key for sample in read_index(place / "samples.parquet")] == [
        "picture_0.jpg",
        "picture_1.jpg",
        "picture_2.jpg",
    ]
    page = (place / "index.html").read_text()
    assert "truncated_image" in page
    assert "<script" not in page


def test_strict_fails_where_there_is_an_error(folder: Path, tmp_path: Path) -> None:
    result = run("validate", folder, "--strict", "--output", tmp_path / "out")
    assert isinstance(result.exception, ValueError)
    assert "1 errors" in str(result.exception)
    assert (tmp_path / "out/icdar/index.html").is_file()


def test_pictures_of_another_folder_are_found(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "train"
    other.mkdir()
    shutil.copy(folder / "img/picture_2.jpg", other / "known.jpg")
    run("validate", folder, "--against", other, "--output", tmp_path / "out")
    with (tmp_path / "out/icdar/findings.csv").open(encoding="utf-8", newline="") as stream:
        leaks = [row for row in csv.DictReader(stream) if row["check"] == "leaked_image"]
    assert [row["key"] for row in leaks] == ["picture_2.jpg"]
    assert "known.jpg" in leaks[0]["message"]


def test_images_without_annotations_are_looked_at(folder: Path, tmp_path: Path) -> None:
    result = run("validate", folder / "img", "--output", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "images_only: 3 images, 1 x error" in result.output
    assert "no annotations were recognised" in result.output


def test_images_that_belong_to_no_annotations_are_looked_at_too(
    folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder, tmp_path / "data")
    shutil.copytree(folder / "img", tmp_path / "data/not annotated")
    result = run("validate", tmp_path / "data", "--output", tmp_path / "out")
    assert "icdar: 3 images, 1 x error" in result.output
    assert "images_only: 3 images, 1 x error" in result.output


def test_headers_alone_are_read_where_that_is_asked(folder: Path, tmp_path: Path) -> None:
    validation = json.dumps({"images": "header"})
    run("validate", folder, "--validation", validation, "--output", tmp_path / "out")
    text = (tmp_path / "out/icdar/findings.csv").read_text()
    assert "truncated_image" not in text


def test_a_format_that_is_not_there_is_no_reason_to_look_at_less(
    folder: Path, tmp_path: Path
) -> None:
    result = run("validate", folder, "--format", "coco", "--output", tmp_path / "out")
    assert isinstance(result.exception, ValueError)
    assert "nothing in it is recognised as coco" in str(result.exception)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("inside", ["", "sub/out"])
def test_an_output_inside_the_dataset_is_refused(folder: Path, inside: str) -> None:
    result = run("validate", folder, "--output", folder / inside)
    assert isinstance(result.exception, ValueError)
    assert "give a folder outside of it" in str(result.exception)
    assert not (folder / "sub").exists()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = run("validate", tmp_path / "nowhere", "--output", tmp_path / "out")
    assert isinstance(result.exception, FileNotFoundError)
    assert "nowhere: no such folder" in str(result.exception)


def test_repair_finds_out_what_it_repairs(folder: Path, tmp_path: Path) -> None:
    result = run("repair", folder, "--output", tmp_path / "mended")
    assert result.exit_code == 0, result.output
    mended = json.loads((tmp_path / "mended/annotations.json").read_text())
    assert "picture_0.jpg" in mended["images"]
    assert (tmp_path / "mended/repairs.csv").is_file()
    given = run("repair", "--format", "icdar", "--images", folder / "img", "--annotations",
                folder / "gt", "--output", tmp_path / "same")  # fmt: skip
    assert given.exit_code == 0, given.output
    name = "annotations.json"
    assert (tmp_path / "same" / name).read_bytes() == (tmp_path / "mended" / name).read_bytes()
