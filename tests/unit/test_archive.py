"""A record that can be committed: what people read, and the machine it came from."""

import json

import pandas as pd
import pytest
from records import make_record, make_study, write_records
from studies import EXPERIMENTS, build_study, write_results

from feedrate.report import read_study
from feedrate.report.archive import FIRST, keep_record, with_references


@pytest.fixture
def finished(tmp_path):
    """A results folder as the workflow leaves it, and its raw records."""
    results = tmp_path / "results"
    write_results(results, build_study(tmp_path / "made"))
    pages = ("report/index.html", "report/guide.html", "report/selftest.html")
    for name in (*pages, "notebooks/4_matrix.html", "notebooks/5_findings.html"):
        (results / name).parent.mkdir(exist_ok=True)
        (results / name).write_text(name)
    return results, write_records(tmp_path / "raw", make_study())


def test_everything_people_read_is_kept(finished, tmp_path):
    results, records = finished
    study = read_study(results, ["receipts"], EXPERIMENTS)
    keep_record(study, results, records, tmp_path / "kept")
    kept = {path.name for path in (tmp_path / "kept").iterdir()}
    assert kept == {
        *("report.html", "guide.html", "selftest.html", "4_matrix.html", "5_findings.html"),
        *("summary.csv", "claims.csv", "fingerprint.json"),
    }
    assert (tmp_path / "kept/report.html").read_text() == "report/index.html"
    assert len(pd.read_csv(tmp_path / "kept/summary.csv")) == len(study.summaries)


def test_its_summary_begins_with_what_was_compared_with_what(finished, tmp_path):
    results, records = finished
    study = read_study(results, ["receipts"], EXPERIMENTS)
    keep_record(study, results, records, tmp_path / "kept")
    table = pd.read_csv(tmp_path / "kept/summary.csv")
    assert tuple(table.columns[: len(FIRST)]) == FIRST
    cells = len(study.summaries[study.summaries["estimand"] == "epoch_s"])
    assert set(table["estimand"][:cells]) == {"epoch_s"}
    assert set(table["reference"]) == {"defaults"}


def test_another_reference_is_named_by_its_levels():
    record = make_record("workers~4", "a")
    record["reference_levels"] |= {"targets": "kernel", "workers": 8}
    rows = [{"dataset": "receipts", "experiment": "a", "cell": "workers~4", "estimand": "epoch_s"}]
    table = pd.DataFrame(rows, columns=["dataset", *FIRST]).drop(columns="reference")
    named = with_references(table, [record])["reference"]
    assert named.tolist() == ["targets~kernel+workers~8"]
    with pytest.raises(KeyError, match="receipts/a/workers~4"):
        with_references(table, [make_record("workers~8", "a")])


def test_a_cell_that_is_not_available_names_its_reference_too(tmp_path):
    made = [make_record(unavailable="too little memory"), make_record("images~ram")]
    table = with_references(build_study(tmp_path, made).summaries, made)
    assert set(table["verdict"]) >= {"not available"}
    assert set(table["reference"]) == {"defaults"}


def test_the_fingerprint_names_each_machine_once(finished, tmp_path):
    results, records = finished
    keep_record(read_study(results, ["receipts"], EXPERIMENTS), results, records, tmp_path)
    fingerprint = json.loads((tmp_path / "fingerprint.json").read_text())
    assert fingerprint["cells"] == len(records)
    assert len(fingerprint["machines"]) == 1
    assert fingerprint["started_at"] <= fingerprint["ended_at"]


def test_an_unfinished_study_is_refused_by_the_file_that_is_missing(finished, tmp_path):
    results, records = finished
    (results / "report/index.html").unlink()
    study = read_study(results, ["receipts"], EXPERIMENTS)
    with pytest.raises(FileNotFoundError, match=r"index\.html"):
        keep_record(study, results, records, tmp_path / "kept")
