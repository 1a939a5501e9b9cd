"""Whether a call lets other threads of Python run: how long it stalls one that only ticks.

A call into compiled code that holds the interpreter's lock (the GIL) stalls all other threads for
as long as it runs, and a loader of threads gains nothing from it. A thread notes the time about ten
thousand times a second; the longest gap in its notes, as a share of the call, is what it waited.
"""

from __future__ import annotations

import hashlib
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from statistics import quantiles
from threading import Event, Thread

TICK_S = 50e-6
CALLS, LEAST_S = 15, 0.5
"""Calls a measurement, and how long it lasts at least. The lower quartile of the calls stands for
all: whatever else a machine does mostly makes gaps longer, and a call that holds the lock has few
short ones."""

CLEAR = 0.5
"""Two controls that are closer than this do not tell held from released."""


def measure_stall(call: Callable[[], object], least_s: float = LEAST_S) -> float:
    """Measure the longest stall of another thread, as a share of a call: 0 to 1."""
    windows = list[tuple[int, int]]()
    with _ticking() as ticks:
        while len(windows) < CALLS or windows[-1][1] - windows[0][0] < least_s * 1e9:
            time.sleep(TICK_S)  # who waits for the lock takes it now, and not within the call
            begin = time.perf_counter_ns()
            call()
            windows.append((begin, time.perf_counter_ns()))
    shares = [longest_gap(ticks, *window) / (window[1] - window[0]) for window in windows]
    return quantiles(shares, n=4)[0]


def measure_controls() -> dict[str, float]:
    """Measure what is known: code that holds the lock, and code that releases it."""
    block = bytes(16_000_000)
    return {
        # One call of a builtin over a builtin: no line of Python at which the lock could be given.
        "holding": measure_stall(partial(sum, range(2_000_000))),
        "releasing": measure_stall(lambda: hashlib.sha256(block).digest()),
    }


def judge_stall(share: float, controls: dict[str, float]) -> bool | None:
    """Say whether a call holds the lock: it stalls more than half way up to what does.

    Returns:
        None where the controls themselves could not be told apart: the machine was too busy.
    """
    low, high = controls["releasing"], controls["holding"]
    return share > (low + high) / 2 if high - low >= CLEAR else None


def longest_gap(ticks: Sequence[int], begin: int, end: int) -> int:
    """Return the longest time between two ticks, as far as it lies between begin and end."""
    # From the last tick before it to the first one after it: the others lie outside.
    first, last = max(bisect_right(ticks, begin) - 1, 0), bisect_left(ticks, end)
    near = (min(max(tick, begin), end) for tick in ticks[first : last + 1])
    return max((later - tick for tick, later in pairwise(near)), default=0)


@contextmanager
def _ticking() -> Iterator[list[int]]:
    """Run a thread that notes the time (ns), from before the first call until after the last."""
    ticks, over = list[int](), Event()

    def tick() -> None:
        while not over.is_set():
            ticks.append(time.perf_counter_ns())
            time.sleep(TICK_S)
        ticks.append(time.perf_counter_ns())

    thread = Thread(target=tick, daemon=True)
    thread.start()
    while not ticks:
        time.sleep(TICK_S)
    try:
        yield ticks
    finally:
        over.set()
        thread.join()
