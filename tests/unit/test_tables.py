"""Records become one tidy table; nothing is lost, nothing guessed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from records import PRIMARY, STAGES_MS, make_record, make_study, write_records

from feedrate import tables


def collect(folder: Path, record: dict[str, Any]) -> pd.DataFrame:
    return tables.collect(write_records(folder, [record]), PRIMARY)


def test_one_row_a_trial_the_discarded_ones_too(tmp_path: Path) -> None:
    record = make_record(pairs=7)
    table = collect(tmp_path, record)
    assert len(table) == len(record["trials"]) == 16
    assert int(table["discarded"].sum()) == 2


def test_a_trial_carries_the_levels_of_its_own_side(tmp_path: Path) -> None:
    table = collect(tmp_path, make_record())
    assert set(table[table["side"] == "cell"]["level_targets"]) == {"npz_ram"}
    assert set(table[table["side"] == "reference"]["level_targets"]) == {"npz"}


def test_estimands_come_from_the_record(tmp_path: Path) -> None:
    record = make_record()
    row, trial = collect(tmp_path, record).iloc[4], record["trials"][4]
    assert row["epoch_with_startup_s"] == trial["startup_s"] + trial["epoch_s"]
    assert row["images_per_s"] == 256 / trial["epoch_s"]
    assert row["cpu_s_per_image"] == pytest.approx(1.8 * trial["epoch_s"] / 256)
    assert row["stall_fraction"] == pytest.approx(0.9)
    assert row["first_batch_s"] == row["startup_first_batch_s"] == 0.3
    assert row["stages_decode_s"] == pytest.approx(STAGES_MS["decode"] * 0.256)


def test_primary_is_declared_by_the_study_not_by_the_record(tmp_path: Path) -> None:
    paths = write_records(tmp_path, make_study())
    seen = tables.collect(paths, {"targets": ["targets~kernel"]})
    assert set(seen[seen["primary"]]["cell"]) == {"targets~kernel"}
    assert not tables.collect(paths)["primary"].any()


def test_a_table_read_back_is_the_table_written(tmp_path: Path) -> None:
    table = tables.collect(write_records(tmp_path, make_study()), PRIMARY)
    table.to_csv(tmp_path / "trials.csv", index=False)
    pd.testing.assert_frame_equal(tables.read_trials(tmp_path / "trials.csv"), table)


def test_an_id_that_looks_like_a_number_stays_text(tmp_path: Path) -> None:
    table = collect(tmp_path, make_record(machine_id="0012e4"))
    table.to_csv(tmp_path / "trials.csv", index=False)
    assert set(tables.read_trials(tmp_path / "trials.csv")["machine_id"]) == {"0012e4"}


def test_a_difference_between_batches_is_told(tmp_path: Path) -> None:
    note = collect(tmp_path, make_record(equivalence="pixels differ"))["equivalence_note"].iloc[0]
    assert note == "images: max 0.031, mean 0.0012, 18 % of values"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 2}, "schema 2; this version reads schema 1"),
        ({"trials": []}, "lacks any trial"),
        ({"gate": None}, "lacks gate"),
    ],
)
def test_a_wrong_record_is_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    record = make_record() | change
    path = tmp_path / "broken.json"
    kept = {key: value for key, value in record.items() if value is not None}
    path.write_text(json.dumps(kept), encoding="utf-8")
    with pytest.raises(ValueError, match=message) as error:
        tables.collect([path])
    assert "broken.json" in str(error.value)


def test_what_is_no_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "cut.json").write_text('{"schema": 1, "tri', encoding="utf-8")
    with pytest.raises(ValueError, match=r"cut\.json: not JSON"):
        tables.collect([tmp_path / "cut.json"])


def test_no_records_is_an_error() -> None:
    with pytest.raises(ValueError, match="no records"):
        tables.collect([])
