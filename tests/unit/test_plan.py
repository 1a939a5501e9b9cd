"""What a study will cost: estimated before, measured afterwards, and within the budget."""

import json
from pathlib import Path

import pytest

from feedrate.cell import Cell
from feedrate.config import FACTOR_KINDS
from feedrate.configfile import read_config
from feedrate.plan import TYPICAL_MS, estimate_s, plan
from feedrate.registry import REGISTRIES

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["config", "sroie"])
def test_the_default_study_stays_in_its_budget_on_two_cores(name, monkeypatch, tmp_path):
    monkeypatch.setattr("feedrate.plan.usable_cores", lambda: 2)
    monkeypatch.chdir(tmp_path)
    costs = plan(read_config(ROOT / f"config/{name}.yaml"), tmp_path)
    total_s = sum(cost.total_s for cost in costs)
    assert 10 <= len(costs) <= 16
    # Data, maps, profile and report take about three minutes more.
    assert total_s < 17 * 60
    assert sum(cost.trials_s for cost in costs) > 0.5 * total_s


def test_an_earlier_record_tells_better_than_an_estimate(tmp_path):
    config = read_config(ROOT / "config/smoke.yaml")
    record = tmp_path / "smoke/aa/reference.json"
    record.parent.mkdir(parents=True)
    trials = [
        {"side": side, "kind": kind, "startup_s": 1.0, "epoch_s": seconds * longer}
        for side, seconds in (("reference", 41.0), ("cell", 40.0))
        for kind, longer in (("warm_up", 2), ("epoch", 1), ("steady", 5))
    ]
    record.write_text(json.dumps({"trials": trials, "stopping": {"pairs": 6}}))
    costs = {cost.cell: cost for cost in plan(config, tmp_path)}
    assert costs["reference"].measured
    assert costs["reference"].pairs == 6
    assert (costs["reference"].reference_s, costs["reference"].cell_s) == (42.0, 41.0)
    assert not costs["targets~npz_ram"].measured


def test_a_level_that_was_not_available_costs_next_to_nothing(tmp_path):
    record = tmp_path / "smoke/aa/reference.json"
    record.parent.mkdir(parents=True)
    told = {"available": {"ok": False, "reason": "no GPU"}, "trials": [], "stopping": {"pairs": 0}}
    record.write_text(json.dumps(told))
    costs = {cost.cell: cost for cost in plan(read_config(ROOT / "config/smoke.yaml"), tmp_path)}
    assert (costs["reference"].pairs, costs["reference"].trials_s) == (0, 0)


def test_the_record_of_a_level_without_trials_is_no_estimate(tmp_path):
    record = tmp_path / "smoke/aa/reference.json"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps({"trials": [], "stopping": {"pairs": 0}}))
    costs = {cost.cell: cost for cost in plan(read_config(ROOT / "config/smoke.yaml"), tmp_path)}
    assert not costs["reference"].measured


def test_what_it_may_cost_at_most_counts_every_pair_there_may_be():
    cost = plan(read_config(ROOT / "config/config.yaml"), ROOT / "absent")[0]
    assert cost.pairs < cost.most_pairs == 8
    more_s = (cost.most_pairs - cost.pairs) * (cost.reference_s + cost.cell_s)
    assert cost.most_s == pytest.approx(cost.total_s + more_s)


def test_workers_share_the_work_only_as_far_as_there_are_cores(monkeypatch):
    monkeypatch.setattr("feedrate.plan.usable_cores", lambda: 2)
    seconds = [estimate_s(Cell(workers=workers), 100) for workers in (0, 1, 2, 4)]
    assert seconds[0] == seconds[1] == 2 * seconds[2] == 2 * seconds[3]


def test_what_a_store_leaves_to_decode_is_what_it_costs():
    disk, small, decoded = (
        estimate_s(Cell(images=images, workers=0), 100)
        for images in ("disk", "resized_jpeg", "decoded_mmap")
    )
    assert disk > small > decoded == estimate_s(Cell(images="decoded_ram", workers=0), 100)


def test_a_paced_consumer_sets_the_pace():
    assert estimate_s(Cell(consumer="sleep:1000"), 160) == pytest.approx(10.0)


@pytest.mark.parametrize("factor", ["decoder", "targets"])
def test_no_level_is_taken_to_cost_nothing(factor):
    levels = [name for name in REGISTRIES[FACTOR_KINDS[factor]] if name != "none"]
    assert [level for level in levels if level not in TYPICAL_MS] == []


def test_factors_change_the_estimate_as_they_change_the_work():
    def lasts(**levels):
        return estimate_s(Cell(**levels), 100, 100)

    usual = lasts(targets="kernel")
    assert lasts(targets="kernel", image_size=320) < usual
    assert lasts(targets="kernel", payload="uint8") < usual
    assert lasts(targets="kernel", decoder="simplejpeg_scaled") < usual
    assert lasts(targets="kernel", transform="opencv:area") > usual
    assert lasts(targets="kernel", page_cache="cold") > usual
    assert lasts(targets="kernel", start_method="spawn") > usual + 3
    assert lasts(targets="kernel", start_method="spawn", workers=0) == lasts(
        targets="kernel", workers=0
    )


def test_what_fills_a_cache_goes_once_through_the_distinct_images():
    once, looped = (estimate_s(Cell(images="decoded_ram"), images, 100) for images in (100, 1000))
    epoch = estimate_s(Cell(images="decoded_ram"), 100)
    assert once - epoch == pytest.approx(0.1 * (TYPICAL_MS["pillow"] + TYPICAL_MS["transform"]))
    assert looped - once == pytest.approx(9 * epoch)
    assert estimate_s(Cell(targets="npz_ram"), 100, 100) > estimate_s(Cell(targets="npz_ram"), 100)


@pytest.mark.parametrize("what", ["decode", "transform", "targets", "all"])
def test_a_free_stage_is_paid_for_before_the_epoch(what):
    free, whole = Cell(ablate=what), Cell()
    assert estimate_s(free, 100) < estimate_s(whole, 100)
    assert estimate_s(free, 100, 100) > estimate_s(free, 100)
