"""A loader watched in a running training loop: how long the loop waits for it, and likely why.

``for batch in feedrate.watch(loader):`` times every request and reads, at both ends of an epoch,
the processor time of this process and of its children. That is all: no thread, no hook, nothing
inside the workers, so that it costs a microsecond a batch.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from time import perf_counter
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

import psutil

from feedrate.waiting import Watched

Item = TypeVar("Item")
# By loader: most loops wrap it anew for each epoch, and the epochs are counted on.
_SEEN: WeakKeyDictionary[Any, list[Watched]] = WeakKeyDictionary()


class Watch(Generic[Item]):
    """An iterable that is watched; `watch` makes one.

    Attributes:
        loader: What is watched.
        report: Told what was seen at the end of each epoch.
        epochs: What was seen so far of this loader, whichever watch saw it.
    """

    def __init__(self, loader: Iterable[Item], report: Callable[[str], Any] | None = None) -> None:
        self.loader = loader
        self.report = report or _print
        self.epochs = _epochs_of(loader)

    def __len__(self) -> int:
        """Count the batches of an epoch, if the loader can."""
        return len(self.loader)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Item]:
        """Go through one epoch; what was seen is told at its end, however it ends."""
        own = psutil.Process()
        cpu_s, children_s, busy_s = _own_cpu_s(), _children_cpu_s(own), _busy_s()
        began_s = perf_counter()
        batches, workers = 0, 0
        waited_s = first_s = waited_cpu_s = 0.0
        iterator = iter(self.loader)
        try:
            asked_s, asked_cpu_s = began_s, cpu_s
            for batch in iterator:
                came_s, came_cpu_s = perf_counter(), _own_cpu_s()
                waited_s += came_s - asked_s
                waited_cpu_s += came_cpu_s - asked_cpu_s
                if not batches:
                    first_s, workers = came_s - began_s, len(own.children())
                batches += 1
                yield batch
                asked_s, asked_cpu_s = perf_counter(), _own_cpu_s()
        finally:
            elapsed_s = perf_counter() - began_s
            self._tell(
                Watched(
                    batches,
                    elapsed_s,
                    waited_s,
                    first_s,
                    workers,
                    max(_children_cpu_s(own) - children_s, 0.0),
                    _own_cpu_s() - cpu_s,
                    waited_cpu_s,
                    len(os.sched_getaffinity(0)),
                    _busy_s() - busy_s,
                )
            )

    def _tell(self, seen: Watched) -> None:
        self.epochs.append(seen)
        self.report(seen.describe(len(self.epochs)))


def watch(loader: Iterable[Item], report: Callable[[str], Any] | None = None) -> Watch[Item]:
    """Watch a loader: each epoch ends with a line on how long was waited for it, and likely why.

        for batch in feedrate.watch(loader):
            ...

    Keep what it returns to read what was seen (`Watch.epochs`). A network on a GPU must be waited
    for in the loop (as reading the loss does), or its time counts as waiting for the next batch.

    Args:
        loader: Any iterable of batches: a DataLoader of torch, one of feedrate, one of your own.
        report: Told the line, a logger's ``info`` for instance; None prints it to standard error.
    """
    return Watch(loader, report)


def _epochs_of(loader: Any) -> list[Watched]:
    try:
        return _SEEN.setdefault(loader, [])
    except TypeError:  # a list, say: nothing can be remembered of it, and each watch counts anew
        return []


def _print(line: str) -> None:
    print(f"feedrate: {line}", file=sys.stderr)


def _own_cpu_s() -> float:
    times = os.times()
    return times.user + times.system


def _busy_s() -> float:
    """For how long the cores that this process may use have worked since the machine started."""
    each = psutil.cpu_times(percpu=True)
    mine = [each[core] for core in os.sched_getaffinity(0) if core < len(each)]
    return float(sum(sum(times) - times.idle - times.iowait - times.guest for times in mine))


def _children_cpu_s(own: psutil.Process) -> float:
    """Processor time of all children, those that have ended and were waited for included."""
    ended = os.times()
    total = ended.children_user + ended.children_system
    for child in own.children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue  # it has ended since: what it took is in the sum of those
        total += times.user + times.system
    return float(total)
