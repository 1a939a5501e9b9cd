"""PAGE XML: outlines and texts of its versions, and every real file, good and invalid.

Source of the small files: the schemas 2010-03-19 to 2019-07-15 of
github.com/PRImA-Research-Lab/PAGE-XML.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from tiny import make_samples

from feedrate.formats.page import read, recognise
from feedrate.sample import Finding, Sample

DATA = Path(os.environ.get("FEEDRATE_DATA", Path(__file__).parents[3] / "shared/data"))
KRAKEN = DATA / "kraken_xml"
NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2013-07-15"
COORDS = "<Coords points='1,2 30,2 30,12 1,12'/>"
POINTS = [[1, 2], [30, 2], [30, 12], [1, 12]]
SIZE = "imageWidth='120' imageHeight='160'"


def page(lines: str, size: str = SIZE, namespace: str = NAMESPACE) -> str:
    return (
        f"<pc:PcGts xmlns:pc='{namespace}' xmlns='{namespace}'><Metadata/>"
        f"<pc:Page imageFilename='picture_0.jpg' {size}><TextRegion>{lines}</TextRegion>"
        "</pc:Page></pc:PcGts>"
    )


def line(coords: str, *readings: str) -> str:
    return f"<TextLine id='l1'>{coords}{''.join(readings)}</TextLine>"


def split(found: Iterable[Sample | Finding]) -> tuple[list[Sample], list[Finding]]:
    items = list(found)
    return (
        [item for item in items if isinstance(item, Sample)],
        [item for item in items if isinstance(item, Finding)],
    )


def read_content(folder: Path, content: str) -> tuple[list[Sample], list[Finding]]:
    make_samples(folder / "images", 1)
    (folder / "page").mkdir()
    (folder / "page/0001.xml").write_text(content, encoding="utf-8")
    return split(read(folder / "images", folder / "page"))


@pytest.mark.parametrize("date", ["2009-03-16", "2010-03-19", "2013-07-15", "2019-07-15"])
def test_every_version_is_read(tmp_path: Path, date: str) -> None:
    namespace = NAMESPACE.replace("2013-07-15", date)
    content = page(line(COORDS), namespace=namespace)
    (sample,), findings = read_content(tmp_path, content)
    assert findings == []
    assert (sample.key, sample.declared_size) == ("picture_0.jpg", (120, 160))
    assert [item.polygon.tolist() for item in sample.instances] == [POINTS]
    assert recognise(Path("a.xml"), content) == f"XML with root <PcGts>, namespace {namespace!r}"


def test_points_of_the_first_versions(tmp_path: Path) -> None:
    points = "".join(f"<Point x='{x}' y='{y}'/>" for x, y in POINTS)
    (sample,), findings = read_content(tmp_path, page(line(f"<Coords>{points}</Coords>")))
    assert findings == []
    assert sample.instances[0].polygon.tolist() == POINTS


def reading(text: str, index: str = "") -> str:
    return f"<TextEquiv {index}><PlainText>p</PlainText><Unicode>{text}</Unicode></TextEquiv>"


@pytest.mark.parametrize(
    ("readings", "text", "ignored"),
    [
        ([], "", False),
        (["<TextEquiv/>"], "", False),
        ([reading("été, 合計")], "été, 合計", False),
        ([reading("###")], "###", True),
        ([reading("b", "index='1'"), reading("a", "index='0'")], "a", False),
        (["<Word>", reading("word"), "</Word>", reading("whole line")], "whole line", False),
    ],
)
def test_text(tmp_path: Path, readings: list[str], text: str, ignored: bool) -> None:
    (sample,), findings = read_content(tmp_path, page(line(COORDS, *readings)))
    assert findings == []
    assert [(item.text, item.ignore) for item in sample.instances] == [(text, ignored)]


def test_lines_keep_the_documents_order_whatever_holds_them(tmp_path: Path) -> None:
    texts = [line(COORDS, reading(name)) for name in "abc"]
    lines = f"{texts[0]}<TextRegion>{texts[1]}</TextRegion>{texts[2]}"
    (sample,), findings = read_content(tmp_path, page(lines))
    assert findings == []
    assert [item.text for item in sample.instances] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("coords", "told"),
    [
        ("", "no Coords"),
        ("<Coords/>", "points = '': 0 numbers"),
        ("<Coords points=''/>", "points = '': 0 numbers"),
        ("<Coords points='1,2 3'/>", "points = '1,2 3': 3 numbers"),
        ("<Coords points='1;2 3;4'/>", "'1;2 3;4': not numbers"),
        ("<Coords><Point x='1'/></Coords>", "'': not a number"),
        ("<Word><Coords points='1,2 3,4 5,6'/></Word>", "no Coords"),
    ],
)
def test_bad_line_is_told_and_the_others_are_read(tmp_path: Path, coords: str, told: str) -> None:
    lines = "<TextLine>" + COORDS + "</TextLine>" + line(coords)
    (sample,), (finding,) = read_content(tmp_path, page(lines))
    assert len(sample.instances) == 1
    assert (finding.key, finding.check) == ("picture_0.jpg", "bad_annotation")
    assert told in finding.message
    assert finding.location.endswith("0001.xml: TextLine l1")


@pytest.mark.parametrize("size", ["", "imageWidth='0' imageHeight='160'"])
def test_page_without_size_is_no_sample(tmp_path: Path, size: str) -> None:
    samples, (finding,) = read_content(tmp_path, page(line(COORDS), size))
    assert samples == []
    assert (finding.check, finding.location[-8:]) == ("bad_annotation", "0001.xml")
    assert "give both in whole pixels above 0" in finding.message


def test_only_page_xml_is_recognised() -> None:
    assert recognise(Path("a.txt"), page("")) is None
    assert recognise(Path("a.xml"), "<!-- <PcGts/> --><alto/>") is None
    assert recognise(Path("a.xml"), "<?xml version='1.0'?>\n<!-- x -->\n<PcGts><Pa") is not None


TEST = "test.jpg"
TOLD = {
    "cPAS-2000.xml": [("missing_image", "cPAS-2000.jpg", "no image of this name")],
    "explicit_ro.xml": [("missing_image", TEST, "no image of this name")],
    "explicit_ro_unordered.xml": [("missing_image", TEST, "no image of this name")],
    "missing_coords_ro.xml": [("missing_image", TEST, "no image of this name")],
    "missing_coords_transkribus.xml": [("missing_image", TEST, "no image of this name")],
    "zero_dims.xml": [("bad_annotation", "zero_dims.png", "width '0' and height '0'")],
    "invalid/dims.xml": [
        ("missing_image", "invalid/cPAS-2000.jpg", "no image of this name"),
        ("bad_annotation", "invalid/cPAS-2000.jpg", "width 'foo' and height 'bar'"),
    ],
    "invalid/image.xml": [("bad_annotation", "invalid/image.xml", "names no image")],
    "invalid/zero_dims_missing_image.xml": [
        ("missing_image", "invalid/missing_zero_dims.png", "no image of this name"),
        ("bad_annotation", "invalid/missing_zero_dims.png", "width '0' and height '0'"),
    ],
}


@pytest.mark.skipif(not KRAKEN.is_dir(), reason=f"kraken's files are absent: {KRAKEN}")
class TestKraken:
    def test_the_page_with_a_comma_has_two_annotations(self) -> None:
        samples, _ = split(read(KRAKEN, KRAKEN))
        assert [(sample.key, len(sample.instances)) for sample in samples] == [
            ("170025120000003,0074.jpg", 5),
            ("170025120000003,0074.jpg", 44),
        ]
        assert [Path(sample.annotation).stem for sample in samples] == [
            "170025120000003,0074-lite",
            "170025120000003,0074",
        ]
        assert {sample.declared_size for sample in samples} == {(2743, 3965)}
        assert {(sample.width, sample.height) for sample in samples} == {(2743, 3965)}

    def test_every_file_is_told(self) -> None:
        root = KRAKEN / "page"
        samples, findings = split(read(root, root))
        assert samples == []
        told = {name: [f for f in findings if f.location == str(root / name)] for name in TOLD}
        assert sum(map(len, told.values())) == len(findings)
        for name, wanted in TOLD.items():
            assert [(item.check, item.key) for item in told[name]] == [w[:2] for w in wanted], name
            for finding, (_, _, message) in zip(told[name], wanted, strict=True):
                assert message in finding.message, name

    def test_lines_in_regions_without_coords_are_read(self, tmp_path: Path) -> None:
        (picture,) = make_samples(tmp_path, 1)
        picture.image_path.rename(tmp_path / TEST)
        samples, _ = split(read(tmp_path, KRAKEN / "page"))
        assert [(Path(s.annotation).stem, len(s.instances)) for s in samples] == [
            ("explicit_ro", 5),
            ("explicit_ro_unordered", 3),
            ("missing_coords_ro", 4),
            ("missing_coords_transkribus", 4),
        ]

    def test_alto_is_foreign_to_page(self) -> None:
        _, findings = split(read(KRAKEN, KRAKEN))
        foreign = [item.key for item in findings if item.check == "foreign_file"]
        assert len(foreign) == 8
        assert all(key.startswith("alto/") for key in foreign)
