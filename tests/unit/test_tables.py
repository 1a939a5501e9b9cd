"""Records become one tidy table; nothing is lost, nothing guessed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from records import PRIMARY, STAGES_MS, make_record, make_study, write_records

from feedrate import tables
from feedrate.records import RecordPaths


def collect(folder: Path, record: dict[str, Any]) -> pd.DataFrame:
    return tables.collect(write_records(folder, [record]), PRIMARY)


def test_one_row_a_trial_the_discarded_ones_too(tmp_path: Path) -> None:
    record = make_record(pairs=7)
    table = collect(tmp_path, record)
    assert len(table) == len(record["trials"]) == 2 + 14 + 2
    assert int(table["discarded"].sum()) == 2
    assert dict(table["kind"].value_counts()) == {"epoch": 14, "warm_up": 2, "steady": 2}
    assert len(tables.counted(table)) == 14
    assert len(tables.counted(table, "steady")) == 2


def test_a_trial_carries_the_levels_of_its_own_side(tmp_path: Path) -> None:
    table = collect(tmp_path, make_record())
    assert set(table[table["side"] == "cell"]["level_targets"]) == {"npz_ram"}
    assert set(table[table["side"] == "reference"]["level_targets"]) == {"npz"}


def test_estimands_come_from_the_record(tmp_path: Path) -> None:
    record = make_record()
    row, trial = collect(tmp_path, record).iloc[4], record["trials"][4]
    assert row["epoch_with_startup_s"] == trial["startup_s"] + trial["epoch_s"]
    assert row["images_per_s"] == 128 / trial["epoch_s"]
    assert row["cpu_s_per_image"] == pytest.approx(1.8 * trial["epoch_s"] / 128)
    assert row["minor_faults_per_image"] == 1000 / 128
    assert row["switches_per_image"] == 320 / 128
    assert row["read_bytes_per_image"] == 400_000_000 / 128
    assert row["stall_fraction"] == pytest.approx(0.9)
    assert row["first_batch_s"] == row["startup_first_batch_s"] == 0.3
    assert row["stages_decode_s"] == pytest.approx(STAGES_MS["decode"] * 0.128)


def test_a_looped_run_is_tested_for_a_steady_state(tmp_path: Path) -> None:
    table = collect(tmp_path, make_record(speed_up=1.3, steady=False))
    runs = table[table["kind"] == "steady"].set_index("side")
    assert runs.loc["reference", "steady_verdict"] == "flat"
    assert runs.loc["reference", "steady_images_per_s"] == pytest.approx(49, rel=0.05)
    assert runs.loc["cell", "steady_verdict"] == "no steady state"
    assert pd.isna(runs.loc["cell", "steady_images_per_s"])
    assert set(tables.counted(table)["steady_verdict"]) == {""}
    assert tables.counted(table)["steady_images_per_s"].isna().all()


def test_a_looped_run_without_its_batches_is_an_error(tmp_path: Path) -> None:
    (path,) = write_records(tmp_path, [make_record()])
    RecordPaths.beside(path).batches.unlink()
    with pytest.raises(FileNotFoundError, match=r"targets~npz_ram\.batches\.parquet"):
        tables.collect([path])
    bare = write_records(tmp_path, [make_record(looped=0)])
    RecordPaths.beside(path).batches.unlink()
    assert "steady" not in set(tables.collect(bare)["kind"])


def test_lists_stay_in_the_record_and_what_was_not_read_is_no_number(tmp_path: Path) -> None:
    table = collect(tmp_path, make_record())
    assert not [name for name in table if name.startswith("memory")]
    assert table["mhz"].isna().all()
    assert set(table["worker_threads_process_max"]) == {2}
    assert set(table["page_cache_resident_after"]) == {0.999}


def test_the_fingerprint_is_text_whatever_it_is_made_of(tmp_path: Path) -> None:
    first = collect(tmp_path, make_record()).iloc[0]
    assert first["machine_versions"] == "torch 2.13.0, numpy 2.4.6"
    assert first["machine_flags"] == "avx2 fma"
    assert first["machine_quota_cores"] == ""
    assert (first["machine_cores"], first["machine_memory_gib"]) == (2, 24)
    assert first["hash_conditions"] == "7e1"


def test_the_stopping_rule_is_told(tmp_path: Path) -> None:
    first = collect(tmp_path, make_record(pairs=9)).iloc[0]
    assert (first["stopping_pairs"], first["stopping_most"]) == (9, 12)
    assert first["stopping_reached"]
    assert 0 < first["stopping_halfwidth"] < first["stopping_target_halfwidth"] == 0.05


def test_a_cell_that_is_not_available_has_one_row_with_its_reason(tmp_path: Path) -> None:
    made = [make_record(), make_record("page_cache~cold", unavailable="tmpfs cannot be emptied")]
    table = tables.collect(write_records(tmp_path, made))
    row = table[table["cell"] == "page_cache~cold"]
    assert len(row) == 1
    assert not row["available"].any()
    assert row["unavailable_reason"].iloc[0] == "tmpfs cannot be emptied"
    assert row["level_page_cache"].iloc[0] == "cold"
    assert row[["epoch_s", "images_per_s", "pss_bytes"]].isna().to_numpy().all()
    assert tables.counted(row).empty
    table.to_csv(tmp_path / "trials.csv", index=False)
    pd.testing.assert_frame_equal(tables.read_trials(tmp_path / "trials.csv"), table)


def test_a_table_of_nothing_available_is_still_a_table(tmp_path: Path) -> None:
    table = collect(tmp_path, make_record(unavailable="no such decoder"))
    assert list(table["unavailable_reason"]) == ["no such decoder"]


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
    assert note == "images: max 0.031, mean 0.0012, 18 % of values; accuracy untested"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 1}, "schema 1; this version reads schema 2: measure the cell again"),
        ({"stopping": None}, "lacks stopping"),
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
