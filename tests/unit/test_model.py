"""The model: fitted to planted pipelines, it must name their bottleneck and their speed."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from planted import CALIBRATION, IMAGES, LAW, NAMES, PROFILE, STAGES_MS, UNSEEN, fitted, measured

from feedrate.cell import Cell
from feedrate.model.contention import fit
from feedrate.model.costs import Effect, Knowledge, profiled_effects
from feedrate.model.fitting import fit_model
from feedrate.model.measured import stage_weights
from feedrate.model.prediction import CONSUMER, Work, name_bottleneck, what_if_free
from feedrate.model.scoring import LEAST_CELLS, judge_goals, score
from feedrate.shares import IN_WORKERS


def test_the_law_of_contention_is_found_again():
    found = fit([(n, LAW.slowdown(n)) for n in (1, 2, 4, 8)])
    assert (found.alone, found.waiting, found.coherence) == pytest.approx((1.05, 0.15, 0.02))


def test_contention_without_points_or_with_one_is_constant():
    assert fit([]).slowdown(8) == 1.0
    assert fit([(1, 1.2), (1, 1.2)]).slowdown(4) == pytest.approx(1.2)


def test_contention_refuses_what_is_no_slowdown():
    with pytest.raises(ValueError, match="above 0"):
        fit([(1, 0.0)])


def test_time_is_shared_out_beyond_the_cores():
    law = replace(LAW, cores=2)
    assert law.slowdown(8) == pytest.approx(4 * law.slowdown(2))
    found = fit([(n, law.slowdown(n)) for n in (1, 2, 4, 8)], cores=2)
    assert found.slowdown(6) == pytest.approx(law.slowdown(6))


def test_a_calibration_without_one_worker_leaves_one_worker_its_time():
    names = {name for name in NAMES if name[1] != "workers~1"}
    model = fit_model(PROFILE, CALIBRATION, names, {}, IMAGES)
    assert all(law.slowdown(1) == pytest.approx(1.0, rel=0.1) for law in model.laws.values())


DECODER = frozenset({("decoder", "opencv")})
LOADER = frozenset({("loader", "feedrate")})


def test_an_effect_multiplies_its_own_stage_and_adds_to_one_that_was_not_there():
    effect = Effect(DECODER, {"decode": 10.0, "filter": 0.0}, {"decode": 5.0, "filter": 1.0})
    assert effect.apply({"decode": 30.0, "filter": 0.5, "read": 1.0}) == {
        "decode": 15.0, "filter": 1.5, "read": 1.0
    }  # fmt: skip


def test_any_other_stage_changes_neither_by_more_time_nor_by_more_of_it_than_was_seen():
    effect = Effect(LOADER, {"decode": 10.0}, {"decode": 5.0})
    assert effect.apply({"decode": 30.0}) == {"decode": 25.0}
    assert effect.apply({"decode": 4.0}) == {"decode": 2.0}
    assert Effect(LOADER, {"decode": 10.0}, {"decode": 0.0}).apply({"decode": 30.0})["decode"] == 0


def test_what_a_decoder_leaves_behind_concerns_only_the_stage_it_was_seen_beside():
    effect = Effect(DECODER, {"transform": 4.0}, {"transform": 6.0})
    assert effect.apply({"transform": 4.0})["transform"] == 6.0
    assert effect.apply({"transform": 2.0}, replaced=["transform"])["transform"] == 2.0
    everywhere = Effect(LOADER | DECODER, {"transform": 4.0}, {"transform": 6.0})
    assert everywhere.apply({"transform": 2.0}, replaced=["transform"])["transform"] == 3.0


def test_a_change_that_was_measured_whole_is_not_counted_in_parts():
    base = Cell().model_dump()
    one = Effect(frozenset({("decoder", "opencv")}), {"decode": 10.0}, {"decode": 7.0}, source="a")
    both = Effect(
        frozenset({("decoder", "opencv"), ("targets", "kernel")}),
        {"decode": 10.0, "targets": 6.0}, {"decode": 6.0, "targets": 1.0}, source="b",
    )  # fmt: skip
    known = Knowledge(base, STAGES_MS, (one, both))
    costs = known.costs_of({**base, "decoder": "opencv", "targets": "kernel"})
    assert costs.stages_ms["decode"] == pytest.approx(6.0)
    assert costs.sources == ("b",)
    assert known.costs_of({**base, "decoder": "opencv"}).sources == ("a",)


def test_a_level_that_nobody_measured_is_named():
    known = Knowledge(Cell().model_dump(), STAGES_MS)
    assert known.costs_of(Cell(allocator="tuned").model_dump()).unknown == ("allocator~tuned",)


def test_a_profile_tells_of_no_targets_too():
    changes = {effect.change for effect in profiled_effects(PROFILE)}
    assert frozenset({("targets", "none")}) in changes
    assert frozenset({("targets", "npz")}) not in changes


def test_another_reference_tells_of_its_own_levels_and_of_those_on_top():
    """Two loaders beside a third: what is known of it leads to what is known of them."""
    base = Cell(workers=1).model_dump()
    slow, fast = dict(STAGES_MS, collate=4.0), dict(STAGES_MS, collate=1.0)
    beside = Cell(loader="feedrate").model_dump()
    back = replace(
        CALIBRATION[0], experiment="peers", cell="loader~torch", levels=Cell().model_dump(),
        reference=beside, stages_ms=STAGES_MS, reference_ms=fast,
    )  # fmt: skip
    other = replace(
        back, cell="loader~spdl", levels=Cell(loader="spdl").model_dump(), stages_ms=slow
    )
    names = {("peers", "loader~torch"), ("peers", "loader~spdl")}
    model = fit_model(PROFILE, [back, other], names, {}, IMAGES)
    costs = {
        loader: model.knowledge.costs_of({**base, "loader": loader})
        for loader in ("torch", "feedrate", "spdl")
    }
    collate_ms = {name: each.stages_ms["collate"] for name, each in costs.items()}
    assert collate_ms == pytest.approx({"torch": 2.0, "feedrate": 1.0, "spdl": 4.0})
    assert costs["torch"].residual == 1.0
    assert costs["spdl"].unknown == ()


def test_planted_pipelines_are_predicted_and_their_bottlenecks_named():
    found = score(fitted(), [*CALIBRATION, *UNSEEN], NAMES)
    assert found["cells"] == {"calibration": 7, "unseen": 48, "measured": 55}
    own = found["scores"]["model"]
    assert own["median_abs_error"] < 0.02
    assert own["bottleneck_accuracy"] > 0.9
    assert own["coverage_90"] > 0.9
    for rival in ("serial_amdahl", "linear_in_workers"):
        assert found["scores"][rival]["median_abs_error"] > 2 * own["median_abs_error"]


@pytest.mark.parametrize(
    ("levels", "bottleneck"),
    [
        ({}, "decode"),
        ({"decoder": "simplejpeg"}, "targets"),
        ({"decoder": "simplejpeg", "targets": "kernel", "workers": 1}, "decode"),
        ({"targets": "kernel", "decoder": "simplejpeg", "consumer": "sleep:2000"}, CONSUMER),
    ],
)
def test_the_bottleneck_of_a_planted_pipeline(levels, bottleneck):
    assert fitted().predict(Cell().with_levels(levels).model_dump()).bottleneck == bottleneck


def test_the_model_sees_nothing_but_its_calibration():
    others = [
        replace(each, ratio=100.0, stages_ms=dict.fromkeys(IN_WORKERS, 1e3)) for each in UNSEEN
    ]
    levels = Cell(decoder="simplejpeg", targets="kernel").model_dump()
    alone, beside = fitted(), fitted([*CALIBRATION, *others])
    assert alone.predict(levels) == beside.predict(levels)


def test_a_calibration_cell_that_is_absent_is_named():
    with pytest.raises(ValueError, match="not measured: workers/workers~8"):
        fitted([each for each in CALIBRATION if each.cell != "workers~8"])


def test_too_few_cells_are_not_scored():
    found = score(fitted(), [*CALIBRATION, *UNSEEN[:10]], NAMES)
    assert found["scores"]["model"] is None
    assert found["too_few"] == f"too few to score: 10 unseen cells, a score needs {LEAST_CELLS}"
    assert found["goals"] == []
    assert len(found["predictions"]) == 10


def test_noise_widens_the_error_and_is_seen():
    rng = np.random.default_rng(3)
    noisy = [replace(each, ratio=each.ratio * math.exp(rng.normal(0, 0.2))) for each in UNSEEN]
    found = score(fitted(), [*CALIBRATION, *noisy], NAMES)["scores"]["model"]
    assert found["median_abs_error"] > 0.08
    assert found["coverage_90"] < 0.8


def test_a_stage_for_nothing():
    levels = Cell().model_dump()
    gains = dict(what_if_free(fitted(), levels, ["decode", "transform", "targets", "all"]))
    whole = sum(STAGES_MS.values())
    assert gains["decode"].ratio == pytest.approx(whole / (whole - 10.0), rel=0.02)
    assert gains["all"].ratio == pytest.approx(whole / 2.0, rel=0.02)
    assert gains["decode"].low < gains["decode"].ratio < gains["decode"].high


def test_what_if_stands_beside_its_cell():
    cell = measured("what_if", {"ablate": "decode"})
    (row,) = score(fitted(), [*CALIBRATION, cell], NAMES)["what_if"]
    assert row["free"] == "decode"
    assert row["cell"] == "what_if/ablate~decode"
    assert row["measured_low"] < row["measured"] < row["measured_high"]
    assert row["ratio"] == pytest.approx(row["measured"], rel=0.02)


def test_goals_are_judged():
    good = {"median_abs_error": 0.05, "coverage_90": 0.9}
    bad = {"median_abs_error": 0.09, "coverage_90": 0.5}
    worse = {"median_abs_error": 0.3, "coverage_90": 0.9}
    rivals = {"serial_amdahl": worse, "linear_in_workers": worse}
    assert [goal["met"] for goal in judge_goals({"model": good, **rivals})] == [True] * 3
    assert [goal["met"] for goal in judge_goals({"model": bad, **rivals})] == [True, False, True]
    assert not judge_goals({"model": good, **rivals, "serial_amdahl": bad})[2]["met"]


def test_networks_and_repeats_are_not_predicted():
    network = replace(UNSEEN[0], levels=Cell(consumer="dbnet").model_dump())
    repeat = measured("aa", {})
    found = score(fitted(), [*CALIBRATION, network, repeat], NAMES)
    assert found["predictions"] == []
    assert found["repeat_error"] == 0.0


def test_a_network_costs_what_the_profile_clocked():
    assert fitted().predict(Cell(consumer="dbnet").model_dump()).bottleneck == CONSUMER
    silent = replace(fitted(), forward_s=None)
    with pytest.raises(ValueError, match="consumer 'dbnet': its time was not clocked"):
        silent.predict(Cell(consumer="dbnet").model_dump())


def test_weights_are_medians_over_pairs_in_the_order_of_an_epoch():
    columns = [f"{stage}_ns" for stage in IN_WORKERS[:5]]
    rows = [
        {
            "pair": pair,
            "side": side,
            "kind": kind,
            **dict.fromkeys(columns, 0),
            "decode_ns": ns * scale,
        }
        for pair, scale in ((0, 1), (1, 1), (2, 50))
        for side in ("reference", "cell")
        for kind in ("epoch", "steady")
        for ns in (1, 3)
    ]
    weights = stage_weights(pd.DataFrame(rows))
    assert {stage: each.tolist() for stage, each in weights.items()} == {"decode": [0.5, 1.5]}


def test_work_is_cut_into_batches():
    work = Work(5, {"decode": np.array([1.0, 2, 3, 4, 5])})
    found = work.service_s({"decode": 1e3, "read": 500.0}, 2)
    assert found.tolist() == [4.0, 8.0, 5.5]
    assert Work(5, {}).service_s({"read": 1e3}, 2).tolist() == [2.0, 2.0, 1.0]


def test_the_name_of_a_bottleneck():
    assert name_bottleneck({"decode": 1.0, "targets": 2.0, "consume": 9.0}, 0.9) == "targets"
    assert name_bottleneck({"decode": 1.0, "targets": 2.0}, 0.1) == CONSUMER


def test_a_law_without_points_can_be_written() -> None:
    """A study without calibration has a model too, and JSON knows no infinity."""
    law = fit([], 2)
    assert (law.cores, law.slowdown(1), law.slowdown(4)) == (2, 1.0, 2.0)
