"""ICDAR: boxes of 2013, quads of 2015, quads with a script of MLT; and 119 real files.

Sources of the forms: the task pages rrc.cvc.uab.es/?ch=2&com=tasks (2013), ?ch=4 (2015), ?ch=8 and
?ch=15 (MLT 2017 and 2019); lines of the 2013 sets as quoted in MMOCR's documentation,
docs/en/user_guides/data_prepare/dataset_preparer.md.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from tiny import make_samples

from feedrate.formats.icdar import read, recognise
from feedrate.sample import Finding, Sample, TextInstance

DATA = Path(os.environ.get("FEEDRATE_DATA", Path(__file__).parents[3] / "shared" / "data"))
ICDAR_2015 = DATA / "icdar2015"
QUAD = "1,2,30,2,30,12,1,12"
SCRIPTS = ["Arabic", "Latin", "Chinese", "Japanese", "Korean", "Bangla", "Hindi", "Symbols"]
SCRIPTS += ["Mixed", "None"]


def read_lines(folder: Path, content: str) -> tuple[tuple[TextInstance, ...], list[Finding]]:
    """The instances of one image with this file, and what is wrong with it."""
    make_samples(folder / "images", 1)
    (folder / "gts").mkdir()
    (folder / "gts/gt_picture_0.txt").write_text(content, encoding="utf-8", newline="")
    found = list(read(folder / "images", folder / "gts"))
    (sample,) = [item for item in found if isinstance(item, Sample)]
    return sample.instances, [item for item in found if isinstance(item, Finding)]


def texts(instances: tuple[TextInstance, ...]) -> list[tuple[str, bool]]:
    return [(item.text, item.ignore) for item in instances]


@pytest.mark.parametrize(
    ("line", "box", "text"),
    [
        ('38, 43, 920, 215, "Tiredness"', (38, 43, 920, 215), "Tiredness"),
        ('158 128 411 181 "Footpath"', (158, 128, 411, 181), "Footpath"),
        ('1,2,30,12,"no, spaces"', (1, 2, 30, 12), "no, spaces"),
        ('0, 699, 77, 830, "say \\"A\\" \\\\ B" ', (0, 699, 77, 830), 'say "A" \\ B'),
        ('1 2 3 4 ""', (1, 2, 3, 4), ""),
    ],
)
def test_boxes_of_2013(
    tmp_path: Path, line: str, box: tuple[int, int, int, int], text: str
) -> None:
    (item,), findings = read_lines(tmp_path, f"{line}\r\n")
    left, top, right, bottom = box
    assert item.polygon.tolist() == [[left, top], [right, top], [right, bottom], [left, bottom]]
    assert (item.text, item.ignore) == (text, False)
    assert {item.check for item in findings} <= {"crlf", "comma_in_text"}


def test_ignored_box_of_2013(tmp_path: Path) -> None:
    instances, _ = read_lines(tmp_path, '1 2 3 4 "###"\n')
    assert texts(instances) == [("###", True)]


@pytest.mark.parametrize(
    ("text", "ignored"),
    [
        ("Genaxis Theatre", False),
        ("###", True),
        (" ###", True),  # the task page puts a space after each comma
        ("1,888", False),
        ("1,000,000", False),
        ('"quoted"', False),
        ("Latin", False),
        ("1987", False),
        ("", False),
    ],
)
def test_quads_of_2015(tmp_path: Path, text: str, ignored: bool) -> None:
    (item,), findings = read_lines(tmp_path, f"\ufeff{QUAD},{text}")
    assert item.polygon.tolist() == [[1, 2], [30, 2], [30, 12], [1, 12]]
    assert (item.text, item.ignore) == (text, ignored)
    wanted = ["byte_order_mark"] + ["comma_in_text"] * ("," in text)
    assert [item.check for item in findings] == wanted


@pytest.mark.parametrize("script", SCRIPTS)
def test_quads_with_a_script(tmp_path: Path, script: str) -> None:
    lines = [f"{QUAD},{script},word", f"{QUAD},{script},###", f"{QUAD},{script},a,b"]
    instances, findings = read_lines(tmp_path, "\n".join(lines))
    assert texts(instances) == [("word", False), ("###", True), ("a,b", False)]
    assert [item.check for item in findings] == ["comma_in_text"]


def test_text_of_2015_that_begins_like_a_script_stays_whole(tmp_path: Path) -> None:
    lines = [f"{QUAD},None, thanks", f"{QUAD},Latin", f"{QUAD},Mixed"]
    instances, _ = read_lines(tmp_path, "\n".join(lines))
    assert texts(instances) == [("None, thanks", False), ("Latin", False), ("Mixed", False)]


def test_quad_without_script_among_others_is_a_finding(tmp_path: Path) -> None:
    lines = [f"{QUAD},Latin,one", f"{QUAD},Thai,two", f"{QUAD},Arabic,three", f"{QUAD},Latin"]
    instances, findings = read_lines(tmp_path, "\n".join(lines))
    assert [item.text for item in instances] == ["one", "three"]
    assert [item.location.rpartition(":")[2] for item in findings] == ["2", "4"]
    assert "'Thai,two' is not script,text" in findings[0].message
    assert "Arabic|Latin|" in findings[0].message


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1,2,3,4,5,6,7,text", "is neither x1,y1"),
        ('1, 2, 3, "three numbers"', "is neither x1,y1"),
        ("1,2,30,12,no quotes", "is neither x1,y1"),
        ("1,2,3,4,5,6,7,eight,text", "are not 8 numbers"),
        ('1,2,3,four,"text"', "'1,2,3,four' are not 4 numbers"),
        (QUAD, "is neither x1,y1"),
        (f"{QUAD},two\r{QUAD},lines", "has a CR inside; end lines with LF or CR LF"),
        (f"{QUAD},5,6,7,8,curved", "is an outline of more than 4 points, as in total_text"),
    ],
)
def test_bad_line_is_a_finding_with_its_number(tmp_path: Path, line: str, reason: str) -> None:
    instances, (finding,) = read_lines(tmp_path, f"{QUAD},one\n\n{line}\n{QUAD},three\n")
    assert [item.text for item in instances] == ["one", "three"]
    assert (finding.key, finding.check) == ("picture_0.jpg", "bad_annotation")
    assert finding.location.endswith("gt_picture_0.txt:3")
    assert reason in finding.message


@pytest.mark.parametrize("name", ["gt_picture_0.txt", "picture_0.txt", "picture_0.jpg.txt"])
def test_names_of_the_files(tmp_path: Path, name: str) -> None:
    """The last is the name that DB gives them (github.com/MhLiao/DB, data/image_dataset.py)."""
    make_samples(tmp_path / "images/part", 1)
    (tmp_path / "gts/part").mkdir(parents=True)
    (tmp_path / "gts/part" / name).write_text(f"{QUAD},text\n")
    (sample,) = read(tmp_path / "images", tmp_path / "gts")
    assert isinstance(sample, Sample)
    assert (sample.key, len(sample.instances)) == ("part/picture_0.jpg", 1)


@pytest.mark.parametrize(
    ("name", "head", "evidence"),
    [
        ("a.txt", '38, 43, 920, 215, "Tiredness"\r\n', "ICDAR 2013"),
        ("a.txt", f"{QUAD},one\n{QUAD},1,888\n", "ICDAR 2015"),
        ("a.TXT", f"{QUAD},one\n{QUAD},two\nbroken\n", "ICDAR 2015"),
        ("a.txt", f"{QUAD},Latin,one\n{QUAD},None,###\n", "ICDAR MLT"),
        ("a.csv", f"{QUAD},one\n", None),
        ("a.txt", "", None),
        ("a.txt", f"a note\nof some kind\n{QUAD},one\n", None),
        ("a.txt", f"{QUAD},5,6,curved\n{QUAD},straight\n", None),
    ],
)
def test_recognition(name: str, head: str, evidence: str | None) -> None:
    found = recognise(Path(name), head)
    assert (found is None) == (evidence is None)
    assert (evidence or "") in (found or "")


def test_real_files() -> None:
    if not ICDAR_2015.is_dir():
        pytest.skip(f"no ICDAR 2015 at {ICDAR_2015}; set FEEDRATE_DATA")
    found = list(read(ICDAR_2015 / "icdar_c4_train_imgs", ICDAR_2015 / "gts"))
    samples = [item for item in found if isinstance(item, Sample)]
    findings = [item for item in found if isinstance(item, Finding)]
    instances = [item for sample in samples for item in sample.instances]
    assert (len(samples), len(instances)) == (119, 1602)
    assert sum(item.ignore for item in instances) == 1023
    assert Counter(item.check for item in findings) == {"byte_order_mark": 119, "comma_in_text": 1}
    marked = [item for item in findings if item.check == "byte_order_mark"]
    assert [item.key for item in marked] == [sample.key for sample in samples]
    for item in marked:
        assert item.location.endswith(f"gt_{Path(item.key).stem}.txt")
    (commas,) = [item for item in findings if item.check == "comma_in_text"]
    assert (commas.key, commas.location[-14:]) == ("img_299.jpg", "gt_img_299.txt")
