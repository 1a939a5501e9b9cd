"""Which image an XML file belongs to: near ones first, stems told, nothing outside ever."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tiny import make_samples
from writers import write_page

from feedrate.formats.matching import Match, index_images, match_image
from feedrate.formats.page import read
from feedrate.sample import Finding, Sample

KNOWN = index_images(
    ["a.jpg", "b/a.jpg", "b/c/d.png", "b/e.jpg", "f.jpg", "f.png", "x,y (1).é.jpg", "b/g.jpg"]
)


@pytest.mark.parametrize(
    ("name", "stem", "key"),
    [
        ("a.jpg", "a", "a.jpg"),
        ("a.jpg", "b/a", "b/a.jpg"),
        ("a.jpg", "b/page/a", "b/a.jpg"),
        ("a.jpg", "z/a", "a.jpg"),
        ("e.jpg", "b/page/deep/e", "b/e.jpg"),
        ("e.jpg", "z/b/e", "b/e.jpg"),
        ("scans/b/e.jpg", "e", "b/e.jpg"),
        ("./a.jpg", "b/other", "b/a.jpg"),
        ("../e.jpg", "b/page/e", "b/e.jpg"),
        ("x,y (1).é.jpg", "x", "x,y (1).é.jpg"),
    ],
)
def test_named_image_is_found(name: str, stem: str, key: str) -> None:
    match = match_image(name, stem, KNOWN)
    assert (match.key, match.safe, match.named) == (key, True, True)


@pytest.mark.parametrize(
    ("name", "stem", "key"),
    [
        ("e.tif", "b/page1", "b/e.jpg"),
        ("e", "b/page1", "b/e.jpg"),
        ("PAG_0001.tif", "b/e", "b/e.jpg"),
        ("", "b/e", "b/e.jpg"),
        ("x,y (1).é.tif", "1", "x,y (1).é.jpg"),
        ("f.tif", "f", None),  # f.jpg or f.png?
        ("z.jpg", "z", None),
        ("", "z", None),
    ],
)
def test_other_image_of_the_stem_is_told(name: str, stem: str, key: str | None) -> None:
    match = match_image(name, stem, KNOWN)
    assert (match.key, match.safe, match.named) == (key, True, False)


OUTSIDE = [
    "../a.jpg",
    "c/../../../a.jpg",
    "/a.jpg",
    "C:\\scans\\a.jpg",
    "C:/scans/a.jpg",
    "c:a.jpg",
    "scans\\a.jpg",
    "file:///home/a.jpg",
    "file:/home/a.jpg",
    "https://host/a.jpg",
    "\\\\host\\a.jpg",
    "a\0.jpg",
]


@pytest.mark.parametrize("name", OUTSIDE)
def test_name_that_leads_out_is_not_looked_for(name: str) -> None:
    assert match_image(name, "z", KNOWN) == Match(None, "", safe=False, named=False)
    assert match_image(name, "f", KNOWN).key is None
    assert match_image(name, "a", KNOWN) == Match("a.jpg", "", safe=False, named=False)


@pytest.fixture
def dataset(tmp_path: Path) -> tuple[Path, Path]:
    """One image, ``sub/picture_0.jpg``, and its PAGE file."""
    make_samples(tmp_path / "images/sub", 1)
    return tmp_path / "images", write_page(tmp_path, ["sub/picture_0.jpg"])


def rename(xml: Path, name: str) -> Path:
    """Let the file name another image."""
    path = xml / "sub/picture_0.xml"
    path.write_text(path.read_text().replace("'picture_0.jpg'", f"'{name}'"))
    return path


def both(images: Path, xml: Path) -> tuple[list[Sample], list[Finding]]:
    found = list(read(images, xml))
    return (
        [item for item in found if isinstance(item, Sample)],
        [item for item in found if isinstance(item, Finding)],
    )


def test_image_of_the_stem_is_taken_and_told(dataset: tuple[Path, Path]) -> None:
    path = rename(dataset[1], "PAG_1.tif")
    (sample,), (finding,) = both(*dataset)
    assert sample.key == finding.key == "sub/picture_0.jpg"
    assert (finding.check, finding.severity) == ("named_by_stem", "info")
    assert finding.message == (
        "names the image 'PAG_1.tif', which is not there; read as that of 'sub/picture_0.jpg'"
    )
    assert finding.location == str(path)


def test_file_that_names_no_image_is_told(dataset: tuple[Path, Path]) -> None:
    rename(dataset[1], "")
    (sample,), (finding,) = both(*dataset)
    assert sample.key == finding.key == "sub/picture_0.jpg"
    assert finding.message == "names no image; read as that of 'sub/picture_0.jpg'"


@pytest.mark.parametrize("name", ["/data/picture_0.jpg", "../../picture_0.jpg", "file:///p.jpg"])
def test_unsafe_name_is_an_error_of_its_image(dataset: tuple[Path, Path], name: str) -> None:
    rename(dataset[1], name)
    (sample,), (finding,) = both(*dataset)
    assert (finding.key, finding.check, finding.severity) == (
        sample.key,
        "unsafe_name",
        "error",
    )
    assert repr(name) in finding.message


def test_image_that_links_out_is_told_once(dataset: tuple[Path, Path], tmp_path: Path) -> None:
    image = dataset[0] / "sub/picture_0.jpg"
    image.rename(tmp_path / "outside.jpg")
    image.symlink_to(tmp_path / "outside.jpg")
    samples, (finding,) = both(*dataset)
    assert samples == []
    assert (finding.key, finding.check) == ("sub/picture_0.jpg", "unsafe_name")


@pytest.mark.parametrize("content", [b"", b"<PcGts><Page", b"<PcGts>\xe9</PcGts>", b"<PcGts/>"])
def test_broken_file_is_told_of_the_image_of_its_stem(
    dataset: tuple[Path, Path], content: bytes
) -> None:
    path = dataset[1] / "sub/picture_0.xml"
    path.write_bytes(content)
    samples, findings = both(*dataset)
    assert samples == []
    assert {(item.key, item.location) for item in findings} == {("sub/picture_0.jpg", str(path))}
    assert findings[-1].check in {"bad_annotation", "bad_encoding"}


def test_images_and_xml_may_lie_together(dataset: tuple[Path, Path]) -> None:
    images, xml = dataset
    (images / "sub/page").mkdir()
    shutil.move(xml / "sub/picture_0.xml", images / "sub/page/picture_0.xml")
    (sample,), findings = both(images, images)
    assert findings == []
    assert (sample.key, len(sample.instances)) == ("sub/picture_0.jpg", 1)
