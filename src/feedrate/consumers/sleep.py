"""A paced consumer: sleeps a fixed time a batch, as if an accelerator did the step."""

from __future__ import annotations

import time

from feedrate.consumers import Consumer, HasImages, parse_milliseconds


def build(argument: str | None = None) -> Consumer:
    """Build a consumer that sleeps.

    Args:
        argument: Milliseconds a batch, such as ``"20"``.

    Raises:
        ValueError: The argument is missing or no number of milliseconds.
    """
    pause_s = parse_milliseconds("sleep", argument) / 1000

    def consume(batch: HasImages) -> None:
        time.sleep(pause_s)

    return consume
