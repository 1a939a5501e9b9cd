"""Total-Text: outlines of any length, in the published lists and in the plain form of trainers.

Sources: github.com/cs-chan/Total-Text-Dataset, Groundtruth/Text/README.md (lists; don't care is
``#``), lines as in the dataset's files; that a list may be empty or go on over several lines:
MMOCR, mmocr/datasets/preparers/parsers/totaltext_parser.py; the plain form: github.com/MhLiao/DB,
data/image_dataset.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny import make_samples

from feedrate.formats.total_text import read, recognise
from feedrate.sample import Finding, Sample, TextInstance

CURVED = "x: [[153 161 179 195 184 177]], y: [[347 323 305 315 331 357]], "
FIVE = "1,2,30,2,30,12,20,14,1,12"


def read_lines(folder: Path, content: str) -> tuple[tuple[TextInstance, ...], list[Finding]]:
    """The instances of one image with this file, and what is wrong with it."""
    make_samples(folder / "images", 1)
    (folder / "gts").mkdir()
    (folder / "gts/poly_gt_picture_0.txt").write_text(content, encoding="utf-8")
    found = list(read(folder / "images", folder / "gts"))
    (sample,) = [item for item in found if isinstance(item, Sample)]
    return sample.instances, [item for item in found if isinstance(item, Finding)]


@pytest.mark.parametrize(
    ("rest", "text", "ignored"),
    [
        ("ornt: [u'c'], transcriptions: [u'the']", "the", False),
        ("ornt: [u'h'], transcriptions: [u'1996']", "1996", False),
        ("ornt: [u'#'], transcriptions: [u'#']", "#", True),
        ("ornt: [u'#'], transcriptions: [u'seen']", "seen", True),
        ("ornt: [u'c'], transcriptions: [u'###']", "###", True),
        ("ornt: [], transcriptions: []", "", True),
        ("ornt: ['m'], transcriptions: [u\"Joe's [bar]\"] ", "Joe's [bar]", False),
        ("ornt: [u'm'], transcriptions: [u'it\\'s']", "it's", False),
    ],
)
def test_lists(tmp_path: Path, rest: str, text: str, ignored: bool) -> None:
    (item,), findings = read_lines(tmp_path, f"{CURVED}{rest}\n")
    assert (item.text, item.ignore, findings) == (text, ignored, [])
    assert item.polygon.tolist()[:2] == [[153, 347], [161, 323]]
    assert item.polygon.shape == (6, 2)


def test_lists_over_several_lines(tmp_path: Path) -> None:
    """As the files print long numpy arrays: broken at a space, the next line indented."""
    content = (
        "x: [[ 10  20\n  30  -4]], y: [[1 2 3\n 4]], ornt: [u'c'], transcriptions: [u'one']\n"
        "x: [[1 9 9]], y: [[1 1 5]], ornt: [u'h'], transcriptions: [u'two']\n"
    )
    (one, two), findings = read_lines(tmp_path, content)
    assert one.polygon.tolist() == [[10, 1], [20, 2], [30, 3], [-4, 4]]
    assert (one.text, two.text, two.polygon.shape, findings) == ("one", "two", (3, 2), [])


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("x: [[1 2 3]], y: [[1 2]], ornt: [u'c'], transcriptions: [u'a']", "3 x and 2 y"),
        ("x: [[1 two 3]], y: [[1 2 3]], ornt: [u'c'], transcriptions: [u'a']", "are not numbers"),
        ("x: [[1 2 3]], y: [[1 2 3]], ornt: [u'c']", "is not x: [[...]]"),
        ("x: [[1 2 3\n 4 5]]", "is not x: [[...]]"),
        ("a line of another kind", "is not x: [[...]]"),
        (f"{FIVE},plain", "is not x: [[...]]"),
    ],
)
def test_bad_list_is_a_finding_and_the_others_stay(tmp_path: Path, lines: str, reason: str) -> None:
    good = f"{CURVED}ornt: [u'c'], transcriptions: [u'good']\n"
    instances, (finding,) = read_lines(tmp_path, f"{good}\n{lines}\n{good}")
    assert [item.text for item in instances] == ["good", "good"]
    assert (finding.key, finding.check) == ("picture_0.jpg", "bad_annotation")
    assert finding.location.endswith("poly_gt_picture_0.txt:3")
    assert reason in finding.message


@pytest.mark.parametrize(
    ("text", "ignored"),
    [
        ("word", False),
        ("1987", False),
        ("nan", False),
        ("", False),
        ("###", True),
        ("#", True),
        ("Dec 5,2016", False),
        ("a,b,c", False),
    ],
)
@pytest.mark.parametrize("outline", ["1,2,30,2,30,12", "1,2,30,2,30,12,1,12", FIVE])
def test_plain_outlines(tmp_path: Path, outline: str, text: str, ignored: bool) -> None:
    (item,), findings = read_lines(tmp_path, f"{outline},{text}\n")
    assert item.polygon.ravel().tolist() == [float(number) for number in outline.split(",")]
    assert (item.text, item.ignore) == (text, ignored)
    assert [item.check for item in findings] == ["comma_in_text"] * ("," in text)


@pytest.mark.parametrize(
    "line",
    [
        FIVE,  # no label
        f"{FIVE},1,888",  # a point too few, or two numbers too many
        "1,2,30,2,label",  # a box
        "1,2,30,2,30,label",  # a number is missing
        "1,2,30,2,30,12,2O,14,1,12,label",  # a letter for a digit: not the text "2O,14,1,12,label"
        "1,2,30,2,30,12,20,l4,1,12,label",
        "words alone",
    ],
)
def test_bad_outline_is_a_finding_with_its_number(tmp_path: Path, line: str) -> None:
    instances, (finding,) = read_lines(tmp_path, f"{FIVE},one\n{line}\n{FIVE},three\n")
    assert [item.text for item in instances] == ["one", "three"]
    assert (finding.key, finding.check) == ("picture_0.jpg", "bad_annotation")
    assert finding.location.endswith("poly_gt_picture_0.txt:2")
    assert line in finding.message
    assert "not x1,y1,...,xN,yN,label with N >= 3" in finding.message


@pytest.mark.parametrize(
    "name", ["poly_gt_picture_0.txt", "gt_picture_0.txt", "picture_0.txt", "picture_0.jpg.txt"]
)
def test_names_of_the_files(tmp_path: Path, name: str) -> None:
    make_samples(tmp_path / "images/part", 1)
    (tmp_path / "gts/part").mkdir(parents=True)
    (tmp_path / "gts/part" / name).write_text(f"{FIVE},text\n")
    (sample,) = read(tmp_path / "images", tmp_path / "gts")
    assert isinstance(sample, Sample)
    assert (sample.key, len(sample.instances)) == ("part/picture_0.jpg", 1)


@pytest.mark.parametrize(
    ("name", "head", "evidence"),
    [
        ("a.txt", f"{CURVED}ornt: [u'c'], transcriptions: [u'the']\n", "as Total-Text was"),
        ("a.txt", "x: [[ 10  20\n  30", "as Total-Text was"),
        ("a.txt", f"1,2,3,4,5,6,7,8,four\n{FIVE},1987\nbroken", "up to 5 points"),
        ("a.txt", "1,2,3,4,5,6,7,8,four\n", None),
        ("a.txt", f"{FIVE},one\nbroken\nbroken\n", None),
        ("a.md", f"{FIVE},one\n", None),
        ("a.txt", "", None),
    ],
)
def test_recognition(name: str, head: str, evidence: str | None) -> None:
    found = recognise(Path(name), head)
    assert (found is None) == (evidence is None)
    assert (evidence or "") in (found or "")
