"""What each stage of a cell takes one process that has the machine to itself.

The base pipeline's stages are those of the profile. What another level does to them is read off the
calibration cells, as the quotient of both sides of the same pairs, or off the profile's
alternatives. What a level does that no stage shows (another loader's queues) is its residual: what
is left between the calibration cell and its simulation.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from feedrate.shares import IN_WORKERS

Levels = Mapping[str, Any]
Change = frozenset[tuple[str, Any]]
"""Factors with the level that they have instead of the base's."""

LEAST_MS = 0.02
"""A stage of less is changed by addition: the quotient of two next to nothings means nothing."""

PLAYED = ("workers", "prefetch_factor", "consumer", "batch_size", "epochs", "ablate", "image_size")
"""Factors that the simulation knows of itself; no calibration cell is asked about them."""

SQUARE = ("transform", "targets", "collate")
"""Stages that handle every pixel of the input: they grow with the square of its side."""

FREED: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "decode": ("decode",),
    "transform": ("transform",),
    "targets": ("targets",),
    "all": IN_WORKERS[:5],
}
"""Stages that a level of ``ablate`` makes free."""


OWN: Mapping[str, tuple[str, ...]] = {
    "images": ("read", "decode"),
    "decoder": ("decode",),
    "transform": ("transform",),
    "targets": ("targets",),
    "loader": ("collate",),
}
"""The stages that a factor is about. Any other stage it changes in passing, by what it leaves in
caches and on the heap, and only as long as that stage is the one it was seen beside."""


@dataclass(frozen=True)
class Effect:
    """What a change does, from one calibration cell or the profile.

    Attributes:
        change: Against the reference it was measured beside.
        before_ms: Each stage without the change, milliseconds an image.
        after_ms: Each stage with it.
        residual: Times as long as the stages explain; 1 where that was not measured.
        error: Standard error of the measured log ratio.
        source: The cell, or the profile.
    """

    change: Change
    before_ms: Mapping[str, float]
    after_ms: Mapping[str, float]
    residual: float = 1.0
    error: float = 0.0
    source: str = ""

    @property
    def own(self) -> frozenset[str]:
        """The stages that it is about."""
        return frozenset(stage for factor, _ in self.change for stage in OWN.get(factor, ()))

    @property
    def everywhere(self) -> bool:
        """Whether it is about how stages are run, not what they do: a loader, an allocator."""
        return any(factor == "loader" or factor not in OWN for factor, _ in self.change)

    def apply(
        self, stages_ms: Mapping[str, float], replaced: Collection[str] = ()
    ) -> dict[str, float]:
        """Change some stages as these were changed.

        Args:
            stages_ms: Milliseconds an image of each stage.
            replaced: Stages that another change is about, too.
        """
        return {
            stage: self._changed(stage, ms)
            if self.everywhere or stage in self.own or stage not in replaced
            else ms
            for stage, ms in stages_ms.items()
        }

    def inverted(self, change: Change) -> Effect:
        """The way back: what taking the change away would be, under the name of another one."""
        return replace(
            self,
            change=change,
            before_ms=self.after_ms,
            after_ms=self.before_ms,
            residual=1 / self.residual,
        )

    def after(self, first: Effect) -> Effect:
        """Both changes at once, where this one was measured on top of the first."""
        return replace(
            self,
            before_ms=first.before_ms,
            after_ms=self.apply(first.after_ms),
            residual=self.residual * first.residual,
            error=math.hypot(self.error, first.error),
        )

    def _changed(self, stage: str, ms: float) -> float:
        before, after = self.before_ms.get(stage, 0.0), self.after_ms.get(stage, 0.0)
        if before <= LEAST_MS:
            return max(ms + after - before, 0.0)
        scaled = ms * after / before
        if stage in self.own or after <= LEAST_MS:
            return scaled
        return min(scaled, ms + after - before, key=lambda changed: abs(changed - ms))


@dataclass(frozen=True)
class Costs:
    """What a cell's stages take, and from what that is known.

    Attributes:
        stages_ms: Milliseconds an image of each stage in `IN_WORKERS`, alone.
        residual: Times as long as the stages explain.
        errors: Standard error of each effect used.
        unknown: Changes of which nothing is known; they are taken to change nothing.
        sources: What the effects were read off.
    """

    stages_ms: Mapping[str, float]
    residual: float = 1.0
    errors: tuple[float, ...] = ()
    unknown: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Knowledge:
    """All that predictions rest on.

    Attributes:
        base: The levels of the base pipeline.
        base_ms: Its stages alone, milliseconds an image.
        effects: What changes do.
        image_size: Side of the base's input (px).
    """

    base: Levels
    base_ms: Mapping[str, float]
    effects: tuple[Effect, ...] = ()
    image_size: int = 640

    def costs_of(self, levels: Levels) -> Costs:
        """Put together what a cell's stages take.

        The largest change that was measured as a whole comes first; no level is counted twice.
        """
        missing = changed(levels, self.base)
        used = []
        for effect in sorted(self.effects, key=_most_telling):
            if effect.change <= missing:
                used.append(effect)
                missing -= effect.change
        stages_ms = dict(self.base_ms)
        replaced = {stage for effect in used for stage in effect.own}
        for effect in used:
            stages_ms = effect.apply(stages_ms, replaced)
        return Costs(
            stages_ms=self._played(stages_ms, levels),
            residual=_product(effect.residual for effect in used),
            errors=tuple(effect.error for effect in used),
            unknown=tuple(f"{factor}~{level}" for factor, level in sorted(missing, key=str)),
            sources=tuple(effect.source for effect in used),
        )

    def _played(self, stages_ms: dict[str, float], levels: Levels) -> dict[str, float]:
        """Make free what is ablated, and scale what handles every pixel of the input."""
        side = levels["image_size"] or self.image_size
        grown = (side / (self.base["image_size"] or self.image_size)) ** 2
        scaled = {s: ms * grown if s in SQUARE else ms for s, ms in stages_ms.items()}
        return scaled | dict.fromkeys(FREED[levels["ablate"]], 0.0)


def changed(levels: Levels, base: Levels) -> Change:
    """Find what a cell has instead of the base's, of what no simulation knows."""
    return frozenset(
        (factor, level)
        for factor, level in levels.items()
        if factor not in PLAYED and level != base[factor]
    )


def profiled_effects(stages: Mapping[str, Any]) -> Iterator[Effect]:
    """Read the effects of decoders and target sources off a profile.

    Args:
        stages: Content of ``results/stages/{dataset}.json``.
    """
    for factor, stage in (("decoder", "decode"), ("targets", "targets"), ("transform",) * 2):
        clocked = stages.get("alternatives", {}).get(stage, {})
        own = clocked.get(stages["levels"][factor])
        known = clocked | ({"none": 0.0} if factor == "targets" else {})
        for level, ms in known.items():
            if own and level != stages["levels"][factor]:
                yield Effect(
                    frozenset({(factor, level)}), {stage: own}, {stage: ms}, source="profile"
                )


def _most_telling(effect: Effect) -> tuple[int, bool, str]:
    """Larger changes first, cells before the profile, then by name."""
    return -len(effect.change), effect.source == "profile", effect.source


def _product(values: Iterable[float]) -> float:
    product = 1.0
    for value in values:
        product *= value
    return product
