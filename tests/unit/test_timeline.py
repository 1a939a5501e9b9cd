"""The timeline of an epoch whose times are known."""

import numpy as np
import pandas as pd
import pytest

from feedrate.figures import BAD, STAGE_COLOURS
from feedrate.stages import WORKER_STAGES, StageClock
from feedrate.timeline_figures import draw_timeline, say_timeline, stage_spans

CLOCK_S = 1000.0


def rows() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two workers, a batch of two samples each; a sample takes 100 ms, a batch 50 ms more."""
    samples = [
        {
            "worker": 7 + batch,
            "batch": batch,
            "began_ns": round((CLOCK_S + 0.1 * place) * 1e9),
            **dict.fromkeys([f"{stage}_ns" for stage in WORKER_STAGES], 0),
            "decode_ns": 60_000_000,
            "targets_ns": 40_000_000,
            "collate_ns": 50_000_000 if place == 0 else 0,
        }
        for batch in (0, 1)
        for place in (0, 1)
    ]
    batches = [
        {"requested_s": 0.0, "arrived_s": 0.25, "consumed_s": 0.35},
        {"requested_s": 0.35, "arrived_s": 0.35, "consumed_s": 0.5},
    ]
    return pd.DataFrame(samples), pd.DataFrame(batches)


def test_stages_follow_each_other_and_the_batch_its_last_sample() -> None:
    samples, _ = rows()
    spans = dict(stage_spans(samples[samples["worker"] == 7], CLOCK_S))
    assert spans["decode"] == pytest.approx(np.array([[0.0, 0.06], [0.1, 0.16]]), abs=1e-6)
    assert spans["targets"] == pytest.approx(np.array([[0.06, 0.1], [0.16, 0.2]]), abs=1e-6)
    assert spans["collate"] == pytest.approx(np.array([[0.2, 0.25]]), abs=1e-6)


def test_it_is_drawn_with_a_lane_a_worker_and_waits_in_red() -> None:
    samples, batches = rows()
    svg = draw_timeline(samples, batches, CLOCK_S)
    assert "worker 2" in svg
    assert "worker 3" not in svg
    for colour in (BAD, STAGE_COLOURS["decode"], STAGE_COLOURS["targets"]):
        assert colour in svg
    assert STAGE_COLOURS["transform"] not in svg
    assert draw_timeline(samples, batches, CLOCK_S) == svg


def test_the_waiting_is_said() -> None:
    assert say_timeline(rows()[1]).startswith("The consumer waits 50 % of an epoch of 500 ms")


def test_a_clock_says_when_a_sample_began_and_a_batch_adds_nothing_to_it() -> None:
    clock = StageClock()
    clock.start()
    sample = clock.row()
    assert sample[-1] > 0
    clock.start_batch()
    clock.lap("collate")
    assert clock.row()[-1] == 0
