"""PaddleOCR's label file: what its lines may hold, and the real one of ICDAR 2015.

Sources: github.com/PaddlePaddle/PaddleOCR, doc/doc_en/dataset/ocr_datasets_en.md (the form) and
ppocr/data/imaug/label_ops.py, ``DetLabelEncode`` (``*`` and ``###`` are ignored).
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tiny import make_samples

from feedrate.formats.paddle import read, recognise
from feedrate.sample import Finding, Sample

DATA = Path(os.environ.get("FEEDRATE_DATA", Path(__file__).parents[3] / "shared" / "data"))
ICDAR_2015 = DATA / "icdar2015"
QUAD = [[310, 104], [416, 141], [418, 216], [312, 179]]


def read_text(folder: Path, content: str | bytes) -> list[Sample | Finding]:
    """Read a dataset of two images, ``picture_0.jpg`` and ``picture_1.jpg``."""
    make_samples(folder / "images", 2)
    path = folder / "Label.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read(folder / "images", path))


def line(name: str, *words: Any) -> str:
    return f"{name}\t{json.dumps(words, ensure_ascii=False)}\n"


def word(text: str, **more: Any) -> dict[str, Any]:
    return {"transcription": text, "points": QUAD, **more}


def findings_in(found: list[Sample | Finding]) -> list[Finding]:
    return [item for item in found if isinstance(item, Finding)]


@pytest.mark.parametrize(
    ("text", "ignored"),
    [("MASA", False), ("###", True), ("*", True), ("**", False), ("合計, 1\t2", False)],
)
def test_words(tmp_path: Path, text: str, ignored: bool) -> None:
    content = line("train/picture_0.jpg", word(text, difficult=False)) + line("picture_1.jpg")
    one, two = read_text(tmp_path, content)
    assert isinstance(one, Sample)
    assert isinstance(two, Sample)
    (item,) = one.instances
    assert (item.text, item.ignore, item.polygon.tolist()) == (text, ignored, QUAD)
    assert (one.key, two.key, two.instances) == ("picture_0.jpg", "picture_1.jpg", ())
    assert one.annotation.endswith("Label.txt:1")


def test_an_image_on_two_lines_is_two_samples(tmp_path: Path) -> None:
    lines = [line("picture_1.jpg"), line("./picture_0.jpg", word("a")), line("picture_0.jpg")]
    found = read_text(tmp_path, "\r\n".join(lines))
    assert [item.check for item in findings_in(found)] == ["crlf"]
    samples = [item for item in found if isinstance(item, Sample)]
    keys = ["picture_0.jpg", "picture_0.jpg", "picture_1.jpg"]
    assert [item.key for item in samples] == keys
    assert [len(item.instances) for item in samples] == [1, 0, 0]


@pytest.mark.parametrize(
    "bad",
    [
        None,
        [],
        "MASA",
        {"transcription": "no points"},
        {"points": QUAD, "transcription": 5},
        {"points": QUAD, "transcription": "\ud800"},
        {"points": None},
        {"points": {}},
        {"points": [1, 2, 3, 4]},
        {"points": [[1, 2, 3]]},
        {"points": [["1", "2"]]},
        {"points": [[True, 2]]},
        {"points": [[10**400, 0]]},
    ],
    ids=repr,
)
def test_bad_word_is_a_finding_and_the_others_stay(tmp_path: Path, bad: Any) -> None:
    name = "picture_0.jpg"
    content = f"{name}\t{json.dumps([word('a'), bad, word('b')])}\n{line('picture_1.jpg')}"
    found = read_text(tmp_path, content)
    (finding,) = findings_in(found)
    assert (finding.key, finding.check) == (name, "bad_annotation")
    assert finding.message.startswith("word 2: ")
    assert len(finding.message) < 300
    assert finding.location.endswith("Label.txt:1")
    (sample, _) = [item for item in found if isinstance(item, Sample)]
    assert [item.text for item in sample.instances] == ["a", "b"]


@pytest.mark.parametrize(
    ("bad", "key", "reason"),
    [
        ("picture_0.jpg [] ", "Label.txt", "is not an image's path, a tab and JSON"),
        ("picture_0.jpg\t", "picture_0.jpg", "broken JSON: .*column 1"),
        ("picture_0.jpg\t[{'points': []}]", "picture_0.jpg", "broken JSON"),
        ("picture_0.jpg\t{}", "picture_0.jpg", "{} is not a list"),
        ('picture_0.jpg\t[{"points": [], "points": []}]', "picture_0.jpg", "'points' stands twice"),
        ("picture_0.jpg\t" + "[" * 100_000, "picture_0.jpg", "broken JSON"),
    ],
    ids=["no tab", "no JSON", "Python", "object", "twice", "deep"],
)
def test_bad_line_is_a_finding_with_its_number(
    tmp_path: Path, bad: str, key: str, reason: str
) -> None:
    found = read_text(tmp_path, f"{line('picture_1.jpg', word('a'))}{bad}\n")
    finding = next(item for item in findings_in(found) if item.check == "bad_annotation")
    assert finding.key == key
    assert finding.location.endswith("Label.txt:2")
    assert re.search(reason, finding.message)
    assert [item.key for item in found if isinstance(item, Sample)] == ["picture_1.jpg"]


def test_latin1_is_one_line_naming_the_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not UTF-8 at byte 3; save it as UTF-8") as caught:
        read_text(tmp_path, b"caf\xe9.jpg\t[]")
    assert str(tmp_path / "Label.txt") in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["../picture_0.jpg", "/a/picture_0.jpg", "a\\b.jpg", ""])
def test_name_that_leaves_the_folder_is_a_finding(tmp_path: Path, name: str) -> None:
    content = line(name) + line("picture_0.jpg") + line("picture_1.jpg")
    found = read_text(tmp_path, content)
    (finding,) = findings_in(found)
    assert (finding.check, finding.key) == ("unsafe_name", name)
    assert len(found) == 3


@pytest.mark.parametrize(
    ("head", "known"),
    [
        (line("a.jpg", word("x")), True),
        (line("a.jpg", word("x"))[:60], True),
        (line("a.jpg"), True),
        ("\na.jpg\t[]\r\n", True),
        ("a.jpg\tMASA\n", False),
        ('a.jpg\t[{"text": "x"}]\n', False),
        ("", False),
    ],
)
def test_recognition(head: str, known: bool) -> None:
    assert (recognise(Path("Label.txt"), head) is not None) == known


@pytest.mark.parametrize("images", ["icdar_c4_train_imgs", "."])
def test_real_file(images: str) -> None:
    if not ICDAR_2015.is_dir():
        pytest.skip(f"no ICDAR 2015 at {ICDAR_2015}; set FEEDRATE_DATA")
    found = list(read(ICDAR_2015 / images, ICDAR_2015 / "train_icdar2015_label.txt"))
    samples = [item for item in found if isinstance(item, Sample)]
    instances = [item for sample in samples for item in sample.instances]
    assert (len(samples), len(instances)) == (119, 1602)
    assert sum(item.ignore for item in instances) == 1023
    assert Counter(item.check for item in findings_in(found)) == {"missing_image": 881}
    assert "icdar_c4_train_imgs/img_61.jpg" in {item.key for item in findings_in(found)}
