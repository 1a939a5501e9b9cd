"""SROIE: what its csv files may hold, and the 404 real receipts."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from tiny import make_samples

from feedrate.formats.sroie import read
from feedrate.sample import Finding, Sample, TextInstance

SROIE = Path(os.environ.get("FEEDRATE_DATA", Path(__file__).parents[3] / "shared/data")) / "sroie"
GOOD = "1,2,30,2,30,12,1,12"


def read_lines(folder: Path, content: bytes) -> tuple[tuple[TextInstance, ...], list[Finding]]:
    """The instances and findings of one image with this csv; no instances where no sample."""
    make_samples(folder / "images", 1)
    (folder / "box").mkdir()
    (folder / "box/picture_0.csv").write_bytes(content)
    found = list(read(folder / "images", folder / "box"))
    samples = [item for item in found if isinstance(item, Sample)]
    instances = samples[0].instances if samples else ()
    return instances, [item for item in found if isinstance(item, Finding)]


@pytest.mark.parametrize(
    ("text", "ignored"),
    [
        ("TOTAL", False),
        ("a, b, 1,000.00", False),
        ('"quoted", he said', False),
        ("1,2,3,4,5,6,7,8,9", False),
        ("tab\tand \u2028 and \x0b \x85", False),
        ("été 合計", False),
        ("", False),
        ("###", True),
        ("####", False),
    ],
)
def test_text_is_all_after_the_eighth_comma(tmp_path: Path, text: str, ignored: bool) -> None:
    instances, findings = read_lines(tmp_path, f"{GOOD},{text}\n".encode())
    assert [(item.text, item.ignore) for item in instances] == [(text, ignored)]
    noted = [(item.check, item.severity, item.message[:18]) for item in findings]
    assert noted == [("comma_in_text", "info", "1 text holds comma")] * ("," in text)


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"], ids=["plain", "BOM"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_line_ends_and_byte_order_mark(tmp_path: Path, start: bytes, end: bytes) -> None:
    line = f"{GOOD},###".encode()
    instances, findings = read_lines(tmp_path, start + line + end + end + line)
    assert [(item.text, item.ignore) for item in instances] == [("###", True)] * 2
    assert instances[0].polygon.tolist() == [[1, 2], [30, 2], [30, 12], [1, 12]]
    wanted = ["byte_order_mark"] * bool(start) + ["crlf"] * (end == b"\r\n")
    assert [item.check for item in findings] == wanted


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1,2,3,4,5,6,7,text", "is not x1,y1"),
        ("1,2,3,4,5,6,7,eight,text", "are not 8 numbers"),
        ("just words", "is not x1,y1"),
        (f"{GOOD}", "is not x1,y1"),
        ("1,2,3,4,,6,7,8,text", "are not 8 numbers"),
        (f"{GOOD},two\r{GOOD},lines", "has a CR inside; end lines with LF or CR LF"),
    ],
)
def test_bad_line_is_a_finding_with_its_number(tmp_path: Path, line: str, reason: str) -> None:
    content = f"{GOOD},one\n{line}\n{GOOD},three\n".encode()
    instances, (finding,) = read_lines(tmp_path, content)
    assert [item.text for item in instances] == ["one", "three"]
    assert (finding.key, finding.check) == ("picture_0.jpg", "bad_annotation")
    assert finding.location.endswith("picture_0.csv:2")
    assert reason in finding.message


def test_latin1_is_a_finding(tmp_path: Path) -> None:
    instances, (finding,) = read_lines(tmp_path, f"{GOOD},caf\xe9\n".encode("latin-1"))
    assert instances == ()
    assert (finding.check, finding.severity) == ("bad_encoding", "error")
    assert f"not UTF-8 at byte {len(GOOD) + 4}" in finding.message
    assert finding.location.endswith("picture_0.csv")


def test_odd_numbers_are_left_to_the_validation(tmp_path: Path) -> None:
    instances, findings = read_lines(tmp_path, b"nan,inf,-1e400,4.5, 5,6,7,8,text\n")
    assert findings == []
    assert [str(x) for x in instances[0].polygon.ravel()[:5]] == [
        "nan",
        "inf",
        "-inf",
        "4.5",
        "5.0",
    ]


def test_empty_file_is_an_image_without_text(tmp_path: Path) -> None:
    assert read_lines(tmp_path, b"") == ((), [])


def test_real_receipts() -> None:
    if not SROIE.is_dir():
        pytest.skip(f"no real receipts at {SROIE}; set FEEDRATE_DATA")
    found = list(read(SROIE / "img", SROIE / "box"))
    samples = [item for item in found if isinstance(item, Sample)]
    assert len(samples) == 404
    noted = Counter(item.check for item in found if isinstance(item, Finding))
    assert noted == {"comma_in_text": 384, "crlf": 81}
    instances = [item for sample in samples for item in sample.instances]
    assert len(instances) == 21212
    assert sum("," in item.text for item in instances) == 1144
    assert all(item.polygon.shape == (4, 2) and "\r" not in item.text for item in instances)
    assert sum("," in item.text for item in instances) == sum(
        line.count(",") > 8
        for table in (SROIE / "box").iterdir()
        for line in table.read_text("utf-8").split("\n")
    )
