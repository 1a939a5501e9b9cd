"""Planted effects are found again, and what cannot be told is not told."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from records import make_record
from studies import make_trials

from feedrate import stats
from feedrate.breakeven import break_even
from feedrate.control import Resolution, control_series, resolution, steadiness
from feedrate.doubts import doubts_about


def judged(folder: Path, record: dict[str, Any], **options: Any) -> pd.Series[Any]:
    """The `epoch_s` row of a single cell."""
    table = stats.summarise(make_trials(folder, [record]), **options)
    return table[table["estimand"] == "epoch_s"].iloc[0]


@pytest.mark.parametrize(
    ("speed_up", "noise", "verdict"),
    [
        (1.30, 0.01, "faster"),
        (0.80, 0.01, "slower"),
        (1.00, 0.01, "equivalent"),
        (1.05, 0.05, "inconclusive"),
    ],
)
def test_a_verdict_follows_the_interval(
    tmp_path: Path, speed_up: float, noise: float, verdict: str
) -> None:
    row = judged(tmp_path, make_record(speed_up=speed_up, noise=noise))
    assert row["verdict"] == verdict
    assert row["low"] <= speed_up <= row["high"]


def test_the_margin_decides_what_matters(tmp_path: Path) -> None:
    record = make_record(speed_up=1.08, noise=0.005)
    assert judged(tmp_path, record, margin=0.05)["verdict"] == "faster"
    assert judged(tmp_path, record, margin=0.15)["verdict"] == "equivalent"


def test_pairing_removes_a_drift_common_to_both_sides(tmp_path: Path) -> None:
    row = judged(tmp_path, make_record(speed_up=1.2, drift=0.8))
    assert row["verdict"] == "faster"
    assert row["high"] / row["low"] < 1.05
    assert "reference drifted" in row["warnings"]


def test_discarded_trials_do_not_count(tmp_path: Path) -> None:
    record = make_record(speed_up=1.3)
    for trial in record["trials"]:
        if trial["discarded"]:
            trial["epoch_s"] = 1000.0
    clean = judged(tmp_path / "b", make_record(speed_up=1.3))
    assert judged(tmp_path / "a", record)["ratio"] == clean["ratio"]


def test_an_invalid_cell_has_no_figures(tmp_path: Path) -> None:
    failures = ("reference, pair 3: decodes: expected 256, seen 250",)
    table = stats.summarise(make_trials(tmp_path, [make_record(failures=failures)]))
    assert set(table["verdict"]) == {"invalid"}
    assert table[["ratio", "low", "high", "cell_median"]].isna().to_numpy().all()
    assert failures[0] in table["warnings"].iloc[0]


@pytest.mark.parametrize(("pairs", "confidence"), [(4, 0.95), (6, 0.99)])
def test_too_few_pairs_are_no_verdict(tmp_path: Path, pairs: int, confidence: float) -> None:
    row = judged(tmp_path, make_record(pairs=pairs), confidence=confidence)
    assert row["verdict"] == "too few pairs"
    assert math.isnan(row["ratio"])
    assert row["cell_median"] > 0


def test_the_fewest_pairs_that_are_enough_are_enough(tmp_path: Path) -> None:
    assert judged(tmp_path, make_record(pairs=6))["verdict"] == "faster"
    assert judged(tmp_path, make_record(pairs=8), confidence=0.99)["verdict"] == "faster"


def test_a_pair_without_its_reference_is_an_error(tmp_path: Path) -> None:
    record = make_record()
    del record["trials"][5]
    with pytest.raises(ValueError, match=r"ram_vs_disk/targets~npz_ram: pair 1 lacks a side"):
        judged(tmp_path, record)


def test_a_ratio_above_one_always_favours_the_cell(tmp_path: Path) -> None:
    record = make_record(speed_up=1.25, extra_startup_s=2.0, pss_gb=2.0)
    table = stats.summarise(make_trials(tmp_path, [record])).set_index("estimand")
    assert table.loc["images_per_s", "ratio"] == pytest.approx(table.loc["epoch_s", "ratio"])
    assert table.loc["cpu_s_per_image", "verdict"] == "less"
    assert table.loc["startup_s", "ratio"] == pytest.approx(0.06 / 2.06)
    assert table.loc["startup_s", "verdict"] == "slower"
    assert table.loc["epoch_with_startup_s", "verdict"] == "slower"
    assert table.loc["pss_bytes", "ratio"] == pytest.approx(0.5)
    assert table.loc["pss_bytes", "verdict"] == "more"
    assert math.isnan(table.loc["stall_fraction", "ratio"])
    assert table.loc["stall_fraction", "verdict"] == ""


def test_a_quantity_that_is_missing_somewhere_has_no_ratio(tmp_path: Path) -> None:
    record = make_record()
    record["trials"][6]["pss_bytes"] = None
    table = stats.summarise(make_trials(tmp_path, [record])).set_index("estimand")
    assert math.isnan(table.loc["pss_bytes", "ratio"])
    assert table.loc["epoch_s", "verdict"] == "faster"


def test_holm_by_hand() -> None:
    adjusted = stats.holm(np.array([0.04, 0.01, 0.03]))
    assert adjusted == pytest.approx([0.06, 0.03, 0.06])
    assert stats.holm(np.array([0.9, 0.8])) == pytest.approx([1.0, 1.0])


def test_holm_withdraws_a_verdict_unless_it_was_declared(tmp_path: Path) -> None:
    cells = [f"workers~{count}" for count in (0, 1, 4, 8, 16, 32, 64)]
    made = [make_record(cell, "workers", 1.3, pairs=8) for cell in cells]
    table = stats.summarise(make_trials(tmp_path, made, workers=["workers~4"]))
    verdicts = table[table["estimand"] == "epoch_s"].set_index("cell")
    # Eight pairs cannot give p below 1 / 128, and 6 / 128 < 0.05 < 7 / 128.
    assert set(verdicts["verdict"]) == {"faster"}
    table = stats.summarise(make_trials(tmp_path, made, targets=["targets~none"]))
    verdicts = table[table["estimand"] == "epoch_s"].set_index("cell")
    assert set(verdicts["verdict"]) == {"inconclusive"}
    assert verdicts["p_holm"].iloc[0] == pytest.approx(7 / 128)


def test_equal_sides_have_a_p_of_one(tmp_path: Path) -> None:
    row = judged(tmp_path, make_record("reference", "aa", speed_up=1.0, noise=0.0))
    assert (row["p"], row["ratio"], row["verdict"]) == (1.0, 1.0, "equivalent")


def test_the_bootstrap_is_seeded_and_near_the_interval(tmp_path: Path) -> None:
    record = make_record(noise=0.03)
    first, second, other = (judged(tmp_path, record, seed=seed) for seed in (1, 1, 2))
    assert first["boot_low"] == second["boot_low"] != other["boot_low"]
    assert first["boot_low"] < first["mean_ratio"] < first["boot_high"]
    assert first["boot_low"] == pytest.approx(first["low"], rel=0.03)


def test_break_even_by_hand() -> None:
    extra, saved = np.full(8, 3.0), np.full(8, 0.5)
    found = break_even(extra, saved, repeats=2.0, confidence=0.95, seed=1)
    assert found["break_even_epochs"] == found["break_even_low"] == found["break_even_high"] == 6
    assert found["break_even_passes"] == 12


def test_what_is_built_is_paid_back_too() -> None:
    extra, saved = np.full(8, 3.0), np.full(8, 0.5)
    found = break_even(extra, saved, 1.0, 0.95, 1, build_s=2.0)
    assert (found["extra_startup_s"], found["extra_build_s"]) == (3.0, 2.0)
    assert found["break_even_epochs"] == found["break_even_low"] == found["break_even_high"] == 10
    assert break_even(-extra, saved, 1.0, 0.95, 1, build_s=2.0)["break_even_epochs"] == 0


def test_the_measured_images_pay_for_their_share_of_a_store(tmp_path: Path) -> None:
    record = make_record("images~tar", speed_up=1.3, extra_startup_s=0.2)
    store = {"store": "tar", "images": 4 * record["work"]["images"], "build": {"wall_s": 12.0}}
    row = judged(tmp_path / "cell", record | {"stores": {"cell": store}})
    assert row["extra_build_s"] == 3.0
    assert row["break_even_epochs"] == pytest.approx(3.2 / row["saved_s"])
    assert row["break_even_low"] > 3.0 / (1.1 * row["saved_s"])
    both = judged(tmp_path / "both", record | {"stores": {"cell": store, "reference": store}})
    assert both["extra_build_s"] == 0
    assert judged(tmp_path / "none", record)["extra_build_s"] == 0


@pytest.mark.parametrize(
    ("extra_s", "saved_s", "epochs"),
    [(3.0, -0.1, math.inf), (-1.0, 0.5, 0.0), (-1.0, 0.0, math.inf)],
)
def test_break_even_at_its_edges(extra_s: float, saved_s: float, epochs: float) -> None:
    found = break_even(np.full(6, extra_s), np.full(6, saved_s), 1.0, 0.95, 1)
    assert found["break_even_epochs"] == epochs


def test_break_even_bounds_may_be_never() -> None:
    saved = np.array([0.5, 0.4, -0.4, -0.5, 0.3, -0.1, 0.2, 0.1])
    found = break_even(np.full(8, 1.0), saved, 1.0, 0.95, 1)
    assert math.isfinite(found["break_even_low"])
    assert found["break_even_high"] == math.inf


def test_break_even_scales_start_up_by_images_and_saving_by_deliveries(tmp_path: Path) -> None:
    record = make_record(speed_up=1.3, extra_startup_s=1.2)
    row = judged(tmp_path, record)
    # An epoch delivers each image once: it is a pass.
    assert row["break_even_passes"] == row["break_even_epochs"]
    assert row["break_even_epochs"] == pytest.approx(1.2 / row["saved_s"])
    record["work"]["images"] //= 2  # delivered twice: a pass saves half of a measured epoch
    row = judged(tmp_path / "twice", record)
    assert row["break_even_passes"] == pytest.approx(2 * row["break_even_epochs"])


def test_doubts_are_raised(tmp_path: Path) -> None:
    few = make_trials(tmp_path / "a", [make_record(pairs=4)])
    assert doubts_about(few, 0.05) == ["few pairs (4; 6 are the least for a 95 % interval)"]
    noisy = make_trials(tmp_path / "b", [make_record(noise=0.25, seed=3)])
    found = doubts_about(noisy, 0.5)
    assert any("noisy" in doubt for doubt in found)
    assert any("wider than the 5.0% aimed at" in doubt for doubt in found)


def test_machines_are_never_merged(tmp_path: Path) -> None:
    made = [make_record(speed_up=1.3), make_record(speed_up=0.8, machine_id="another")]
    trials = pd.concat(
        [make_trials(tmp_path / str(number), [record]) for number, record in enumerate(made)]
    )
    rows = stats.summarise(trials).query("estimand == 'epoch_s'").set_index("machine_id")
    assert dict(rows["verdict"]) == {"1234e56789ab": "faster", "another": "slower"}
    assert set(rows["pairs"]) == {8}


def test_a_cell_that_is_not_available_says_why(tmp_path: Path) -> None:
    table = stats.summarise(make_trials(tmp_path, [make_record(unavailable="tmpfs")]))
    assert set(table["verdict"]) == {"not available"}
    assert set(table["warnings"]) == {"tmpfs"}
    assert set(table["pairs"]) == {0}
    assert table[["ratio", "cell_median"]].isna().to_numpy().all()


def steady_row(folder: Path, **how: Any) -> pd.Series[Any]:
    table = stats.summarise(make_trials(folder, [make_record(**how)]))
    return table[table["estimand"] == "steady_images_per_s"].iloc[0]


def test_the_steady_rate_has_pairs_of_its_own(tmp_path: Path) -> None:
    many = steady_row(tmp_path / "a", pairs=8, looped=7)
    assert (many["pairs"], many["verdict"]) == (7, "faster")
    assert many["low"] <= 1.3 <= many["high"]
    one = steady_row(tmp_path / "b")
    assert (one["pairs"], one["verdict"]) == (1, "too few pairs")
    assert one["cell_median"] > one["reference_median"] > 0
    none = steady_row(tmp_path / "c", looped=0)
    assert (none["pairs"], none["verdict"]) == (0, "not measured")


def test_without_a_steady_state_there_is_no_rate(tmp_path: Path) -> None:
    row = steady_row(tmp_path, steady=False, looped=7)
    assert row["verdict"] == "no steady state"
    assert math.isnan(row["ratio"])
    assert math.isnan(row["cell_median"])
    assert row["reference_median"] > 0
    assert row["warnings"] == "7 of 14 looped runs: no steady state"


def test_looped_runs_do_not_touch_the_other_estimands(tmp_path: Path) -> None:
    with_loops = judged(tmp_path / "a", make_record())
    without = judged(tmp_path / "b", make_record(looped=0))
    pd.testing.assert_series_equal(with_loops, without, check_names=False)


@pytest.mark.parametrize(("noise", "stopped"), [(0.005, "narrow enough"), (0.2, "most pairs")])
def test_a_row_says_why_pairs_were_no_longer_added(
    tmp_path: Path, noise: float, stopped: str
) -> None:
    row = judged(tmp_path, make_record(pairs=12, noise=noise))
    assert row["stopped"] == stopped
    assert bool(row["halfwidth"] < row["target_halfwidth"]) is (stopped == "narrow enough")


def test_the_smallest_effect_grows_with_the_noise(tmp_path: Path) -> None:
    def seen(name: str, noise: float) -> Resolution:
        made = [make_record(noise=noise), make_record("reference", "aa", 1.0, noise=noise)]
        trials = make_trials(tmp_path / name, made)
        chart = steadiness(control_series(trials))
        return resolution(stats.summarise(trials), chart)

    quiet, loud = seen("a", 0.01), seen("b", 0.05)
    assert quiet.pairs == loud.pairs == 8
    for part in ("typical", "repeated", "expected"):
        assert 0 < 2 * getattr(quiet, part) < getattr(loud, part) < 0.15


def test_without_intervals_no_effect_could_be_seen(tmp_path: Path) -> None:
    trials = make_trials(tmp_path, [make_record(pairs=4)])
    found = resolution(stats.summarise(trials), steadiness(control_series(trials)))
    assert (found.pairs, math.isnan(found.typical)) == (0, True)


def test_a_quiet_cell_raises_none(tmp_path: Path) -> None:
    assert doubts_about(make_trials(tmp_path, [make_record()]), 0.05) == []


def test_the_control_chart_sees_a_drift(tmp_path: Path) -> None:
    still = steadiness(control_series(make_trials(tmp_path / "a", [make_record()])))
    moved = steadiness(control_series(make_trials(tmp_path / "b", [make_record(drift=0.3)])))
    assert abs(still.drift) < 0.03
    assert moved.drift > 0.1
    assert still.trials == moved.trials == 8


def test_the_columns_are_the_documented_ones(tmp_path: Path) -> None:
    table = stats.summarise(make_trials(tmp_path))
    assert tuple(table.columns) == stats.COLUMNS
    documented = stats.__doc__ or ""
    hidden = [name for name in stats.COLUMNS if name not in documented]
    assert hidden == ["break_even_low", "break_even_high"]  # "with bootstrap bounds"
