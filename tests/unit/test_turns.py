"""The order of trials: seeded, balanced in sides, warm-ups first; and the datum of a pair."""

import math

import pytest

from feedrate.turns import EPOCH, STEADY, WARM_UP, log_ratios, pair_of, warm_ups


def test_each_pair_has_both_sides_once():
    for pair in range(20):
        assert sorted(turn.side for turn in pair_of(EPOCH, pair, "s")) == ["cell", "reference"]


def test_warm_ups_show_the_batches_of_both_sides():
    assert [turn.side for turn in warm_ups(3)] == ["reference", "cell", "reference"]
    assert {turn.kind for turn in warm_ups(3)} == {WARM_UP}


def test_the_coin_is_seeded_and_falls_both_ways():
    order = [pair_of(EPOCH, pair, "a") for pair in range(40)]
    assert order == [pair_of(EPOCH, pair, "a") for pair in range(40)]
    assert order != [pair_of(EPOCH, pair, "b") for pair in range(40)]
    assert 8 <= sum(turns[0].side == "cell" for turns in order) <= 32


def test_the_order_of_a_pair_does_not_depend_on_how_many_there_are():
    looped = [[turn.side for turn in pair_of(STEADY, pair, "a")] for pair in range(40)]
    assert looped != [[turn.side for turn in pair_of(EPOCH, pair, "a")] for pair in range(40)]


def test_labels_say_which_trial_is_meant():
    assert [turn.label for turn in warm_ups(2)] == ["reference, warm-up", "cell, warm-up"]
    assert {turn.label for turn in pair_of(EPOCH, 0, "s")} == {"cell, pair 1", "reference, pair 1"}
    assert {turn.label for turn in pair_of(STEADY, 1, "s")} == {
        "cell, looped pair 2",
        "reference, looped pair 2",
    }


def trial(kind, pair, side, epoch_s):
    return {"kind": kind, "pair": pair, "side": side, "epoch_s": epoch_s}


def test_only_whole_pairs_of_epochs_give_a_ratio_above_zero_where_the_cell_is_faster():
    trials = [
        trial(WARM_UP, -1, "reference", 9.0),
        trial(WARM_UP, -1, "cell", 1.0),
        trial(EPOCH, 0, "cell", 1.0),
        trial(EPOCH, 0, "reference", 2.0),
        trial(STEADY, 0, "reference", 8.0),
        trial(STEADY, 0, "cell", 1.0),
        trial(EPOCH, 1, "reference", 2.0),
    ]
    assert log_ratios(trials) == pytest.approx([math.log(2)])
