"""Settings tried on somebody's loader, in pairs with it as it is; the best is confirmed anew."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from feedrate.foreign import TORCH
from feedrate.forkserver import ALLOCATORS, Servers
from feedrate.intervals import signed_rank_interval
from feedrate.machine import usable_cores

ENTRY = "feedrate.foreign.run:run"
MODULES = ("feedrate.foreign.run",)
PAIRS, FRESH_PAIRS = 6, 9
"""Pairs that choose a setting, and those that confirm it: six are the least of an interval."""
TRIAL_S, LEAST_BATCHES, TIMEOUT_S = 3.0, 4, 600.0
"""About how long a trial lasts, the least batches it has, and when it is given up."""
MARGIN = 1.05
STAGE_BATCHES = 4

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """One thing to try.

    Attributes:
        name: What it is called.
        settings: For `feedrate.foreign.run`.
        allocator: A key of `feedrate.forkserver.ALLOCATORS`.
        same: Whether batches are what they were: others are told, not recommended.
    """

    name: str
    settings: Settings = field(default_factory=dict)
    allocator: str = "default"
    same: bool = True


@dataclass(frozen=True)
class Tried:
    """What came of a change.

    Attributes:
        change: What was tried.
        ratio: Times as fast as the loader as it is, centre of the pairs.
        low: Of its 95 % interval.
        high: Of its 95 % interval.
        pairs: How many.
    """

    change: Change
    ratio: float
    low: float
    high: float
    pairs: int

    @property
    def gains(self) -> bool:
        """Whether the whole interval is above the margin."""
        return self.low > MARGIN


@dataclass(frozen=True)
class Tryout:
    """All that was found out about a loader.

    Attributes:
        kind: `feedrate.foreign.source.TORCH` or another.
        now: The loader as it is: its settings, stall, batches a second, the likely cause.
        stages: From `feedrate.foreign.stages.time_stages`.
        tried: Every change.
        confirmed: The best of those that leave batches as they are, on fresh pairs; None where
            none gains.
    """

    kind: str
    now: Mapping[str, Any]
    stages: Mapping[str, Any]
    tried: list[Tried]
    confirmed: Tried | None


def try_out(
    loader: str, consume_ms: float, seed: int, tell: Callable[[str, int, int], None]
) -> Tryout:
    """Time a loader as it is, its stages, and with other settings.

    Args:
        loader: ``package.module:function`` without arguments.
        consume_ms: What a training step takes; 0 asks for batches as fast as they come.
        seed: Of the order inside pairs.
        tell: Told what is being done, its number and how many there are.

    Raises:
        feedrate.forkserver.TrialError: A trial failed; the message has what it raised.
    """
    with Servers(list(MODULES), ENTRY) as servers:
        bench = _Bench(servers, loader, consume_ms, random.Random(seed))  # noqa: S311
        now, batches = bench.look()
        stages = bench.stages() if now["kind"] == TORCH else {"stages_ms": {}, "why": OTHERS}
        tried: list[Tried] = []
        changes = list(changes_of(now["settings"], usable_cores())) if now["kind"] == TORCH else []
        for number, change in enumerate(changes):
            tell(change.name, number, len(changes) + 1)
            tried.append(bench.compare(change, batches, PAIRS))
        best = combine(tried)
        confirmed = None
        if best:
            tell(f"confirm {best.name}", len(changes), len(changes) + 1)
            confirmed = bench.compare(best, batches, FRESH_PAIRS)
        return Tryout(now["kind"], now, stages, tried, confirmed)


OTHERS = (
    "only a DataLoader of torch shows its stages and has settings; of others the waiting is told"
)


def changes_of(settings: Settings, cores: int) -> Iterator[Change]:
    """List what is worth trying on a DataLoader with these settings."""
    now = int(settings["num_workers"])
    for workers in sorted({0, 1, 2, cores, 2 * cores} - {now}):
        yield Change(f"num_workers={workers}", {"num_workers": workers})
    if now:
        ahead = 2 * int(settings["prefetch_factor"] or 2)
        yield Change(f"prefetch_factor={ahead}", {"prefetch_factor": ahead})
    yield Change("allocator=tuned", allocator="tuned")
    if now:
        yield Change("payload=uint8", {"payload": "uint8"}, same=False)


def combine(tried: Sequence[Tried]) -> Change | None:
    """Put together what gains and leaves batches as they are: the best of each kind of setting."""
    best: dict[str, Tried] = {}
    for each in tried:
        kind = each.change.name.partition("=")[0]
        if each.gains and each.change.same and each.low > best.get(kind, _NOTHING).low:
            best[kind] = each
    if not best:
        return None
    changes = [best[kind].change for kind in sorted(best)]
    settings = {key: value for change in changes for key, value in change.settings.items()}
    tuned = any(change.allocator == "tuned" for change in changes)
    name = ", ".join(change.name for change in changes)
    return Change(name, settings, "tuned" if tuned else "default")


_NOTHING = Tried(Change("nothing"), 1.0, 0.0, math.inf, 0)


@dataclass(frozen=True)
class _Bench:
    """Runs trials of one loader."""

    servers: Servers
    loader: str
    consume_ms: float
    draw: random.Random

    def look(self) -> tuple[dict[str, Any], int]:
        """Run it once to warm up and once to see how many batches a trial should have."""
        self._run(Change("as it is"), 0, TRIAL_S)
        seen = self._run(Change("as it is"), 0, TRIAL_S)
        arrived = seen["arrived_s"]
        if not arrived:
            raise ValueError(f"--loader {self.loader!r}: it gave no batch at all")
        within = sum(each <= TRIAL_S for each in arrived)
        batches = min(max(within, LEAST_BATCHES), len(arrived))
        rate = batches / arrived[batches - 1]
        return {**seen, "batches_per_s": rate, "batches": batches}, batches

    def stages(self) -> dict[str, Any]:
        request = {"task": "stages", "loader": self.loader, "batches": STAGE_BATCHES}
        found: dict[str, Any] = self.servers.of(ALLOCATORS["default"]).call(request, TIMEOUT_S)
        return found

    def compare(self, change: Change, batches: int, pairs: int) -> Tried:
        """Measure a change in pairs with the loader as it is, in an order drawn by lot."""
        logs = []
        for _ in range(pairs):
            sides = [change, Change("as it is")]
            took_s = {}
            for side in self.draw.sample(sides, 2):
                took_s[side.name] = self._run(side, batches, 0.0)["arrived_s"][-1]
            logs.append(math.log(took_s["as it is"] / took_s[change.name]))
        found = signed_rank_interval(np.array(logs), 0.95)
        centre, low, high = (math.exp(each) for each in (found.centre, found.low, found.high))
        return Tried(change, centre, low, high, pairs)

    def _run(self, change: Change, batches: int, limit_s: float) -> dict[str, Any]:
        request = {
            "task": "batches",
            "loader": self.loader,
            "settings": dict(change.settings),
            "batches": batches,
            "limit_s": limit_s,
            "consume_ms": self.consume_ms,
        }
        found: dict[str, Any] = self.servers.of(ALLOCATORS[change.allocator]).call(
            request, TIMEOUT_S
        )
        return found
