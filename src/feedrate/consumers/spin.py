"""A noisy neighbour: keeps a core busy for a fixed time a batch, as a training loop's Python does.

A sleep leaves its core to the loader's workers; this takes it from them.
"""

from __future__ import annotations

import time

from feedrate.consumers import Consumer, HasImages, parse_milliseconds


def build(argument: str | None = None) -> Consumer:
    """Build a consumer that computes nothing, busily.

    Args:
        argument: Milliseconds a batch by the clock on the wall, such as ``"20"``; where cores are
            fewer than processes, it gets less than that of its core.

    Raises:
        ValueError: The argument is missing or no number of milliseconds.
    """
    busy_s = parse_milliseconds("spin", argument) / 1000

    def consume(batch: HasImages) -> None:
        end = time.perf_counter() + busy_s
        while time.perf_counter() < end:
            pass

    return consume
