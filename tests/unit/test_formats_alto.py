"""ALTO: outlines, units and texts of the schemas, and every real file, good and invalid.

Source of the small files: the schemas 2.0 to 4.3 of github.com/altoxml/schema.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from tiny import make_samples

from feedrate.formats.alto import read, recognise
from feedrate.sample import Finding, Sample

DATA = Path(os.environ.get("FEEDRATE_DATA", Path(__file__).parents[3] / "shared/data"))
LINE = "<TextLine ID='l1'>{}<String CONTENT='Line'/><SP/><String CONTENT='one'/></TextLine>"
SHAPE = "<Shape><Polygon POINTS='1 2 30 2 30 12.5 1 12'/></Shape>"
OUTLINE = "<Shape><Polygon POINTS='{}'/></Shape>"
POINTS = [[1, 2], [30, 2], [30, 12.5], [1, 12]]


def alto(
    lines: str = "",
    unit: str = "<MeasurementUnit>pixel</MeasurementUnit>",
    page: str = "WIDTH='120' HEIGHT='160'",
    namespace: str = "http://www.loc.gov/standards/alto/ns-v4#",
) -> str:
    """Write a page that names picture_0.jpg."""
    name = "<sourceImageInformation><fileName> picture_0.jpg\n</fileName></sourceImageInformation>"
    return (
        f"<?xml version='1.0' encoding='UTF-8'?><alto xmlns='{namespace}'><Description>{unit}{name}"
        f"</Description><Layout><Page {page}><PrintSpace><TextBlock>{lines}</TextBlock>"
        "</PrintSpace></Page></Layout></alto>"
    )


def read_content(folder: Path, content: str) -> tuple[list[Sample], list[Finding]]:
    make_samples(folder / "images", 1)
    (folder / "alto").mkdir()
    (folder / "alto/0001.xml").write_text(content, encoding="utf-8")
    return split(read(folder / "images", folder / "alto"))


def split(found: Iterable[Sample | Finding]) -> tuple[list[Sample], list[Finding]]:
    items = list(found)
    return (
        [item for item in items if isinstance(item, Sample)],
        [item for item in items if isinstance(item, Finding)],
    )


def real(name: str) -> Path:
    if not (DATA / name).is_dir():
        pytest.skip(f"real files are absent: {DATA / name}")
    return DATA / name


@pytest.mark.parametrize(
    "namespace",
    ["", "http://schema.ccs-gmbh.com/ALTO"]
    + [f"http://www.loc.gov/standards/alto/ns-v{number}#" for number in (2, 3, 4)],
)
def test_every_version_is_read(tmp_path: Path, namespace: str) -> None:
    content = alto(LINE.format(SHAPE), namespace=namespace)
    (sample,), findings = read_content(tmp_path, content)
    assert findings == []
    assert (sample.key, sample.declared_size) == ("picture_0.jpg", (120, 160))
    (instance,) = sample.instances
    assert instance.polygon.tolist() == POINTS
    assert (instance.text, instance.ignore) == ("Line one", False)
    assert recognise(Path("a.xml"), content) == f"XML with root <alto>, namespace {namespace!r}"


@pytest.mark.parametrize(
    "points",
    ["1,2 30,2 30,12.5 1,12", "1,2,30,2,30,12.5,1,12", "1, 2\n30, 2\t30,12.5e0 1,12 "],
)
def test_points_may_have_commas(tmp_path: Path, points: str) -> None:
    (sample,), findings = read_content(tmp_path, alto(LINE.format(OUTLINE.format(points))))
    assert findings == []
    assert sample.instances[0].polygon.tolist() == POINTS


@pytest.mark.parametrize("shape", ["", "<Shape/>"])
def test_line_without_shape_is_the_quad_of_its_box(tmp_path: Path, shape: str) -> None:
    line = LINE.format(shape).replace("ID=", "HPOS='1' VPOS='2' WIDTH='30.5' HEIGHT='10' ID=")
    (sample,), findings = read_content(tmp_path, alto(line))
    assert findings == []
    assert sample.instances[0].polygon.tolist() == [[1, 2], [31.5, 2], [31.5, 12], [1, 12]]


def test_three_hashes_are_ignored(tmp_path: Path) -> None:
    line = f"<TextLine>{SHAPE}<String CONTENT='###'/></TextLine>"
    (sample,), findings = read_content(tmp_path, alto(line))
    assert findings == []
    assert [item.ignore for item in sample.instances] == [True]


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ("", "neither Shape/Polygon nor all of HPOS, VPOS, WIDTH, HEIGHT"),
        (OUTLINE.format(""), "POINTS = '': 0 numbers"),
        (OUTLINE.format("1 2 3"), "POINTS = '1 2 3': 3 numbers"),
        (OUTLINE.format("1 2 x 4"), "'1 2 x 4': not numbers"),
        (OUTLINE.format("1 2 1_0 4"), "not numbers"),
        (OUTLINE.format("1 2 ٣ 4"), "not numbers"),
        ("<Shape><Circle HPOS='1' VPOS='2' RADIUS='3'/></Shape>", "its Shape holds Circle"),
        (
            "<Shape>" + "<Polygon POINTS='1 2'/>" * 2 + "</Shape>",
            "its Shape holds Polygon, Polygon",
        ),
    ],
)
def test_bad_line_is_told_and_the_others_are_read(tmp_path: Path, shape: str, told: str) -> None:
    lines = "<TextLine>" + SHAPE + "</TextLine>" + LINE.format(shape)
    (sample,), (finding,) = read_content(tmp_path, alto(lines))
    assert len(sample.instances) == 1
    assert (finding.key, finding.check) == ("picture_0.jpg", "bad_annotation")
    assert told in finding.message
    assert finding.location.endswith("0001.xml: TextLine l1")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"unit": "<MeasurementUnit>mm10</MeasurementUnit>"}, "MeasurementUnit is 'mm10'"),
        ({"unit": "<MeasurementUnit>inch1200</MeasurementUnit>"}, "MeasurementUnit is 'inch1200'"),
        ({"unit": ""}, "MeasurementUnit is ''"),
        ({"page": "WIDTH='0' HEIGHT='0'"}, "width '0' and height '0'"),
        ({"page": "WIDTH='120'"}, "width '120' and height None"),
        ({"page": "WIDTH='120' HEIGHT='160.5'"}, "height '160.5'"),
        ({"page": "WIDTH='120' HEIGHT='nan'"}, "height 'nan'"),
        ({"page": "WIDTH='120' HEIGHT='1 60'"}, "height '1 60'"),
    ],
)
def test_page_that_is_not_in_pixels_is_no_sample(
    tmp_path: Path, fields: dict[str, str], told: str
) -> None:
    samples, (finding,) = read_content(tmp_path, alto(LINE.format(SHAPE), **fields))
    assert samples == []
    assert (finding.key, finding.check) == ("picture_0.jpg", "bad_annotation")
    assert told in finding.message


def test_size_may_be_written_as_a_float(tmp_path: Path) -> None:
    (sample,), findings = read_content(tmp_path, alto(page="WIDTH='120.0' HEIGHT='1.6e2'"))
    assert findings == []
    assert sample.declared_size == (120, 160)


def test_two_pages_in_one_file_are_refused(tmp_path: Path) -> None:
    content = alto().replace("</Layout>", "<Page WIDTH='1' HEIGHT='1'/></Layout>")
    samples, (finding,) = read_content(tmp_path, content)
    assert samples == []
    assert finding.message == "2 elements Layout/Page: one file must hold one page"


def test_other_roots_are_foreign(tmp_path: Path) -> None:
    _, findings = read_content(tmp_path, "<mets xmlns='http://www.loc.gov/METS/'/>")
    assert [(item.key, item.check, item.severity) for item in findings] == [
        ("0001.xml", "foreign_file", "info"),
        ("picture_0.jpg", "missing_annotation", "error"),
    ]
    assert "its root is <mets>, not <alto>" in findings[0].message


def test_gallicorpora_has_two_files_an_image() -> None:
    root = real("gallicorpora_16e")
    samples, findings = split(read(root, root))
    assert findings == []
    assert sum(len(sample.instances) for sample in samples) == 440
    assert sorted(Counter(sample.key for sample in samples).values()) == [2] * 9
    assert [sample.key for sample in samples] == sorted(sample.key for sample in samples)
    assert [Path(sample.annotation).name for sample in samples[:2]] == [
        "f15.chocomufin.xml",
        "f15.xml",
    ]
    assert {sample.declared_size == (sample.width, sample.height) for sample in samples} == {True}
    vertices = [len(line.polygon) for sample in samples for line in sample.instances]
    assert round(sum(vertices) / len(vertices), 1) == 46.4


def test_tapuscorpus_has_odd_names() -> None:
    root = real("tapuscorpus")
    samples, findings = split(read(root / "data", root))
    assert findings == []
    assert len(samples) == 6
    assert sum(len(sample.instances) for sample in samples) == 165
    assert any("(27)" in sample.key for sample in samples)
    assert any("dactylographié" in sample.key for sample in samples)
    (flat,) = [
        line.polygon
        for sample in samples
        if sample.key.endswith("FRAN_0011_11090_L-medium.jpg")
        for line in sample.instances
        if (line.polygon == line.polygon[0]).all()
    ]
    assert flat.shape == (3, 2)


BSB, INVALID = "bsb00084914_00007.jpg", "invalid/bsb00084914_00007.jpg"
NOWHERE, ZERO = "invalid/missing_zero_dims.png", "width '0' and height '0'"
ABSENT = "no image of this name"
KRAKEN = {
    "bsb00084914_00007.xml": [(BSB, ABSENT)],
    "missing_coords_ro.xml": [(BSB, ABSENT)],
    "reg_test.xml": [(BSB, ABSENT)],
    "zero_dims.xml": [("zero_dims.png", ZERO)],
    "invalid/dims.xml": [(INVALID, ABSENT), (INVALID, "width 'bar' and height 'foo'")],
    "invalid/image.xml": [("invalid/image.xml", "names no image")],
    "invalid/mu.xml": [(INVALID, ABSENT), (INVALID, "MeasurementUnit is 'mm', only 'pixel'")],
    "invalid/zero_dims_missing_image.xml": [(NOWHERE, ABSENT), (NOWHERE, ZERO)],
}


def test_every_file_of_kraken_is_told() -> None:
    root = real("kraken_xml") / "alto"
    samples, findings = split(read(root, root))
    assert samples == []
    told = {name: [f for f in findings if f.location == str(root / name)] for name in KRAKEN}
    assert sum(map(len, told.values())) == len(findings)
    for name, wanted in KRAKEN.items():
        for finding, (key, message) in zip(told[name], wanted, strict=True):
            check = "missing_image" if message == ABSENT else "bad_annotation"
            assert (finding.key, finding.check) == (key, check), name
            assert message in finding.message, name


def test_lines_of_kraken_are_read_where_the_image_is(tmp_path: Path) -> None:
    root = real("kraken_xml") / "alto"
    (picture,) = make_samples(tmp_path, 1)
    picture.image_path.rename(tmp_path / BSB)
    samples, _ = split(read(tmp_path, root))
    assert [(Path(sample.annotation).stem, len(sample.instances)) for sample in samples] == [
        ("bsb00084914_00007", 31),
        ("missing_coords_ro", 4),
        ("reg_test", 0),
    ]


def test_page_files_are_foreign_to_alto() -> None:
    root = real("kraken_xml")
    _, findings = split(read(root, root))
    foreign = [item.key for item in findings if item.check == "foreign_file"]
    assert (len(foreign), foreign[1]) == (11, "170025120000003,0074.xml")
