"""Goals are pure functions of a record: each can be met, and each can be missed."""

from __future__ import annotations

import copy
import json
import math

import numpy as np
import pytest
from selftests import make_comparison, make_records, make_trial

from feedrate import goals
from feedrate.goals import accuracy, effects

RECORDS = make_records()


@pytest.fixture(autouse=True)
def few_simulated_cells(monkeypatch):
    monkeypatch.setattr(accuracy, "SIMULATED", 40)


@pytest.fixture
def records():
    return copy.deepcopy(RECORDS)


def goal_of(records, name):
    return next(goal for goal in goals.summarise(records)["goals"] if goal["name"] == name)


def of(records, section):
    return [each for each in records["comparisons"] if each["section"] == section]


def lengthen(comparison, times, names=("epoch_s",)):
    for trial in comparison["trials"]:
        if trial["side"] == "cell":
            trial |= {name: trial[name] * times for name in names}


def test_a_good_record_meets_every_goal_and_is_json(records):
    summary = goals.summarise(records)
    assert [goal["name"] for goal in summary["goals"] if not goal["met"]] == []
    assert all(
        set(goal) == {"name", "goal", "measured", "met", "detail"} for goal in summary["goals"]
    )
    json.dumps(summary, allow_nan=False)


def test_a_summary_does_not_depend_on_when_it_is_made(records):
    assert goals.summarise(records) == goals.summarise(json.loads(json.dumps(records)))


def test_false_positives_within_chance_are_forgiven_and_beyond_it_not(records):
    met = [each for each in of(records, "aa") if not effects.estimate(each)["excludes"]]
    for comparison in met[:2]:
        lengthen(comparison, 1.5)
    assert goal_of(records, "A cell against itself")["met"]
    for comparison in met[:10]:
        lengthen(comparison, 1.5)
    assert not goal_of(records, "A cell against itself")["met"]


def test_verdicts_with_the_margin_are_counted_apart(records):
    lengthen(of(records, "aa")[0], 1.5)
    lengthen(of(records, "aa")[1], 0.5)
    counts = goals.summarise(records)["aa"]["verdicts"]
    assert (counts["longer"], counts["shorter"]) == (1, 1)
    assert sum(counts.values()) == 40


def test_planted_effects_that_are_not_found_again_miss_their_level_and_no_other(records):
    for comparison in [each for each in of(records, "plant") if each["name"] == "spin_10"][:4]:
        lengthen(comparison, 1.2)
    assert not goal_of(records, "Planted: 10 % of each batch")["met"]
    assert goal_of(records, "Planted: 25 % of each batch")["met"]
    assert goal_of(records, "Planted effects, all")["met"]


def test_the_truth_of_a_repeat_is_what_its_own_trials_spun():
    comparison = make_comparison("plant", "spin_25", 1.25, 0.25)
    assert math.exp(effects.true_log_ratio(comparison)) == pytest.approx(1.25)
    comparison["trials"] = [make_trial("cell", 0, 2.0, 1.0), make_trial("cell", 1, 2.0, 0.0)]
    assert math.exp(effects.true_log_ratio(comparison)) == pytest.approx(math.sqrt(2))


def test_an_estimand_that_shows_what_it_must_not_misses(records):
    name = "Where an effect shows"
    assert "35 of 35" in goal_of(records, name)["measured"]
    waiting = next(each for each in of(records, "pattern") if each["name"] == "waiting")
    lengthen(waiting, 1.5, ("cpu_s",))
    assert not goal_of(records, name)["met"]
    assert "34 of 35" in goal_of(records, name)["measured"]


def test_an_estimand_that_hides_what_it_must_show_misses(records):
    startup = next(each for each in of(records, "pattern") if each["name"] == "start-up")
    lengthen(startup, 0.5, ("startup_s",))
    assert not goal_of(records, "Where an effect shows")["met"]


def test_the_steady_rate_leaves_the_first_pass_out():
    trial = make_trial("cell", 0, 1.0, kind="steady")
    even = effects.steady_s_per_image(trial, 8)
    assert even == pytest.approx(1.0 / 8)
    slow_first = [*np.linspace(1, 8, 4), *np.linspace(8.25, 10, 8)]
    assert effects.steady_s_per_image(trial | {"arrived_s": slow_first}, 8) == pytest.approx(1 / 8)


@pytest.mark.parametrize(("cost", "met"), [(1.0, True), (1.02, False)])
def test_the_clock_may_cost_less_than_a_hundredth(records, cost, met):
    clock = records["clock"]
    clock["on_s"] = [cost * value for value in clock["on_s"]]
    assert goal_of(records, "The clock's own cost")["met"] is met


def test_stages_that_do_not_add_up_are_told(records):
    for comparison in of(records, "aa"):
        for trial in comparison["trials"]:
            trial["stages_s"] = 0.8 * trial["epoch_s"]
    assert not goal_of(records, "Stages add up")["met"]


def test_one_hidden_fault_that_passes_misses_and_is_named(records):
    passed = of(records, "sabotage")[3]
    passed["gate"] = {"valid": True, "checks": 9, "failures": []}
    goal = goal_of(records, "Treatments switched off")
    assert not goal["met"]
    assert passed["name"] in goal["detail"]


def test_a_cell_that_is_refused_altogether_is_caught(records):
    refused = of(records, "sabotage")[0]
    refused |= {"trials": [], "refused": "cell, warm-up: a worker died"}
    refused["gate"] = {"valid": False, "checks": 0, "failures": []}
    summary = goals.summarise(records)
    assert summary["hidden"]["rows"][0]["words"] == "cell, warm-up: a worker died"
    assert goal_of(records, "Treatments switched off")["met"]


def test_a_gate_that_refuses_honest_cells_proves_nothing(records):
    honest = of(records, "honest")[0]
    honest["gate"] = {"valid": False, "checks": 9, "failures": ["cell: why"]}
    assert not goal_of(records, "Honest cells")["met"]
    honest["available"] = False
    assert goal_of(records, "Honest cells")["met"]


def test_a_comparison_that_the_gate_refuses_has_no_figures_and_is_not_forgotten(records):
    for section in ("aa", "plant", "pattern"):
        refused = of(records, section)[0]
        refused |= {"trials": [], "refused": "a worker died"}
        refused["gate"] = {"valid": False, "checks": 0, "failures": []}
    summary = goals.summarise(records)
    assert (len(summary["aa"]["rows"]), summary["plants"]["overall"]["of"]) == (39, 99)
    assert not goal_of(records, "Where an effect shows")["met"]
    honest = goal_of(records, "Honest cells")
    assert (honest["met"], honest["detail"]) == (False, "a worker died")


def test_too_much_time_misses(records):
    records["elapsed_s"] = records["budget_s"] + 1
    assert not goal_of(records, "Time")["met"]


def test_a_share_has_its_exact_interval():
    share = effects.share_of(0, 40)  # 1 - 0.025 ** (1 / 40), Clopper & Pearson 1934
    assert (share["low"], share["high"]) == (0.0, pytest.approx(1 - 0.025 ** (1 / 40)))


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(1.06, 1.2, "longer"), (0.8, 0.94, "shorter"), (0.97, 1.03, "equivalent"), (0.9, 1.1, "open")],
)
def test_verdicts(low, high, verdict):
    assert effects.verdict(low, high) == verdict
