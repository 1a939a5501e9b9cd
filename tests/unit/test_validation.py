"""Every check fires on a planted fault and is silent on a clean sample; the gate obeys."""

from __future__ import annotations

import io
import os
import shutil
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from tiny import QUAD, make_samples

from feedrate.formats.sroie import read
from feedrate.sample import Finding, Sample, TextInstance
from feedrate.targets.presets import MIN_AREA_PX as MASKED_BELOW_PX
from feedrate.validation import (
    CHECKS,
    ValidationError,
    accept_samples,
    read_findings,
    validate_samples,
    write_findings,
)
from feedrate.validation.polygons import MIN_AREA_PX

SROIE = Path(os.environ.get("FEEDRATE_DATA", Path(__file__).parents[3] / "shared/data")) / "sroie"
BY_READERS = {"missing_image", "missing_annotation", "bad_annotation", "unsafe_name"}
"""Found by the formats; ``tests/contract/test_formats.py`` plants them."""


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    return make_samples(tmp_path / "images", 1)[0]


def with_polygon(sample: Sample, points: object) -> Sample:
    polygon = np.array(points, np.float64).reshape(-1, 2)
    return replace(sample, instances=(TextInstance(QUAD), TextInstance(polygon)))


def with_bytes(sample: Sample, change: Callable[[bytes], bytes]) -> Sample:
    sample.image_path.write_bytes(change(sample.image_path.read_bytes()))
    return sample


def resaved(data: bytes, mode: str = "RGB", orientation: int = 1) -> bytes:
    exif, stream = PIL.Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    PIL.Image.open(io.BytesIO(data)).convert(mode).save(stream, "JPEG", exif=exif)
    return stream.getvalue()


def bomb(data: bytes) -> bytes:
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", 65500, 65500) + data[at + 4 :]


def without_file(sample: Sample) -> Sample:
    sample.image_path.unlink()
    return sample


BOW_TIE = [[10, 10], [70, 40], [70, 10], [10, 34]]
FAULTS: list[tuple[str, str, Callable[[Sample], Sample], str]] = [
    ("truncated", "unreadable_image", lambda s: with_bytes(s, lambda d: d[:600]), "truncated JPEG"),
    ("empty file", "unreadable_image", lambda s: with_bytes(s, lambda d: b""), "neither JPEG"),
    ("text", "unreadable_image", lambda s: with_bytes(s, lambda d: b"x" * 99), "neither JPEG"),
    ("bomb", "unreadable_image", lambda s: with_bytes(s, bomb), "65500 x 65500"),
    (
        "CMYK",
        "unreadable_image",
        lambda s: with_bytes(s, lambda d: resaved(d, "CMYK")),
        "4 channels",
    ),
    ("gone", "unreadable_image", without_file, "cannot be read: No such file"),
    (
        "declared",
        "size_mismatch",
        lambda s: replace(s, declared_size=(160, 120)),
        "its annotation says 160 x 120, the image is 120 x 160",
    ),
    ("changed", "size_mismatch", lambda s: replace(s, height=200), "the index says 120 x 200"),
    (
        "turned",
        "exif_orientation",
        lambda s: with_bytes(s, lambda d: resaved(d, orientation=6)),
        "orientation 6",
    ),
    ("no point", "fewer_than_3_points", lambda s: with_polygon(s, []), "0 points"),
    ("two points", "fewer_than_3_points", lambda s: with_polygon(s, [[1, 1], [9, 9]]), "2 points"),
    (
        "NaN",
        "not_finite",
        lambda s: with_polygon(s, [[1, 1], [9, np.nan], [5, 9]]),
        "1,1 9,nan 5,9",
    ),
    ("inf", "not_finite", lambda s: with_polygon(s, [[1, 1], [9, 1], [5, np.inf]]), "inf"),
    ("one point thrice", "zero_area", lambda s: with_polygon(s, [[5, 5]] * 3), "0 square pixels"),
    ("flat", "zero_area", lambda s: with_polygon(s, [[1, 1], [5, 5], [9, 9]]), "masked out"),
    ("bow tie", "self_crossing", lambda s: with_polygon(s, BOW_TIE), "10,10 70,40 70,10 10,34"),
    (
        "right",
        "out_of_frame",
        lambda s: with_polygon(s, [[100, 10], [125, 10], [125, 30], [100, 30]]),
        "6 px outside of 120 x 160",
    ),
    (
        "above",
        "out_of_frame",
        lambda s: with_polygon(s, [[10, -2.5], [50, 10], [10, 30]]),
        "2.5 px outside",
    ),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault[0])
