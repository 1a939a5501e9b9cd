"""The section on stores: bytes, building and break-even, from manifests and summaries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
from records import make_record
from studies import build_study, make_trials, write_results

from feedrate import phrases, stats
from feedrate.report import build_extras, read_study
from feedrate.report.stores import DASH, view_stores


def manifest(store: str, size: int = 24_000_000, wall_s: float = 12.0) -> dict[str, Any]:
    return {
        "store": store,
        "available": {"ok": True, "reason": ""},
        "images": 256,
        "bytes": size,
        "dataset_bytes": 23_800_000,
        "build": {"wall_s": wall_s, "cpu_s": wall_s / 2},
        "machine": {"machine_id": "1234e56789ab"},
    }


def record(store: str, speed_up: float = 1.3, **more: Any) -> dict[str, Any]:
    made = make_record(f"images~{store}", "stores", speed_up, **more)
    return made | {"stores": {"cell": manifest(store)}}


def summary(folder: Path, *made: dict[str, Any]) -> pd.DataFrame:
    return stats.summarise(make_trials(folder, list(made)))


def test_a_row_has_bytes_building_and_what_earns_it_back(tmp_path: Path) -> None:
    summaries = summary(tmp_path, record("tar"))
    [row] = view_stores({"tar": manifest("tar")}, summaries).rows
    assert (row.store, row.size, row.times) == ("tar", "24 MB", "1.01x")
    assert (row.build, row.processor) == ("12.0 s", "6.00 s")
    epoch = summaries[summaries["estimand"] == "epoch_s"].iloc[0]
    assert (row.cell, row.speed_up) == ("stores/images~tar", f"{epoch['ratio']:.2f}x")
    assert epoch["extra_build_s"] == 6.0  # half of the images are measured
    after, low, high = (epoch[f"break_even_{name}"] for name in ("epochs", "low", "high"))
    assert row.paid_back == "{} ({} to {})".format(*map(phrases.epochs, (after, low, high)))
    assert low < after < high


def test_the_title_names_the_store_that_is_earned_back_soonest(tmp_path: Path) -> None:
    made = [record("tar", 1.05), record("decoded_mmap", 3.0), record("lmdb", 0.9)]
    stores = {name: manifest(name) for name in ("tar", "lmdb", "decoded_mmap")}
    view = view_stores(stores, summary(tmp_path, *made))
    assert view.title.startswith("The store earned back soonest is decoded_mmap, after 3.")
    assert [row.store for row in view.rows] == ["tar", "lmdb", "decoded_mmap"]
    assert view.rows[1].paid_back.startswith("never (")


def test_where_nothing_is_earned_back_the_title_says_so(tmp_path: Path) -> None:
    view = view_stores({"lmdb": manifest("lmdb")}, summary(tmp_path, record("lmdb", 0.8)))
    assert view.title == "No store that was built is earned back by a faster epoch here"


def test_a_store_that_no_cell_reads_alone_has_its_costs_and_no_verdict(tmp_path: Path) -> None:
    made = make_record("images~tar+workers~4", "stores")
    [row] = view_stores({"tar": manifest("tar")}, summary(tmp_path, made)).rows
    assert (row.cell, row.speed_up, row.paid_back) == (DASH, DASH, DASH)
    assert row.size == "24 MB"


def test_an_invalid_cell_earns_nothing(tmp_path: Path) -> None:
    made = record("tar", failures=("cell, pair 1: decode: expected 128, seen 127",))
    [row] = view_stores({"tar": manifest("tar")}, summary(tmp_path, made)).rows
    assert (row.speed_up, row.paid_back) == ("invalid", DASH)


def test_an_absent_library_is_told(tmp_path: Path) -> None:
    absent = manifest("lmdb") | {"available": {"ok": False, "reason": "not installed: lmdb"}}
    made = record("lmdb", unavailable="not installed: lmdb")
    view = view_stores({"lmdb": absent}, summary(tmp_path, made))
    assert (view.rows, view.absent) == ([], ["lmdb: not installed: lmdb"])


def test_the_section_stands_on_the_page_of_the_machine_that_built(tmp_path: Path) -> None:
    study = build_study(tmp_path / "made", [make_record(), record("tar")])
    write_results(tmp_path, study)
    path = tmp_path / "stores" / "receipts" / "tar.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(manifest("tar")))
    read = read_study(tmp_path, ["receipts"], ["ram_vs_disk", "stores"])
    assert set(read.stores["receipts"]) == {"tar"}
    page = "".join(build_extras(read)["receipts"])
    assert "What a store costs" in page
    assert "The store earned back soonest is tar" in page
    elsewhere = manifest("tar") | {"machine": {"machine_id": "other"}}
    path.write_text(json.dumps(elsewhere))
    again = read_study(tmp_path, ["receipts"], ["ram_vs_disk", "stores"])
    assert "What a store costs" not in "".join(build_extras(again)["receipts"])


def test_a_study_without_built_stores_has_no_section(tmp_path: Path) -> None:
    study = build_study(tmp_path / "made", [make_record()])
    write_results(tmp_path, study)
    read = read_study(tmp_path, ["receipts"], ["ram_vs_disk"])
    assert read.stores == {"receipts": {}}
    assert "What a store costs" not in "".join(build_extras(read)["receipts"])
