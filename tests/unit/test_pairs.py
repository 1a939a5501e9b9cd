"""The order of trials: seeded, balanced in sides, warm-ups first."""

from feedrate.pairs import turns


def test_each_pair_has_both_sides_once_and_warm_ups_come_first():
    order = turns(pairs=8, discard=3, seed="s")
    assert [turn.discarded for turn in order] == [True] * 3 + [False] * 16
    for pair in range(8):
        sides = sorted(turn.side for turn in order if turn.pair == pair)
        assert sides == ["cell", "reference"]


def test_warm_ups_show_the_batches_of_both_sides():
    assert {turn.side for turn in turns(6, 2, "s") if turn.discarded} == {"cell", "reference"}


def test_the_coin_is_seeded_and_falls_both_ways():
    assert turns(40, 2, "a") == turns(40, 2, "a")
    firsts = [turn.side for turn in turns(40, 2, "a") if turn.position == 0 and turn.pair >= 0]
    assert 8 <= firsts.count("cell") <= 32


def test_labels_say_which_trial_is_meant():
    order = turns(1, 2, "s")
    assert [turn.label for turn in order[:2]] == ["reference, warm-up", "cell, warm-up"]
    assert sorted(turn.label for turn in order[2:]) == ["cell, pair 1", "reference, pair 1"]
