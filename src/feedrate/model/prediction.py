"""A cell's epoch before it was measured: costs, contention and the consumer, played through."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

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
Laws = Mapping[str, Contention]
"""Of every stage in `feedrate.shares.IN_WORKERS`."""


@dataclass(frozen=True)
class Work:
    """What every cell has to do.

    Attributes:
        images: Of an epoch.
        weights: By stage ``(images,)``, what each image takes as a multiple of the mean, in the
            order of the epoch. To a stage that is not among them all images are alike.
    """

    images: int
    weights: Mapping[str, Weights]

    def service_s(self, stages_ms: Mapping[str, float], size: int) -> Weights:
        """What each batch takes one worker: ``(batches,)``.

        Args:
            stages_ms: Milliseconds a mean image.
            size: Images a batch.
        """
        alike = np.ones(self.images)
        each = sum((self.weights.get(s, alike) * ms for s, ms in stages_ms.items()), 0.0 * alike)
        return np.add.reduceat(each, np.arange(0, self.images, size)) / 1e3


@dataclass(frozen=True)
class Predicted:
    """What is expected of one cell.

    Attributes:
        epoch_s: From the first request to the last batch consumed.
        images_per_s: Images over that.
        stall_fraction: The share of it in which the consumer waits.
        bottleneck: The stage that takes most of the loader's time, or `CONSUMER`.
        stages_ms: Milliseconds an image of each stage, beside the other workers.
        costs: What it was put together from.
    """

    epoch_s: float
    images_per_s: float
    stall_fraction: float
    bottleneck: str
    stages_ms: Mapping[str, float]
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
        laws: What becomes of each stage beside other workers.
        spread: Standard deviation of what the simulation leaves unexplained of one change (log).
        noise: That of a repeated measurement (log).
        forward_s: Of a network, a batch; None where it was not clocked.
    """

    knowledge: Knowledge
    work: Work
    laws: Laws = field(default_factory=dict)
    spread: float = 0.0
    noise: float = 0.0
    forward_s: float | None = None

    def predict(self, levels: Levels) -> Predicted:
        """Play a cell's epoch through.

        Raises:
            ValueError: Its consumer's time is not known.
        """
        costs = self.knowledge.costs_of(levels)
        arranged = self.arrange(levels)
        stages_ms = self._settle(costs.stages_ms, levels, arranged)
        service_s = self.work.service_s(stages_ms, levels["batch_size"])
        epoch = play(service_s * costs.residual, arranged)  # what no stage shows
        return Predicted(
            epoch_s=epoch.ended_s,
            images_per_s=self.work.images / epoch.ended_s,
            stall_fraction=epoch.stall_fraction,
            bottleneck=name_bottleneck(costs.stages_ms, epoch.stall_fraction),
            stages_ms=stages_ms,
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

    def _settle(
        self, alone_ms: Mapping[str, float], levels: Levels, arranged: Arrangement
    ) -> dict[str, float]:
        """Find what stages take beside the processes which that leaves at work.

        A worker that waits for the consumer takes nothing from the others. Without workers stages
        are as the profile has them.
        """
        if not arranged.workers:
            return dict(alone_ms)
        hands, hungry = arranged.workers, self._consumer(levels)[1]
        stages_ms = slowed(alone_ms, self.laws, hands)
        for _ in range(TURNS):
            epoch = play(self.work.service_s(stages_ms, levels["batch_size"]), arranged)
            working = min(epoch.busy_s / max(epoch.ended_s, 1e-12), hands)
            consumed = hungry * (1 - epoch.stall_fraction)
            stages_ms = slowed(alone_ms, self.laws, working + consumed)
        return stages_ms


def slowed(alone_ms: Mapping[str, float], laws: Laws, busy: float) -> dict[str, float]:
    """What each stage takes where `busy` processes work side by side, milliseconds an image."""
    return {s: ms * laws.get(s, NOTHING).slowdown(busy) for s, ms in alone_ms.items()}


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
