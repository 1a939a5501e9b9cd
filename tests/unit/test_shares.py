"""Stages alone and inside workers stand side by side, and their difference is explained."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest
from records import STAGES_MS, make_record
from studies import make_trials

from feedrate import shares
from feedrate.report.stage_sentences import say_contention
from profiles import make_profile


@pytest.fixture
def trials(tmp_path: Path) -> pd.DataFrame:
    return make_trials(tmp_path, [make_record(pairs=8)])


def test_shares_add_up_and_carry_their_intervals() -> None:
    table = shares.stage_table(make_profile()).set_index("stage")
    assert table["share"].sum() == pytest.approx(1)
    assert table["loader_share"].sum() == pytest.approx(1)
    assert table.loc["decode", "low"] < table.loc["decode", "ms"] < table.loc["decode", "high"]
    assert math.isnan(table.loc["consume", "low"])


def test_only_references_that_ran_the_profiled_pipeline_count(trials: pd.DataFrame) -> None:
    levels = make_profile()["levels"]
    chosen = shares.reference_trials(trials, levels)
    assert set(chosen["side"]) == {"reference"}
    assert not chosen["discarded"].any()
    assert shares.reference_trials(trials, {**levels, "decoder": "opencv"}).empty
    assert len(shares.reference_trials(trials.assign(kind="steady"), levels)) == 0
    every = trials[(trials["side"] == "reference") & ~trials["discarded"].astype(bool)]
    assert len(shares.reference_trials(every.assign(kind="epoch"), levels)) == len(every)


def test_stages_stand_side_by_side(trials: pd.DataFrame) -> None:
    table = shares.side_by_side(make_profile(decode=4.5), trials).set_index("stage")
    assert "consume" not in table.index
    assert "transfer" not in table.index
    assert table.loc["decode", "worker_ms"] == pytest.approx(STAGES_MS["decode"])
    assert table.loc["decode", "factor"] == pytest.approx(9 / (1.025 * 4.5))
    assert table.loc["decode", "worker_low"] <= table.loc["decode", "worker_high"]


def test_too_few_trials_have_no_interval(trials: pd.DataFrame) -> None:
    table = shares.reference_stages(trials.head(4))
    assert table["low"].isna().all()
    assert shares.reference_stages(trials.head(0)).empty


def test_waiting_and_labour_are_told_apart(trials: pd.DataFrame) -> None:
    made = make_profile()
    inside_ms = sum(STAGES_MS[stage] for stage in shares.IN_WORKERS)
    half = trials.assign(cpu_user_s=inside_ms / 2e3 * trials["images"], cpu_system_s=0.0)
    seen = shares.contention(made, half)
    assert seen is not None
    assert seen.waiting == pytest.approx(2)
    assert (seen.workers, seen.cores) == (2, 2)
    said = say_contention(shares.contention(made, half.drop(columns="switches_involuntary")))
    assert "50 % is waiting for a core" in said
    assert "taken off its core" not in said
    switched = shares.contention(made, half.assign(switches_involuntary=3.0 * half["images"]))
    assert "3.00 times an image taken off its core by another" in say_contention(switched)
    busy = shares.contention(made, half.assign(cpu_user_s=2 * half["cpu_user_s"]))
    assert busy is not None
    assert "hardly waited" in say_contention(busy)
    assert busy.labour == pytest.approx(2 * seen.labour)


def test_without_such_trials_nothing_is_explained(trials: pd.DataFrame) -> None:
    made = make_profile()
    made["levels"] |= {"decoder": "opencv"}
    assert shares.contention(made, trials) is None
    assert shares.side_by_side(made, trials)["worker_ms"].isna().all()
    assert say_contention(None).startswith("No trial of this study")
