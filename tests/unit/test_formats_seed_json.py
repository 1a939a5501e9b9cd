"""The JSON format of words by image: what it may hold, and what is wrong with a file."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from tiny import make_samples

from feedrate.formats.seed_json import read
from feedrate.sample import Finding, Sample

QUAD = [[1, 2], [30, 2], [30, 12], [1, 12]]


def read_text(folder: Path, content: str | bytes) -> list[Sample | Finding]:
    """Read a dataset of one image, ``picture_0.jpg``, and this annotation file."""
    make_samples(folder / "images", 1)
    path = folder / "annotations.json"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read(folder / "images", path))


def read_entry(folder: Path, entry: Any) -> list[Sample | Finding]:
    return read_text(folder, json.dumps({"images": {"picture_0.jpg": entry}}))


def read_word(folder: Path, word: Any) -> list[Sample | Finding]:
    return read_entry(folder, {"words": {"0001": {"points": QUAD}, "0002": word}})


@pytest.mark.parametrize(
    ("word", "text", "ignored"),
    [
        ({"points": QUAD}, "", False),
        ({"points": QUAD, "text": "été, 合計"}, "été, 合計", False),
        ({"points": QUAD, "text": "###"}, "###", True),
        ({"points": QUAD, "ignore": True}, "", True),
        ({"points": QUAD, "ignore": False, "language": "en"}, "", False),
    ],
)
def test_words(tmp_path: Path, word: Any, text: str, ignored: bool) -> None:
    (sample,) = read_word(tmp_path, word)
    assert isinstance(sample, Sample)
    item = sample.instances[1]
    assert (item.text, item.ignore, item.polygon.tolist()) == (text, ignored, QUAD)
    assert sample.declared_size is None


@pytest.mark.parametrize("points", [[], [[1, 2]], [[math.nan, 1], [2, math.inf], [3, 3]]])
def test_odd_outlines_are_left_to_the_validation(tmp_path: Path, points: Any) -> None:
    (sample,) = read_word(tmp_path, {"points": points})
    assert isinstance(sample, Sample)
    assert sample.instances[1].polygon.shape == (len(points), 2)
    assert str(sample.instances[1].polygon.tolist()) == str([[float(v) for v in p] for p in points])


@pytest.mark.parametrize(
    "word",
    [
        None,
        [],
        {},
        {"points": None},
        {"points": {}},
        {"points": "1,2"},
        {"points": [1, 2, 3, 4]},
        {"points": [[1, 2, 3]]},
        {"points": [["1", "2"]]},
        {"points": [[True, False]]},
        {"points": [[10**400, 0]]},
        {"points": QUAD, "text": 5},
        {"points": QUAD, "text": "\ud800"},
        {"points": QUAD, "ignore": "yes"},
    ],
    ids=repr,
)
def test_bad_word_is_a_finding_and_the_others_stay(tmp_path: Path, word: Any) -> None:
    finding, sample = read_word(tmp_path, word)
    assert isinstance(finding, Finding)
    assert isinstance(sample, Sample)
    assert (finding.key, finding.check) == ("picture_0.jpg", "bad_annotation")
    assert finding.message.startswith("word 0002: ")
    assert len(finding.message) < 300
    assert finding.location.endswith("annotations.json: picture_0.jpg")
    assert len(sample.instances) == 1


@pytest.mark.parametrize(
    "entry",
    [
        None,
        [],
        {},
        {"words": []},
        {"words": {}, "width": 120},
        {"words": {}, "width": "120", "height": "160"},
        {"words": {}, "width": 0, "height": 160},
    ],
    ids=repr,
)
def test_bad_entry_is_a_finding(tmp_path: Path, entry: Any) -> None:
    (finding,) = read_entry(tmp_path, entry)
    assert isinstance(finding, Finding)
    assert (finding.key, finding.check) == ("picture_0.jpg", "bad_annotation")


def test_size_may_be_stated(tmp_path: Path) -> None:
    (sample,) = read_entry(tmp_path, {"words": {}, "width": 99, "height": 160})
    assert isinstance(sample, Sample)
    assert (sample.declared_size, sample.instances) == ((99, 160), ())


@pytest.mark.parametrize(
    "name",
    [
        "../picture_0.jpg",
        "/etc/passwd.jpg",
        "sub/../x.jpg",
        "sub//x.jpg",
        "C:/x.jpg",
        "a\\b.jpg",
        "..",
        "",
        "a\0.jpg",
        "\ud800",
    ],
)
def test_name_that_leaves_the_folder_is_a_finding(tmp_path: Path, name: str) -> None:
    images = {"picture_0.jpg": {"words": {}}, name: {"words": {}}}
    (tmp_path / "picture_0.jpg").write_bytes(b"outside")
    found = read_text(tmp_path, json.dumps({"images": images}))
    (finding,) = [item for item in found if isinstance(item, Finding)]
    assert finding.check == "unsafe_name"
    (finding.key + finding.message).encode()
    assert [item.key for item in found if isinstance(item, Sample)] == ["picture_0.jpg"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "broken JSON: .*line 1 column 1"),
        ('{"images": {\n"a.jpg": ', "broken JSON: .*line 2 column"),
        ('{"images": ' + "[" * 100_000, "broken JSON"),
        ("[]", 'no {"images"'),
        ('{"images": []}', 'no {"images"'),
        ("{}", 'no {"images"'),
        ('{"images": {"a.jpg": {}, "a.jpg": {}}}', "'a.jpg' stands twice"),
        ('{"images": {"caf\xe9": {}}}'.encode("latin-1"), "not UTF-8 at byte 16"),
    ],
    ids=["empty", "cut", "deep", "list", "images a list", "no images", "twice", "latin-1"],
)
def test_broken_file_is_one_line_naming_it(
    tmp_path: Path, content: str | bytes, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        read_text(tmp_path, content)
    assert str(tmp_path / "annotations.json") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_byte_order_mark_is_no_trouble(tmp_path: Path) -> None:
    content = json.dumps({"images": {"picture_0.jpg": {"words": {}}}}).encode("utf-8-sig")
    (sample,) = read_text(tmp_path, content)
    assert isinstance(sample, Sample)
