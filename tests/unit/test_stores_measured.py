"""A cell on a built store, measured whole: its record tells what the store took to build."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import storing
from tiny import make_index

from feedrate import pairs
from feedrate.breakeven import build_share_s
from feedrate.cell import Cell
from feedrate.config import Measuring, Work
from feedrate.dataconfig import TargetSettings
from feedrate.index import read_index
from feedrate.matrix import Conditions, MeasuredCell
from feedrate.stores import lmdb


def cell_of(**levels: str | int) -> MeasuredCell:
    reference = Cell.model_validate({"batch_size": 2, "targets": "kernel", "workers": 0})
    cell = reference.with_levels(levels)
    return MeasuredCell(
        experiment="e",
        name=cell.name(reference),
        cell=cell,
        reference=reference,
        conditions=Conditions(
            work=Work(images=4, steady_rounds=3),
            measuring=Measuring(max_pairs=6, steady_pairs=0),
            targets=TargetSettings(image_size=64),
            seed=7,
            plugins={},
        ),
    )


def measure(measured: MeasuredCell, folder: Path, **built: Any) -> dict[str, Any]:
    index, stores = make_index(folder), folder / "stores"
    for store in measured.stores:
        storing.build(store, read_index(index), stores / store, **built)
    record, _, _ = pairs.measure(
        measured, "tiny", index, folder / "maps", lambda *_: None, stores_root=stores
    )
    return record


def test_the_record_of_a_mapped_cell_is_valid_and_tells_the_cost(tmp_path: Path) -> None:
    record = measure(cell_of(images="decoded_mmap"), tmp_path)
    assert record["gate"]["failures"] == []
    assert record["equivalence"]["verdict"] == "identical"
    assert set(record["stores"]) == {"cell"}
    told = record["stores"]["cell"]
    assert (told["store"], told["images"]) == ("decoded_mmap", 6)
    assert told["made_with"] == {
        "decoder": "pillow",
        "transform": "albumentations",
        "image_size": 64,
    }
    assert build_share_s(record, "cell") == pytest.approx(told["build"]["wall_s"] * 4 / 6)
    assert build_share_s(record, "reference") == 0
    assert {trial["page_cache"]["files"] for trial in record["trials"]} == {1, 4}


def test_a_cell_whose_library_is_absent_is_not_available(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lmdb, "unavailable", lambda: "not installed: lmdb")
    record = measure(cell_of(images="lmdb"), tmp_path, unavailable="not installed: lmdb")
    assert record["available"] == {"ok": False, "reason": "not installed: lmdb"}
    assert record["trials"] == []
    assert build_share_s(record, "cell") == 0


def test_a_cell_of_a_built_store_must_be_told_where_it_lies(tmp_path: Path) -> None:
    index = make_index(tmp_path)
    with pytest.raises(ValueError, match="images: tar is a built store; say where those lie"):
        pairs.measure(cell_of(images="tar"), "tiny", index, tmp_path, lambda *_: None)