def test_planted_fault_is_found_and_nothing_else(
    sample: Sample, fault: tuple[str, str, Callable[[Sample], Sample], str]
) -> None:
    _, check, plant, message = fault
    (finding,) = validate_samples([plant(sample)])
    assert (finding.key, finding.check) == ("picture_0.jpg", check)
    assert finding.severity == CHECKS[check].severity
    assert message in finding.message
    assert finding.location


def test_every_check_is_planted_somewhere() -> None:
    planted = {check for _, check, _, _ in FAULTS} | BY_READERS | {"duplicate_image"}
    assert planted == set(CHECKS)
    assert all("|" not in check.description for check in CHECKS.values()), "a table's separator"


def test_clean_samples_give_no_finding(tmp_path: Path) -> None:
    assert validate_samples(make_samples(tmp_path / "images")) == []


@pytest.mark.parametrize(
    "points",
    [
        [[0, 0], [120, 0], [120, 160], [0, 160]],
        [[-1, -1], [50, 0], [0, 50]],
        [[10, 10], [50, 10], [50, 10], [50, 50]],
        [[10, 10], [50, 30], [10, 50], [20, 30]],
        [[10, 10], [10, 50], [50, 50], [50, 10]],
    ],
    ids=["to the edge", "within a pixel", "repeated point", "not convex", "anticlockwise"],
)
def test_harmless_outlines_give_no_finding(sample: Sample, points: object) -> None:
    assert validate_samples([with_polygon(sample, points)]) == []


def test_grey_and_untagged_orientation_give_no_finding(sample: Sample) -> None:
    assert validate_samples([with_bytes(sample, lambda data: resaved(data, "L", 1))]) == []


def test_area_limit_is_the_target_builders() -> None:
    assert MIN_AREA_PX == MASKED_BELOW_PX


@pytest.mark.parametrize(("shift", "words"), [(0, "the same annotation"), (1, "different annot")])
def test_duplicates_are_found_on_all_but_the_first(tmp_path: Path, shift: int, words: str) -> None:
    samples = make_samples(tmp_path / "images", 3)
    shutil.copy(samples[0].image_path, samples[2].image_path)
    moved = tuple(replace(i, polygon=i.polygon + shift) for i in samples[0].instances)
    samples[2] = replace(samples[2], width=120, instances=moved)
    (finding,) = validate_samples(samples)
    assert (finding.key, finding.check) == ("picture_2.jpg", "duplicate_image")
    assert "picture_0.jpg" in finding.message
    assert words in finding.message


def test_missing_files_are_no_duplicates(tmp_path: Path) -> None:
    samples = [without_file(sample) for sample in make_samples(tmp_path / "images", 2)]
    assert [item.check for item in validate_samples(samples)] == ["unreadable_image"] * 2


def test_overrides_change_a_severity_or_switch_a_check_off(sample: Sample) -> None:
    faulty = replace(with_polygon(sample, BOW_TIE), declared_size=(1, 1))
    early = [Finding("a.csv", "missing_image", "error", "m"), Finding("b", "own", "info", "m")]
    overrides = {"self_crossing": "error", "size_mismatch": "off", "missing_image": "warning"}
    found = validate_samples([faulty], early, overrides)
    assert [(item.check, item.severity) for item in found] == [
        ("missing_image", "warning"),
        ("own", "info"),
        ("self_crossing", "error"),
    ]


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [({"zero_aera": "off"}, "'zero_aera' is unknown; .*zero_area"), ({"zero_area": "no"}, "'no'")],
)
def test_unknown_override_is_refused(overrides: dict[str, str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        validate_samples([], [], overrides)


def test_processes_find_what_one_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = make_samples(tmp_path / "images", 34)
    samples[5] = with_polygon(samples[5], BOW_TIE)
    samples[33] = without_file(samples[33])
    told: list[int] = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    many = validate_samples(samples, progress=told.append)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0})
    assert many == validate_samples(samples)
    assert [item.key for item in many] == ["picture_5.jpg", "picture_33.jpg"]
    assert told == list(range(1, 35))


