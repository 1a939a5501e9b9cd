"""A loader watched in a running training loop: how long the loop waits for it, and likely why.

``for batch in feedrate.watch(loader):`` times every request and reads, at both ends of an epoch,
the processor time of this process and of its children. That is all: no thread, no hook, nothing
inside the workers, so that it costs a microsecond a batch.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Generic, TypeVar

import psutil

Item = TypeVar("Item")

FED = 0.05
"""Of an epoch: who waits less than this is fed."""
BUSY = 0.85
"""Of the time that a loader process has: one that works more than this is at its limit."""
IDLE = 0.5
"""Below this, loader processes mostly wait themselves."""
CROWDED = 0.3
"""Of the cores' time: other programs that take more than this are named as the cause."""


@dataclass(frozen=True)
class Watched:
    """What was seen in one epoch.

    Attributes:
        batches: That were taken.
        elapsed_s: From the first request to the end.
        waited_s: In which the loop waited for a batch, the first one's included.
        first_s: For the first batch.
        workers: Loader processes that were there when the first batch came; 0 where there are none.
        worker_cpu_s: Processor time of all children.
        own_cpu_s: Processor time of this process, the loop's own included.
        waited_cpu_s: Of it, while the loop waited.
        cores: That this process may use.
        busy_s: For which these cores worked, whoever they worked for.
    """

    batches: int
    elapsed_s: float
    waited_s: float
    first_s: float
    workers: int
    worker_cpu_s: float
    own_cpu_s: float
    waited_cpu_s: float
    cores: int
    busy_s: float = 0.0

    @property
    def stall_fraction(self) -> float:
        """The share of the epoch in which the loop waited."""
        return self.waited_s / self.elapsed_s if self.elapsed_s else 0.0

    @property
    def steady_stall(self) -> float:
        """The same without the first batch: what a longer epoch would come to."""
        rest_s = self.elapsed_s - self.first_s
        return (self.waited_s - self.first_s) / rest_s if rest_s > 0 else 0.0

    @property
    def worker_load(self) -> float:
        """The share of their time that loader processes work."""
        return self.worker_cpu_s / (self.workers * self.elapsed_s) if self.workers else 0.0

    @property
    def machine_load(self) -> float:
        """The share of the cores' time that this process and its children work."""
        return (self.worker_cpu_s + self.own_cpu_s) / (self.cores * self.elapsed_s)

    @property
    def others_load(self) -> float:
        """The share of the cores' time that other programs take."""
        theirs_s = self.busy_s - self.worker_cpu_s - self.own_cpu_s
        return max(theirs_s / (self.cores * self.elapsed_s), 0.0)

    @property
    def cause(self) -> str:
        """The likely cause of the waiting, and what to do next."""
        return likely_cause(self)

    def describe(self, epoch: int) -> str:
        """Say it in one line."""
        if not self.batches:
            return f"epoch {epoch}: no batch came in {self.elapsed_s:.2f} s"
        return (
            f"epoch {epoch}: waited {self.waited_s:.2f} of {self.elapsed_s:.2f} s for the loader "
            f"({self.stall_fraction:.0%}), {self.first_s:.2f} s of it for the first of "
            f"{self.batches} batches; {self.cause}"
        )


def likely_cause(seen: Watched) -> str:
    """Name what the loop most likely waited for.

    An inference from processor times alone: it says which way to look, not what will be gained.
    """
    if seen.stall_fraction < FED:
        return "it is fed: a faster loader gains nothing here"
    if seen.steady_stall < FED:
        return (
            "all but the first batch came in time: the start of the loader is what is waited for; "
            "longer epochs or workers that stay (persistent_workers) spare it"
        )
    works = seen.worker_load >= BUSY if seen.workers else seen.waited_cpu_s > IDLE * seen.waited_s
    if seen.others_load >= CROWDED and not works:
        return (
            f"other programs take {seen.others_load:.0%} of the {seen.cores} cores: the loader "
            "waits for those"
        )
    return _of_workers(seen) if seen.workers else _of_this_process(seen)


def _of_this_process(seen: Watched) -> str:
    if seen.waited_cpu_s > IDLE * seen.waited_s:
        return (
            "the loader works in this process while the loop waits: load beside it "
            "(num_workers, or threads)"
        )
    return "nothing works while the loop waits: storage, a lock, or a loader elsewhere"


def _of_workers(seen: Watched) -> str:
    if seen.worker_load >= BUSY or seen.machine_load >= BUSY:
        return _busy(seen)
    if seen.worker_load < IDLE:
        return (
            f"its {seen.workers} processes work {seen.worker_load:.0%} of the time: they wait "
            "themselves, for storage, a lock, or for batches to be taken over"
        )
    return (
        f"its {seen.workers} processes work {seen.worker_load:.0%} of the time and do not keep up: "
        "more of them may help, or more batches ahead (prefetch_factor)"
    )


def _busy(seen: Watched) -> str:
    beginning = f"its {seen.workers} processes work {seen.worker_load:.0%} of the time"
    if seen.machine_load >= BUSY or seen.workers >= seen.cores:
        return (
            f"{beginning} and the {seen.cores} cores {seen.machine_load:.0%}: only less work an "
            "image helps (`feedrate advise` tells which)"
        )
    return f"{beginning} on {seen.cores} cores: more of them help"


class Watch(Generic[Item]):
    """An iterable that is watched; `watch` makes one.

    Attributes:
        loader: What is watched.
        report: Told what was seen at the end of each epoch.
        epochs: What was seen so far.
    """

    def __init__(self, loader: Iterable[Item], report: Callable[[str], Any] | None = None) -> None:
        self.loader = loader
        self.report = report or _print
        self.epochs: list[Watched] = []

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

    Keep what it returns to go through several epochs of it, and to read them (`Watch.epochs`). A
    network on a GPU must be waited for in the loop (as reading the loss does), or its time counts
    as waiting for the next batch.

    Args:
        loader: Any iterable of batches: a DataLoader of torch, one of feedrate, one of your own.
        report: Told the line, a logger's ``info`` for instance; None prints it to standard error.
    """
    return Watch(loader, report)


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
