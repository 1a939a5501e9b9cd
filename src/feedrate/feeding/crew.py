"""Threads that fill batches, sample by sample, in the order of the work.

All threads work on the oldest batch that is not ready, so that it is ready soon; the next ones are
in the making meanwhile. Who writes into a batch holds it: an iteration that is abandoned leaves at
most one sample a thread to finish, in memory that nobody else has yet.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

THREAD_NAME = "feedrate-loader"


class Maker(Protocol):
    """Who knows how to make a batch; every method may be called by any thread."""

    def begin(self, count: int) -> Any:
        """Get room for a batch of so many samples."""

    def make(self, room: Any, place: int, index: int) -> Any:
        """Write one sample to its place, and return what else there is to know of it."""

    def finish(self, room: Any, indices: Sequence[int], made: list[Any]) -> Any:
        """Put a batch together from its room and from what `make` returned, in order."""


@dataclass(frozen=True, eq=False)
class _Later:
    """A task of a crew without threads: done when its result is asked for."""

    result: Callable[[], Any]

    def cancel(self) -> bool:
        return True


@dataclass(frozen=True, eq=False)
class _Started:
    """A batch in the making."""

    tasks: Sequence[Any]
    finish: Callable[[list[Any]], Any]

    def wait(self) -> Any:
        """Return the batch; the first failure ends the others."""
        try:
            return self.finish([task.result() for task in self.tasks])
        finally:
            self.cancel()

    def cancel(self) -> None:
        for task in self.tasks:
            task.cancel()


class Crew:
    """A number of threads that stay until they are told to go, or nobody knows them any more.

    Attributes:
        workers: How many; 0 does the work in the thread that asks for a batch.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._process = os.getpid()
        self._pool = ThreadPoolExecutor(max(workers, 1), thread_name_prefix=THREAD_NAME)
        self._closed = False

    def deliver(self, maker: Maker, batches: Iterable[Sequence[int]], ahead: int) -> Iterator[Any]:
        """Yield batches in order.

        Args:
            maker: Makes them.
            batches: The indices of each.
            ahead: How many are ready or in the making behind the one that is yielded.

        Raises:
            RuntimeError: The crew is closed, or was made by the process this one was forked from.
        """
        self._require_threads()
        started: deque[_Started] = deque()
        try:
            for indices in batches:
                started.append(self._start(maker, indices))
                if len(started) > (ahead if self.workers else 0):
                    yield started.popleft().wait()
            while started:
                yield started.popleft().wait()
        finally:
            for each in started:
                each.cancel()

    def close(self) -> None:
        """Let the threads end after the sample that each is at, and wait for them."""
        self._closed = True
        self._pool.shutdown(wait=os.getpid() == self._process, cancel_futures=True)

    def _start(self, maker: Maker, indices: Sequence[int]) -> _Started:
        room = maker.begin(len(indices))
        calls = [partial(maker.make, room, *each) for each in enumerate(indices)]
        tasks = [self._pool.submit(call) if self.workers else _Later(call) for call in calls]
        return _Started(tasks, partial(maker.finish, room, indices))

    def _require_threads(self) -> None:
        if self._closed:
            raise RuntimeError("this loader is closed; build another one")
        if os.getpid() != self._process:
            raise RuntimeError(
                f"this loader belongs to process {self._process}: threads are not forked along;"
                " build the loader in the process that uses it"
            )