def test_table_of_findings_comes_back(tmp_path: Path) -> None:
    findings = [
        Finding("été, 1.jpg", "zero_area", "warning", 'a "quote", a comma'),
        Finding("a\rb.jpg", "not_finite", "error", "two\nlines\r\nand \0", "f.csv:3"),
    ]
    path = tmp_path / "new/findings.csv"
    write_findings(path, findings)
    assert read_findings(path) == findings
    assert path.read_bytes().startswith(b'"key","check","severity","message","location"\n')
    write_findings(path, [])
    assert read_findings(path) == []


@pytest.mark.parametrize(
    "content",
    ["", "a,b\n", "key,check,severity,message,location\na,b,fatal,c,d\n",
     "key,check,severity,message,location\na,b\n"],
    ids=["empty", "other columns", "other severity", "short row"],
)  # fmt: skip
def test_other_table_is_refused_by_name(tmp_path: Path, content: str) -> None:
    (tmp_path / "findings.csv").write_text(content)
    with pytest.raises(ValueError, match=r"findings\.csv"):
        read_findings(tmp_path / "findings.csv")


TABLE = Path("results/validation/receipts.csv")
ERRORS = [
    Finding("picture_2.jpg", "unreadable_image", "error", "truncated\nJPEG"),
    Finding("picture_0.jpg", "not_finite", "error", "nan"),
    Finding("absent.jpg", "missing_image", "error", "not there"),
]
WARNING = Finding("picture_1.jpg", "zero_area", "warning", "flat")


def test_warnings_do_not_stop(tmp_path: Path) -> None:
    samples = make_samples(tmp_path, 2)
    assert accept_samples("receipts", samples, [WARNING], "stop", TABLE) == (samples, [])


def test_errors_stop_with_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ValidationError) as caught:
        accept_samples("receipts", make_samples(tmp_path, 3), [WARNING, *ERRORS], "stop", TABLE)
    assert str(caught.value) == (
        "receipts: 3 errors, first: picture_2.jpg: unreadable_image: truncated JPEG;"
        " all in results/validation/receipts.csv;"
        " set datasets.receipts.on_error: exclude to leave them out"
    )


def test_error_without_a_sample_stops_too(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"receipts: 1 error, first: absent\.jpg"):
        accept_samples("receipts", make_samples(tmp_path, 1), ERRORS[2:], "stop", TABLE)


def test_errors_are_excluded_where_the_config_says_so(tmp_path: Path) -> None:
    samples = make_samples(tmp_path, 4)
    accepted, excluded = accept_samples("receipts", samples, [WARNING, *ERRORS], "exclude", TABLE)
    assert accepted == [samples[1], samples[3]]
    assert excluded == ["picture_0.jpg", "picture_2.jpg"]


def test_nothing_left_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"first: picture_0.*receipts\.csv; nothing is left"):
        accept_samples("receipts", make_samples(tmp_path, 1), ERRORS[1:], "exclude", TABLE)
    with pytest.raises(ValidationError, match="it has no samples"):
        accept_samples("receipts", [], [], "stop", TABLE)


def test_other_decision_is_refused() -> None:
    with pytest.raises(ValueError, match="neither stop nor exclude"):
        accept_samples("receipts", [], [], "ignore", TABLE)


def test_real_receipts_hold_five_pairs_and_no_error() -> None:
    if not SROIE.is_dir():
        pytest.skip(f"no real receipts at {SROIE}; set FEEDRATE_DATA")
    found = list(read(SROIE / "img", SROIE / "box"))
    findings = validate_samples([item for item in found if isinstance(item, Sample)])
    assert {item.check for item in findings} == {"duplicate_image"}
    assert {item.severity for item in findings} == {"warning"}
    assert all("different annotations" in item.message for item in findings)
    pairs = {(item.message.split(".jpg")[0][-3:], item.key[:3]) for item in findings}
    expected = "012/015 016/018 074/624 076/625 277/452"
    assert pairs == {tuple(pair.split("/")) for pair in expected.split()}
