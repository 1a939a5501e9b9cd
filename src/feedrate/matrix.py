"""The matrix of a study: which cells are measured, against which reference.

Imports nothing heavy: the Snakemake process loads it.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

from feedrate.cell import Cell, split_level
from feedrate.config import (
    FACTOR_KINDS,
    Config,
    ConfigError,
    Experiment,
    Measuring,
    Work,
)
from feedrate.dataconfig import TargetSettings
from feedrate.registry import BUILT_STORES, FITTED_STORES, STORED_MAPS, Plugins, target_of
from feedrate.work import is_network

PASSES = 3
"""Least passes of a looped run: equal images must come again, to tell content from a change."""


class Conditions(BaseModel):
    """What all trials of a study share: part of every measured cell, so a change re-measures it."""

    model_config = ConfigDict(frozen=True)

    work: Work
    measuring: Measuring
    targets: TargetSettings
    seed: int
    plugins: dict[str, dict[str, str]]

    @classmethod
    def of(cls, config: Config) -> Conditions:
        """Take a study's conditions out of its configuration."""
        return cls.model_validate({name: getattr(config, name) for name in cls.model_fields})


class MeasuredCell(BaseModel):
    """One cell of one experiment, what it is compared with, and under which conditions.

    As JSON this is the ``param`` of the rule that measures it, and all that its job is told.
    """

    model_config = ConfigDict(frozen=True)

    experiment: str
    name: str
    cell: Cell
    reference: Cell
    conditions: Conditions
    looped: bool = True

    @property
    def sides(self) -> dict[str, Cell]:
        """Both sides of its pairs."""
        return {"cell": self.cell, "reference": self.reference}

    @property
    def codecs(self) -> list[str]:
        """Codecs of the stored maps that either side reads."""
        found = {STORED_MAPS.get(side.targets) for side in self.sides.values()}
        return sorted(codec for codec in found if codec)

    @property
    def stores(self) -> list[str]:
        """Built stores of images that either side reads."""
        return sorted({side.images for side in self.sides.values()} & set(BUILT_STORES))

    @property
    def slow(self) -> bool:
        """Whether a network takes the batches: too slow on a CPU for a whole epoch."""
        return any(is_network(side.consumer) for side in self.sides.values())

    @property
    def images_delivered(self) -> int:
        """Images of a trial: all distinct ones once an epoch, or few where a network takes them."""
        return self.images_of_epoch * self.reference.epochs

    @property
    def images_of_epoch(self) -> int:
        """Images of one of its epochs."""
        work = self.conditions.work
        few = work.slow_batches * self.reference.batch_size
        return min(few, work.images) if self.slow else work.images

    @property
    def steady_images(self) -> int:
        """Images of one looped run; 0 where there is none.

        A network on a CPU is too slow for it, only the first pass over files that are not in
        memory is cold, and several epochs have boundaries between them.
        """
        sides = self.sides.values()
        once = any(side.page_cache == "cold" or side.epochs > 1 for side in sides)
        if not self.looped or self.slow or once:
            return 0
        held = max(max(1, side.workers) * side.prefetch_factor for side in sides)
        batches = self.conditions.work.steady_rounds * held
        return max(batches * self.reference.batch_size, PASSES * self.conditions.work.images)

    @property
    def modules(self) -> list[str]:
        """Modules of the plug-ins that either side names."""
        plugins = self.conditions.plugins
        return sorted(
            {name for cell in self.sides.values() for name in plugin_modules(cell, plugins)}
        )


def expand(config: Config) -> list[MeasuredCell]:
    """List every measured cell of a study, experiment by experiment.

    Raises:
        ConfigError: An experiment declares a primary cell it does not have, a cell's levels do not
            fit together, or the base reads a store that is built for cells.
    """
    if config.base.images in BUILT_STORES:
        raise ConfigError(
            f"config: base.images: {config.base.images!r} is built from the base's own images; "
            "set it in the `reference:` of an experiment"
        )
    return [
        measured
        for name, experiment in config.experiments.items()
        for measured in _expand_experiment(name, experiment, config)
    ]


