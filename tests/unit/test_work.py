"""The fixed work: which images, in which order."""

import pytest

from feedrate.work import work_order


def test_the_same_seed_gives_the_same_images_and_another_seed_others():
    assert work_order(100, 10, 25, 7) == work_order(100, 10, 25, 7)
    assert work_order(100, 10, 25, 7)[0] != work_order(100, 10, 25, 8)[0]


def test_images_are_distinct_and_looped_to_fill_the_work():
    chosen, order = work_order(100, 10, 25, 7)
    assert len(set(chosen)) == 10
    assert max(chosen) < 100
    assert order == [place % 10 for place in range(25)]


def test_more_images_than_there_are_names_the_key_and_both_numbers():
    with pytest.raises(ValueError, match=r"work\.images: 10 asked for, but the dataset has 9"):
        work_order(9, 10, 10, 7)
