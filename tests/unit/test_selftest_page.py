"""The page of the self-test says what the summary holds, and nothing else."""

from __future__ import annotations

import copy
import json

import pytest
from click.testing import CliRunner
from selftests import make_records

from feedrate.cli.selftest import judge_selftest, render_selftest
from feedrate.goals import accuracy, summarise
from feedrate.report.selftest import build_selftest_page, view_of


@pytest.fixture(scope="module")
def summary():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accuracy, "SIMULATED", 40)
        return summarise(make_records())


@pytest.fixture
def spoilt(summary):
    changed = copy.deepcopy(summary)
    changed["goals"][0] |= {"met": False}
    changed["hidden"]["rows"][0] |= {"caught": False, "words": "", "complaints": 0}
    return changed


def test_every_goal_and_every_fault_stand_on_the_page(summary):
    page = build_selftest_page(summary)
    for goal in summary["goals"]:
        assert goal["name"].replace("'", "&#39;") in page
    for row in summary["hidden"]["rows"]:
        assert row["name"] in page
    assert "<script" not in page
    assert page.count("<svg") == 8


def test_a_missed_goal_is_the_headline(summary, spoilt):
    assert view_of(summary).word == "All 14 goals met."
    assert view_of(spoilt).word == "13 of 14 goals met."
    assert "A cell against itself" in view_of(spoilt).missed


def test_a_fault_that_passed_says_what_it_would_have_been_taken_for(spoilt):
    row = view_of(spoilt).hidden[0]
    assert not row["caught"]
    assert "as long" in row["otherwise"]


def test_a_quick_run_is_marked(summary):
    assert "proves nothing" in build_selftest_page({**summary, "quick": True})
    assert "proves nothing" not in build_selftest_page(summary)


def test_names_are_escaped(summary):
    hostile = {**summary, "machine": {"cpu": "<script>alert(1)</script>", "cores": 2}}
    assert "<script>alert" not in build_selftest_page(hostile)


def test_the_summary_is_made_from_the_records_alone(summary, tmp_path, monkeypatch):
    monkeypatch.setattr(accuracy, "SIMULATED", 40)
    (tmp_path / "records.json").write_text(json.dumps(make_records()), encoding="utf-8")
    arguments = [str(tmp_path / "records.json"), str(tmp_path / "summary.json")]
    result = CliRunner().invoke(judge_selftest, arguments)
    assert result.exit_code == 0, result.output
    made = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert made == json.loads(json.dumps(summary))


def test_the_verb_needs_the_summary_alone(summary, tmp_path):
    (tmp_path / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    arguments = [str(tmp_path / "summary.json"), str(tmp_path / "index.html")]
    result = CliRunner().invoke(render_selftest, arguments)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == build_selftest_page(summary)
