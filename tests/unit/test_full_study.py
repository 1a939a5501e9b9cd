"""The full study really is full: every level of every registry stands in some cell of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrate.cell import Cell, split_level
from feedrate.config import FACTOR_KINDS
from feedrate.configfile import read_config
from feedrate.goals import speed
from feedrate.matrix import expand, finished_cells
from feedrate.plan import plan
from feedrate.registry import REGISTRIES

ROOT = Path(__file__).resolve().parents[2]
FULL = read_config(ROOT / "config" / "full.yaml")
CELLS = expand(FULL)
SIDES = [side for cell in CELLS for side in (cell.cell, cell.reference)]
CHOICES = {
    "page_cache": ("warm", "cold"),
    "start_method": ("fork", "forkserver", "spawn"),
    "allocator": ("default", "tuned"),
    "payload": ("float32", "uint8"),
    "collate": ("worker", "main"),
    "ablate": ("none", "decode", "transform", "targets", "all"),
    "workers": (0, 1, 2, 4, 8),
    "prefetch_factor": (1, 2, 4, 8),
    "persistent_workers": (0, 1),
    "pin_memory": (0, 1),
    "image_size": (0, 512, 320),
    "threads": (1, 2),
}


@pytest.mark.parametrize(
    ("factor", "level"),
    [(factor, level) for factor, kind in FACTOR_KINDS.items() for level in REGISTRIES[kind]],
)
def test_every_plugin_stands_in_a_cell(factor: str, level: str) -> None:
    assert level in {split_level(getattr(side, factor))[0] for side in SIDES}, (
        f"config/full.yaml has no cell with {factor}: {level}; add it to an experiment"
    )


@pytest.mark.parametrize("factor", CHOICES)
def test_every_setting_stands_in_a_cell(factor: str) -> None:
    assert set(CHOICES[factor]) <= {getattr(side, factor) for side in SIDES}


def test_every_factor_is_varied() -> None:
    varied = {
        factor
        for cell in CELLS
        for factor in Cell.model_fields
        if getattr(cell.cell, factor) != getattr(cell.reference, factor)
    }
    set_for_both = {"epochs", "consumer", "pin_memory", "batch_size"}
    assert set(Cell.model_fields) - varied == set_for_both


def test_the_experiments_that_the_goals_look_for_are_there() -> None:
    named = {speed.DELIVERED, speed.EXACT, speed.MADE, speed.LADDER, *speed.PEERS}
    assert named <= set(FULL.experiments)
    assert set(finished_cells(FULL)) == {speed.DELIVERED, speed.EXACT}


def test_both_ways_to_feedrates_loader_begin_at_the_same_pipeline() -> None:
    steps = finished_cells(FULL)
    maps = [cell for cell in CELLS if cell.experiment == speed.MADE]
    assert [cell.cell for cell in maps] == [steps[speed.DELIVERED]]
    assert maps[0].reference == FULL.base.with_levels({"targets": "reference"})
    assert all(cell.loader == "feedrate" for cell in steps.values())
    assert steps[speed.EXACT].payload == "float32"


@pytest.mark.parametrize("experiment", speed.PEERS)
def test_peers_are_given_the_same_work(experiment: str) -> None:
    """All that differs is the loader, and where it reads from if it reads nothing else."""
    for cell in CELLS:
        if cell.experiment == experiment:
            alike = cell.cell.with_levels({"loader": "feedrate", "images": "disk"})
            assert alike == cell.reference


def test_it_takes_hours_and_not_days(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("feedrate.plan.usable_cores", lambda: 2)
    costs = plan(FULL, tmp_path)
    assert len(costs) == len(CELLS)
    assert 1 < sum(cost.total_s for cost in costs) / 3600 < 6
    assert sum(cost.most_s for cost in costs) / 3600 < 12
