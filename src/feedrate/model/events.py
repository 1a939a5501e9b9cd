"""An epoch played through: workers make batches, one process takes them in their order.

The loader's rules are those of PyTorch's: batch ``k`` belongs to worker ``k mod W``;
``W * prefetch`` batches are on order before the first is asked for, one more whenever one arrives
(https://docs.pytorch.org/docs/stable/data.html). Threads that fill batches together take them one
after the other instead, all of them on the same one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Seconds = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Arrangement:
    """Who makes the batches, and who waits for them.

    Attributes:
        workers: Processes or threads; 0 makes batches in the process that takes them.
        prefetch: Batches on order for each worker.
        together: Whether the workers share one batch instead of making one each.
        handover_s: What taking a batch costs whoever takes it.
        consume_s: Between taking a batch and asking for the next one.
        first_s: Before the first worker begins.
    """

    workers: int
    prefetch: int = 2
    together: bool = False
    handover_s: float = 0.0
    consume_s: float = 0.0
    first_s: float = 0.0


@dataclass(frozen=True, eq=False)
class Epoch:
    """What came of it; times in seconds since the iteration began.

    Attributes:
        arrived_s: When each batch was there.
        stalled_s: How long the consumer waited, in all.
        busy_s: How long the workers were at work, in all.
        ended_s: When the last batch was consumed.
    """

    arrived_s: Seconds
    stalled_s: float
    busy_s: float
    ended_s: float

    @property
    def stall_fraction(self) -> float:
        """The share of the epoch in which the consumer waited."""
        return self.stalled_s / self.ended_s if self.ended_s else 0.0


def play(service_s: Seconds, arranged: Arrangement) -> Epoch:
    """Play one epoch through.

    Args:
        service_s: ``(batches,)``, what making each batch takes one worker.
        arranged: Who makes and takes them.

    Raises:
        ValueError: There are no batches.
    """
    if not len(service_s):
        raise ValueError("an epoch without batches takes no time: give one service time a batch")
    if arranged.workers == 0:
        return _play_alone(service_s, arranged)
    lanes = 1 if arranged.together else arranged.workers
    held = arranged.workers * arranged.prefetch
    work_s = service_s / arranged.workers if arranged.together else service_s
    finished, received = np.zeros(len(work_s)), np.zeros(len(work_s))
    asked = stalled = 0.0
    for batch, takes_s in enumerate(work_s):
        ordered = received[batch - held] if batch >= held else 0.0
        free = finished[batch - lanes] if batch >= lanes else arranged.first_s
        finished[batch] = max(ordered, free) + takes_s
        received[batch] = max(asked, finished[batch]) + arranged.handover_s
        stalled += received[batch] - asked
        asked = received[batch] + arranged.consume_s
    return Epoch(received, stalled, float(service_s.sum()), asked)


def _play_alone(service_s: Seconds, arranged: Arrangement) -> Epoch:
    """One process makes a batch, takes it, makes the next."""
    turn_s = service_s + arranged.handover_s + arranged.consume_s
    ended = arranged.first_s + turn_s.cumsum()
    stalled = float((service_s + arranged.handover_s).sum()) + arranged.first_s
    return Epoch(ended - arranged.consume_s, stalled, float(service_s.sum()), float(ended[-1]))
