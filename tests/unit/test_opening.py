"""A finished study opened in a notebook."""

from pathlib import Path

import pytest
from studies import build_study, write_results

import feedrate


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_results(tmp_path / "results", build_study(tmp_path / "records"))
    return tmp_path / "results"


def test_its_tables_are_those_of_the_report(folder: Path) -> None:
    found = feedrate.open_results(folder)
    assert set(found.summaries["experiment"]) >= {"ram_vs_disk", "targets"}
    assert len(found.trials) > 10
    assert len(found.claims) > 70
    row = found.cell("ram_vs_disk", "targets~npz_ram").loc["epoch_s"]
    assert row["low"] <= row["ratio"] <= row["high"]


def test_a_cell_that_is_not_there_is_named_with_those_that_are(folder: Path) -> None:
    with pytest.raises(KeyError, match=r"no such cell; there are: .*targets~npz_ram"):
        feedrate.open_results(folder).cell("ram_vs_disk", "targets~nothing")


def test_a_folder_without_a_study_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="snakemake --cores 8 all"):
        feedrate.open_results(tmp_path)
