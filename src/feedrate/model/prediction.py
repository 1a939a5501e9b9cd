"""A cell's epoch before it was measured: costs, contention and the consumer, played through."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from feedrate.cell import split_level
from feedrate.model.contention import NOTHING, Contention
from feedrate.model.costs import Costs, Knowledge, Levels
from feedrate.model.events import Arrangement, play
from feedrate.shares import IN_WORKERS

TURNS = 6
"""How often busy processes and their slowdown are brought to agree with each other."""

QUANTILE_90 = 1.6448536269514722
"""Of the normal distribution: 90 % lie within so many standard deviations of the centre."""

CONSUMER = "consumer"
"""The bottleneck's name where the loader waits for whoever takes its batches."""

TOGETHER = ("feedrate", "threads", "spdl", "torchdata_nodes")
"""Loaders whose threads fill one batch together."""

Weights = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Work:
    """What every cell has to do.

    Attributes:
        images: Of an epoch.
        weights: ``(images,)``, what each image takes as a multiple of the mean, in the order of
            the epoch; empty for images that are all alike.
    """

    images: int
    weights: Weights

    def batches(self, size: int) -> Weights:
        """What each batch takes, as a multiple of one mean image: ``(batches,)``."""
        each = self.weights if len(self.weights) == self.images else np.ones(self.images)
        return np.array([each[start : start + size].sum() for start in range(0, len(each), size)])


@dataclass(frozen=True)
class Predicted:
    """What is expected of one cell.

    Attributes:
        epoch_s: From the first request to the last batch consumed.
        images_per_s: Images over that.
        stall_fraction: The share of it in which the consumer waits.
        bottleneck: The stage that takes most of the loader's time, or `CONSUMER`.
        slowdown: How many times as long stages take as they do alone.
        costs: What it was put together from.
    """

    epoch_s: float
    images_per_s: float
    stall_fraction: float
    bottleneck: str
    slowdown: float
    costs: Costs


@dataclass(frozen=True)
class Ratio:
    """How many times as fast as the reference, with a 90 % interval."""

    ratio: float
    low: float
    high: float


@dataclass(frozen=True)
class Model:
    """Everything that was fitted.

    Attributes:
        knowledge: Costs of stages, effects of changes.
        work: Of an epoch.
        contention: Of processes that work side by side.
        spread: Standard deviation of what the simulation leaves unexplained of one change (log).
        noise: That of a repeated measurement (log).
        forward_s: Of a network, a batch; None where it was not clocked.
    """

    knowledge: Knowledge
    work: Work
    contention: Contention = NOTHING
    spread: float = 0.0
    noise: float = 0.0
    forward_s: float | None = None

    def predict(self, levels: Levels) -> Predicted:
        """Play a cell's epoch through.

        Raises:
            ValueError: Its consumer's time is not known.
        """
        costs = self.knowledge.costs_of(levels)
        sizes = self.work.batches(levels["batch_size"])
        alone_s = sizes * sum(costs.stages_ms.values()) / 1e3
        arranged = self.arrange(levels)
        slowdown = self._settle(alone_s, arranged, self._consumer(levels)[1])
        epoch = play(alone_s * slowdown * costs.residual, arranged)  # what no stage shows
        return Predicted(
            epoch_s=epoch.ended_s,
            images_per_s=self.work.images / epoch.ended_s,
            stall_fraction=epoch.stall_fraction,
            bottleneck=name_bottleneck(costs.stages_ms, epoch.stall_fraction),
            slowdown=slowdown,
            costs=costs,
        )

    def arrange(self, levels: Levels) -> Arrangement:
        """Say who makes a cell's batches, and how long they are consumed.

        Raises:
            ValueError: The time of its consumer is not known.
        """
        return Arrangement(
            workers=levels["workers"],
            prefetch=levels["prefetch_factor"],
            together=levels["loader"] in TOGETHER,
            consume_s=self._consumer(levels)[0],
        )

    def ratio(self, levels: Levels, reference: Levels) -> Ratio:
        """Predict how many times as fast a cell is as its reference."""
        cell, other = self.predict(levels), self.predict(reference)
        ratio = other.epoch_s / cell.epoch_s
        used = set(cell.costs.sources) ^ set(other.costs.sources)
        unknown = set(cell.costs.unknown) ^ set(other.costs.unknown)
        changes = max(len(used) + len(unknown), 1)
        errors = [*cell.costs.errors, *other.costs.errors]
        variance = self.noise**2 + changes * self.spread**2 + sum(each**2 for each in errors)
        reach = math.exp(QUANTILE_90 * math.sqrt(variance))
        return Ratio(ratio, ratio / reach, ratio * reach)

    def _consumer(self, levels: Levels) -> tuple[float, float]:
        """Seconds a batch, and the processes that the consumer keeps busy meanwhile."""
        name, argument = split_level(levels["consumer"])
        if name in ("sleep", "spin"):
            return float(argument or 0) / 1e3, float(name == "spin")
        if name == "none":
            return 0.0, 0.0
        if self.forward_s is None:
            raise ValueError(f"consumer {levels['consumer']!r}: its time was not clocked")
        return self.forward_s, 1.0

    def _settle(self, alone_s: Weights, arranged: Arrangement, hungry: float) -> float:
        """Find the slowdown that goes with the processes which it leaves at work.

        A worker that waits for the consumer takes nothing from the others.
        """
        slowdown, hands = self.contention.slowdown(max(arranged.workers, 1)), arranged.workers or 1
        epoch = play(alone_s * slowdown, arranged)
        for _ in range(TURNS):
            working = min(epoch.busy_s / max(epoch.ended_s, 1e-12), hands)
            waited_for = 1 - epoch.stall_fraction if arranged.workers else 0.0
            slowdown = self.contention.slowdown(working + hungry * waited_for)
            epoch = play(alone_s * slowdown, arranged)
        return slowdown


def name_bottleneck(stages_ms: Mapping[str, float], stall_fraction: float) -> str:
    """Name what an epoch waits for: the consumer, or the loader's largest stage.

    Args:
        stages_ms: Of `feedrate.shares.IN_WORKERS`; others are left out.
        stall_fraction: The share of the epoch in which the consumer waits.
    """
    if stall_fraction < 0.5:
        return CONSUMER
    inside = {stage: stages_ms[stage] for stage in IN_WORKERS if stage in stages_ms}
    return max(inside, key=lambda stage: inside[stage])


def what_if_free(
    model: Model, levels: Levels, stages: Sequence[str]
) -> Iterator[tuple[str, Ratio]]:
    """Predict what each stage would give if it were free: ``ablate``, without measuring it."""
    for stage in stages:
        yield stage, model.ratio({**levels, "ablate": stage}, levels)