def finished_cells(config: Config) -> dict[str, Cell]:
    """What every experiment of steps arrives at: its reference after all of them."""
    return {
        name: config.base.with_levels(experiment.reference).with_levels(
            {factor: level for step in experiment.steps for factor, level in step.items()}
        )
        for name, experiment in config.experiments.items()
        if experiment.steps
    }


def plugin_modules(cell: Cell, plugins: Plugins) -> list[str]:
    """List the modules of the plug-ins that a cell's levels name."""
    levels = cell.model_dump()
    targets = [
        target_of(kind, split_level(levels[factor])[0], plugins)
        for factor, kind in FACTOR_KINDS.items()
    ]
    return sorted({target.partition(":")[0] for target in targets})


def _expand_experiment(name: str, experiment: Experiment, config: Config) -> list[MeasuredCell]:
    reference = config.base.with_levels(experiment.reference)
    for step in experiment.steps:
        if reference.with_levels(step) == reference:
            raise ConfigError(
                f"config: experiments.{name}.steps: {dict(step)} changes nothing; "
                "the reference is so already"
            )
    cells = {cell.name(reference): cell for cell in _cells(experiment, reference)}
    for primary in experiment.primary:
        if primary not in cells:
            raise ConfigError(
                f"config: experiments.{name}.primary: {primary!r} is none of its cells; "
                f"allowed: {', '.join(cells)}"
            )
    conditions = Conditions.of(config)
    for cell_name, cell in cells.items():
        for fault in [*_faults(cell, reference), *_store_faults(cell, reference, config)]:
            raise ConfigError(f"config: experiments.{name}: cell {cell_name}: {fault}")
    return [
        MeasuredCell(
            experiment=name,
            name=cell_name,
            cell=cell,
            reference=reference,
            conditions=conditions,
            looped=experiment.looped,
        )
        for cell_name, cell in cells.items()
    ]


def _faults(cell: Cell, reference: Cell) -> Iterator[str]:
    """What is wrong with a cell whose every level is right."""
    if cell.epochs != reference.epochs:
        yield (
            f"epochs: {cell.epochs} beside a reference of {reference.epochs} would be other work; "
            "set it in `reference:`, for both"
        )
    for side in (cell, reference):
        if side.image_size and side.targets in STORED_MAPS:
            yield (
                f"image_size: {side.image_size} with targets: {side.targets}, but maps are stored "
                "at `targets.image_size`; choose targets that are made (kernel, reference) or none"
            )


def _store_faults(cell: Cell, reference: Cell, config: Config) -> Iterator[str]:
    """A store's images were brought to size once, with the levels of the base."""
    base, size = config.base, config.targets.image_size
    for side in (cell, reference):
        for factor in FITTED_STORES.get(side.images, ()):
            # Of the factors only image_size may be 0, which is the study's own.
            level, built = (getattr(each, factor) or size for each in (side, base))
            if level != built:
                yield (
                    f"{factor}: {level} with images: {side.images}, which is built with the base's "
                    f"{built}; set `{factor}: {built}` in this cell too, or change `base:`"
                )


def _cells(experiment: Experiment, reference: Cell) -> Iterator[Cell]:
    for factor, levels in experiment.vary.items():
        for level in levels:
            cell = reference.with_levels({factor: level})
            # A list may hold the reference's own level; only `cells: [{}]` asks for an A/A cell.
            if cell != reference:
                yield cell
    for levels_of_cell in experiment.cells:
        yield reference.with_levels(levels_of_cell)
    yield from _stepped(experiment, reference)


def _stepped(experiment: Experiment, reference: Cell) -> Iterator[Cell]:
    """The reference after one step, after two, and so on; then the last one without each step."""
    steps = experiment.steps
    taken = [steps[: place + 1] for place in range(len(steps))]
    # Without the last step it is the one before: it stands there already.
    taken += [steps[:place] + steps[place + 1 :] for place in range(len(steps) - 1)]
    for chosen in taken:
        levels = {factor: level for step in chosen for factor, level in step.items()}
        yield reference.with_levels(levels)
