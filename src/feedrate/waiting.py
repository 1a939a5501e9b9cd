"""How long a training loop waited for its loader, and for what most likely.

An inference from processor times alone: it says which way to look, not what will be gained.
"""

from __future__ import annotations

from dataclasses import dataclass

FED = 0.05
"""Of an epoch: who waits less than this is fed."""
BUSY = 0.85
"""Of the time that a loader process has: one that works more than this is at its limit."""
IDLE = 0.5
"""Below this, loader processes mostly wait themselves."""
CROWDED = 0.3
"""Of the cores' time: other programs that take more than this are named as the cause."""

ADVISE = "`feedrate advise` tells more"
"""Where to go on from a line about an epoch."""


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
        onwards = f" ({ADVISE})" if self.stall_fraction >= FED else ""
        return (
            f"epoch {epoch}: waited {self.waited_s:.2f} of {self.elapsed_s:.2f} s for the loader "
            f"({self.stall_fraction:.0%}), {self.first_s:.2f} s of it for the first of "
            f"{self.batches} batches; {self.cause}{onwards}"
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
            "image helps"
        )
    return f"{beginning} on {seen.cores} cores: more of them help"
