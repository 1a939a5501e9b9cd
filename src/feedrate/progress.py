"""Progress as lines, so that it reads the same in a terminal, a log and a workflow's output."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field

PATIENCE_S = 3.0
"""A line at most this often."""


@dataclass
class Progress:
    """Tells how much of a long step is done, and how long the rest will take.

    Attributes:
        what: What is being done.
        unit: What is counted.
        total: How many there are; 0 where nobody knows.
    """

    what: str
    unit: str
    total: int
    _started: float = field(default_factory=time.monotonic)
    _told: float = field(default_factory=time.monotonic)

    def __call__(self, done: int, total: int | None = None) -> None:
        """Say where it stands, if the last word is a while ago or this is the end."""
        self.total = total if total is not None else self.total
        now = time.monotonic()
        finished = 0 < self.total <= done
        if now - self._told < PATIENCE_S and not (finished and now - self._started > PATIENCE_S):
            return
        self._told = now
        passed = now - self._started
        left = passed / done * (self.total - done) if done else 0.0
        rest = f"{passed:.0f} s" if finished or not self.total else f"about {left:.0f} s left"
        count = (
            f"{done} of {self.total} {self.unit}" if self.total else f"{done} {self.unit} so far"
        )
        print(f"feedrate: {self.what}: {count}, {rest}", file=sys.stderr, flush=True)
