"""An epoch played through: by hand where it can be counted, against a real loader where not."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from feedrate.model.events import Arrangement, play


def test_one_process_does_everything_in_turn():
    epoch = play(np.array([1.0, 2.0, 3.0]), Arrangement(workers=0, consume_s=10.0))
    assert epoch.ended_s == 36.0
    assert epoch.arrived_s.tolist() == [1.0, 13.0, 26.0]
    assert epoch.stalled_s == 6.0
    assert epoch.stall_fraction == pytest.approx(6 / 36)


def test_two_workers_halve_equal_batches():
    epoch = play(np.ones(8), Arrangement(workers=2))
    assert epoch.ended_s == 4.0
    assert epoch.stall_fraction == 1.0


def test_batches_arrive_in_their_order_behind_a_slow_one():
    epoch = play(np.array([5.0, 1.0, 1.0, 1.0]), Arrangement(workers=2))
    assert epoch.arrived_s.tolist() == [5.0, 5.0, 6.0, 6.0]


def test_no_worker_runs_further_ahead_than_it_may():
    """One batch on order for each of two: the third is begun when the first was taken."""
    service_s = np.array([4.0, 1.0, 1.0, 1.0])
    epoch = play(service_s, Arrangement(workers=2, prefetch=1))
    assert epoch.arrived_s.tolist() == [4.0, 4.0, 5.0, 5.0]


def test_a_slow_consumer_waits_for_the_first_batch_alone():
    epoch = play(np.ones(10), Arrangement(workers=1, consume_s=5.0))
    assert epoch.stalled_s == 1.0
    assert epoch.ended_s == 51.0


def test_threads_on_one_batch_finish_it_sooner():
    apart = play(np.ones(4), Arrangement(workers=4))
    together = play(np.ones(4), Arrangement(workers=4, together=True))
    assert apart.arrived_s.tolist() == [1.0] * 4
    assert together.arrived_s.tolist() == [0.25, 0.5, 0.75, 1.0]


def test_no_batches_are_refused():
    with pytest.raises(ValueError, match="an epoch without batches"):
        play(np.array([]), Arrangement(workers=1))


TIMES = st.lists(st.floats(1e-3, 10.0), min_size=1, max_size=30).map(np.array)


@given(TIMES, st.integers(0, 6), st.integers(1, 4), st.floats(0.0, 5.0))
def test_no_epoch_is_shorter_than_its_work_or_longer_than_all_of_it_in_turn(
    service_s, workers, prefetch, consume_s
):
    epoch = play(service_s, Arrangement(workers, prefetch, consume_s=consume_s))
    work_s, consumed_s = service_s.sum(), consume_s * len(service_s)
    assert epoch.ended_s >= max(work_s / max(workers, 1), consumed_s) - 1e-9
    assert epoch.ended_s <= work_s + consumed_s + 1e-9
    assert (np.diff(epoch.arrived_s) >= 0).all()
    assert epoch.ended_s == pytest.approx(epoch.stalled_s + consumed_s)


@given(TIMES, st.integers(1, 5), st.floats(0.0, 5.0))
def test_more_ahead_is_never_slower(service_s, workers, consume_s):
    ended_s = [
        play(service_s, Arrangement(workers, ahead, consume_s=consume_s)).ended_s
        for ahead in (1, 2, 4)
    ]
    assert ended_s[0] >= ended_s[1] - 1e-9
    assert ended_s[1] >= ended_s[2] - 1e-9


class Sleeping:
    """Samples that take a known time and no processor."""

    def __init__(self, takes_s: float, count: int) -> None:
        self.takes_s, self.count = takes_s, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> int:
        time.sleep(self.takes_s)
        return index


@pytest.mark.own_process
@pytest.mark.parametrize(
    ("takes_ms", "consume_ms", "workers"), [(20, 0, 2), (2, 120, 2), (20, 20, 0), (4, 80, 1)]
)
def test_a_real_loader_waits_for_what_was_planted(takes_ms, consume_ms, workers):
    images, size = 48, 4
    loader = DataLoader(Sleeping(takes_ms / 1e3, images), batch_size=size, num_workers=workers)
    iterator = iter(loader)
    began_s, stalled_s = time.perf_counter(), 0.0
    for _ in range(images // size):
        asked_s = time.perf_counter()
        next(iterator)
        stalled_s += time.perf_counter() - asked_s
        time.sleep(consume_ms / 1e3)
    ended_s = time.perf_counter() - began_s
    service_s = np.full(images // size, size * takes_ms / 1e3)
    expected = play(service_s, Arrangement(workers, consume_s=consume_ms / 1e3))
    assert ended_s > 0.95 * expected.ended_s
    assert (stalled_s / ended_s > 0.5) == (expected.stall_fraction > 0.5)
