"""The table of findings comes back as written; the gate obeys it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tiny import make_samples

from feedrate.index import read_index, write_index
from feedrate.sample import Finding, Sample
from feedrate.validation import (
    ValidationError,
    accept_dataset,
    read_findings,
    stream_findings,
    write_findings,
)
from feedrate.validation.findings import visible


def test_table_of_findings_comes_back(tmp_path: Path) -> None:
    findings = [
        Finding("été, 1.jpg", "zero_area", "warning", 'a "quote", a comma'),
        Finding("a\rb.jpg", "not_finite", "error", "two\nlines\r\nand \0", "f.csv:3"),
    ]
    path = tmp_path / "new/findings.csv"
    write_findings(path, iter(findings))
    assert read_findings(path) == findings
    assert next(stream_findings(path)) == findings[0]
    assert path.read_bytes().startswith(b'"key","check","severity","message","location"\n')
    write_findings(path, [])
    assert read_findings(path) == []


def test_an_interrupted_table_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "findings.csv"
    write_findings(path, [Finding("a", "own", "info", "m")])

    def interrupted() -> Iterator[Finding]:
        yield Finding("b", "own", "info", "m")
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        write_findings(path, interrupted())
    assert [item.key for item in read_findings(path)] == ["a"]
    assert [item.name for item in tmp_path.iterdir()] == ["findings.csv"]


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


def test_what_a_terminal_would_obey_is_escaped() -> None:
    assert visible("été (1).jpg") == "été (1).jpg"
    assert visible("a\x1b[31m\n\u202e\udc80") == "a\\x1b[31m\\n\\u202e\\udc80"


ERRORS = [
    Finding("picture_2.jpg", "unreadable_image", "error", "truncated\nJPEG"),
    Finding("picture_0.jpg", "not_finite", "error", "nan"),
    Finding("absent.jpg", "missing_image", "error", "not there"),
]
WARNING = Finding("picture_1.jpg", "zero_area", "warning", "flat")


def accept(
    folder: Path, samples: list[Sample], findings: list[Finding], on_error: str
) -> tuple[list[str], dict[str, object]]:
    """Let samples pass; returns the keys of those let in, and the verdict."""
    write_index(folder / "samples.parquet", samples)
    write_findings(folder / "receipts.csv", findings)
    accepted = folder / "accepted.parquet"
    verdict = accept_dataset(
        "receipts", folder / "samples.parquet", folder / "receipts.csv", on_error, accepted
    )
    return [sample.key for sample in read_index(accepted)], verdict


def test_warnings_do_not_stop(tmp_path: Path) -> None:
    samples = make_samples(tmp_path, 2)
    keys, verdict = accept(tmp_path, samples, [WARNING], "stop")
    assert keys == [sample.key for sample in samples]
    assert (verdict["accepted"], verdict["excluded"], verdict["instances"]) == (2, [], 4)


def test_errors_stop_with_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ValidationError) as caught:
        accept(tmp_path, make_samples(tmp_path, 3), [WARNING, *ERRORS], "stop")
    assert str(caught.value) == (
        "receipts: 3 errors, first: picture_2.jpg: unreadable_image: truncated JPEG;"
        f" all in {tmp_path}/receipts.csv;"
        " set datasets.receipts.on_error: exclude to leave them out"
    )
    assert not (tmp_path / "accepted.parquet").exists()


def test_error_without_a_sample_stops_too(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"receipts: 1 error, first: absent\.jpg"):
        accept(tmp_path, make_samples(tmp_path, 1), ERRORS[2:], "stop")


def test_errors_are_excluded_where_the_config_says_so(tmp_path: Path) -> None:
    keys, verdict = accept(tmp_path, make_samples(tmp_path, 4), [WARNING, *ERRORS], "exclude")
    assert keys == ["picture_1.jpg", "picture_3.jpg"]
    assert verdict["excluded"] == ["picture_0.jpg", "picture_2.jpg"]


def test_of_two_annotations_of_an_image_the_first_is_used(tmp_path: Path) -> None:
    first, other = make_samples(tmp_path, 2)
    twice = [first, replace(first, instances=()), other]
    keys, verdict = accept(tmp_path, twice, [], "stop")
    assert keys == [first.key, other.key]
    assert (verdict["samples"], verdict["accepted"], verdict["instances"]) == (3, 2, 4)


def test_nothing_left_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"first: picture_0.*receipts\.csv; nothing is left"):
        accept(tmp_path, make_samples(tmp_path, 1), ERRORS[1:], "exclude")
    assert not (tmp_path / "accepted.parquet").exists()
    with pytest.raises(ValidationError, match="it has no samples"):
        accept(tmp_path, [], [], "stop")


def test_other_decision_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="neither stop nor exclude"):
        accept(tmp_path, [], [], "ignore")
