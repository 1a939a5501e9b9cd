"""Threads fill batches in order, no further ahead than they may, and leave when they are told."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest

from feedrate.feeding.crew import THREAD_NAME, Crew

BATCHES = [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11], [12]]
PATIENCE_S = 20.0


class Squares:
    """Makes squares; remembers which batches were begun, and by whom samples were made."""

    def __init__(self, broken: int | None = None, slow: int | None = None) -> None:
        self.broken, self.slow = broken, slow
        self.begun: list[list[None]] = []
        self.makers: set[str] = set()
        self.made: list[int] = []

    def begin(self, count: int) -> list[Any]:
        self.begun.append([None] * count)
        return self.begun[-1]

    def make(self, room: list[Any], place: int, index: int) -> int:
        if index == self.broken:
            raise ValueError(f"sample {index} is broken")
        if index == self.slow:
            time.sleep(0.05)
        self.makers.add(threading.current_thread().name)
        self.made.append(index)
        room[place] = index * index
        return index

    def finish(self, room: list[Any], indices: Sequence[int], made: list[int]) -> list[int]:
        assert made == list(indices)
        return room


def threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith(THREAD_NAME)]


def wait_for_no_threads() -> None:
    deadline = time.monotonic() + PATIENCE_S
    while threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threads() == []


@pytest.fixture(autouse=True)
def _nothing_left() -> Any:
    wait_for_no_threads()
    yield
    gc.collect()
    wait_for_no_threads()


@pytest.mark.parametrize("workers", [0, 1, 2, 5])
@pytest.mark.parametrize("ahead", [0, 1, 3, 100])
def test_batches_come_in_order(workers: int, ahead: int) -> None:
    crew, maker = Crew(workers), Squares(slow=1)
    expected = [[index * index for index in indices] for indices in BATCHES]
    for _ in range(2):
        assert list(crew.deliver(maker, BATCHES, ahead)) == expected
    own = threading.current_thread().name
    assert (own in maker.makers) == (workers == 0)
    assert len(maker.makers) <= max(workers, 1)
    crew.close()


@pytest.mark.parametrize("ahead", [0, 1, 2])
def test_no_more_batches_are_begun_than_asked_for(ahead: int) -> None:
    crew, maker = Crew(2), Squares()
    iterator = crew.deliver(maker, BATCHES, ahead)
    assert maker.begun == []
    for number in range(1, len(BATCHES) + 1):
        next(iterator)
        assert len(maker.begun) == min(number + ahead, len(BATCHES))
    crew.close()


def test_without_threads_nothing_is_made_ahead() -> None:
    maker = Squares()
    next(Crew(0).deliver(maker, BATCHES, ahead=3))
    assert maker.made == BATCHES[0]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_failure_comes_where_its_batch_would_have_come(workers: int) -> None:
    crew, maker = Crew(workers), Squares(broken=7)
    iterator = crew.deliver(maker, BATCHES, ahead=4)
    assert [next(iterator), next(iterator)] == [[0, 1, 4], [9, 16, 25]]
    with pytest.raises(ValueError, match="sample 7 is broken"):
        next(iterator)
    with pytest.raises(StopIteration):
        next(iterator)
    maker.broken = None
    assert len(list(crew.deliver(maker, BATCHES, ahead=1))) == len(BATCHES)
    crew.close()


def test_an_abandoned_iteration_makes_no_more() -> None:
    crew, maker = Crew(1), Squares(slow=3)
    many = [[3]] * 50
    iterator = crew.deliver(maker, many, ahead=40)
    next(iterator)
    del iterator
    gc.collect()
    crew.close()
    assert len(maker.made) <= 4


def test_two_iterations_at_once_share_the_threads() -> None:
    crew, maker = Crew(2), Squares()
    pairs = list(zip(crew.deliver(maker, BATCHES, 1), crew.deliver(maker, BATCHES, 1), strict=True))
    assert all(one == other and one is not other for one, other in pairs)
    assert len(threads()) == 2
    crew.close()


def test_a_closed_crew_says_so() -> None:
    crew = Crew(2)
    list(crew.deliver(Squares(), BATCHES, 1))
    crew.close()
    crew.close()
    assert threads() == []
    with pytest.raises(RuntimeError, match="closed; build another one"):
        next(crew.deliver(Squares(), BATCHES, 1))


def test_threads_end_when_nobody_knows_their_crew() -> None:
    crew = Crew(2)
    list(crew.deliver(Squares(), BATCHES, 1))
    assert len(threads()) == 2
    del crew
    gc.collect()
    wait_for_no_threads()


def test_a_crew_of_another_process_is_refused() -> None:
    crew = Crew(1)
    crew._process -= 1
    with pytest.raises(RuntimeError, match="threads are not forked along; build the loader in"):
        next(crew.deliver(Squares(), BATCHES, 1))
