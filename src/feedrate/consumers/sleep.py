"""A paced consumer: sleeps a fixed time a batch, as if an accelerator did the step."""

from __future__ import annotations

import math
import time

from feedrate.consumers import Consumer, HasImages


def build(argument: str | None) -> Consumer:
    """Build a consumer that sleeps.

    Args:
        argument: Milliseconds a batch, such as ``"20"``.

    Raises:
        ValueError: The argument is missing or no number of milliseconds.
    """
    pause_s = _milliseconds(argument) / 1000

    def consume(batch: HasImages) -> None:
        time.sleep(pause_s)

    return consume


def _milliseconds(argument: str | None) -> float:
    try:
        milliseconds = float(argument or "")
    except ValueError:
        milliseconds = math.nan
    if not 0 <= milliseconds < math.inf:
        raise ValueError(
            f"consumer sleep: {argument!r} is no number of milliseconds; write 'sleep:20'"
        )
    return milliseconds
