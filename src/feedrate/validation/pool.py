"""Work shared among processes: in order, a bounded amount of it at a time."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from typing import TypeVar

from feedrate.index import batched

Item = TypeVar("Item")
Result = TypeVar("Result")

FEW = 32
"""Items that are done before a second process would have started."""
AHEAD = 4
"""Chunks a process that are waiting or done: enough that none idles, few enough to hold."""


def map_in_order(
    function: Callable[[Item], Result], items: Iterable[Item], chunk: int
) -> Iterator[tuple[Item, Result]]:
    """Yield every item with what a function makes of it, in order, computed on all usable cores.

    Args:
        function: Can be pickled, as can items and results.
        items: Taken as they are needed, not all at once.
        chunk: How many go to a process at a time.

    Raises:
        ChildProcessError: A process was killed, as the system does where memory runs out.
    """
    rest = iter(items)
    few = list(islice(rest, FEW))
    processes = len(os.sched_getaffinity(0))
    if len(few) < FEW or processes < 2:
        yield from ((item, function(item)) for item in chain(few, rest))
        return
    # Not forked from here: the index's reader has started threads, and a fork would halt them.
    context = multiprocessing.get_context("forkserver")
    pool = ProcessPoolExecutor(processes, mp_context=context)
    pending = deque[tuple[list[Item], Future[list[Result]]]]()
    try:
        for some in batched(chain(few, rest), chunk):
            pending.append((some, pool.submit(_apply, function, some)))
            if len(pending) == AHEAD * processes:
                yield from _collect(*pending.popleft())
        while pending:
            yield from _collect(*pending.popleft())
    except BrokenProcessPool:
        raise ChildProcessError(
            "a process was killed while it looked at the dataset, most likely for want of memory:"
            " free some, or set a lower limit of megapixels"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _collect(items: list[Item], future: Future[list[Result]]) -> Iterator[tuple[Item, Result]]:
    return zip(items, future.result(), strict=True)


def _apply(function: Callable[[Item], Result], items: list[Item]) -> list[Result]:
    return [function(item) for item in items]
