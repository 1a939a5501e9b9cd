"""What the self-test measures: every comparison, declared beforehand, with what is expected of it.

The number of repeats is fixed; a run never adds one because of what it has seen.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from feedrate.cell import Cell
from feedrate.config import Measuring, Work
from feedrate.dataconfig import TargetSettings
from feedrate.matrix import Conditions, MeasuredCell
from feedrate.selftest.material import IMAGE_SIZE
from feedrate.selftest.sabotage import SABOTAGES

BUDGET_S = 25 * 60
"""What a whole self-test may take on two cores."""
IMAGES, BATCH_SIZE = 40, 8
LOOPED_PASSES = 4
"""Of a looped run: the first may be slow, the others show the steady rate."""
SEED = 20

AA_KINDS: dict[str, dict[str, str | int]] = {
    "disk, npz, 0 workers": {},
    "disk, kernel, 0 workers": {"targets": "kernel"},
    "disk, no maps, 0 workers": {"targets": "none"},
    "ram, npz_ram, 0 workers": {"images": "ram", "targets": "npz_ram"},
    "decoded_ram, npz, 0 workers": {"images": "decoded_ram"},
    "opencv, npz, 0 workers": {"decoder": "opencv"},
    "simplejpeg, kernel, sleep:3, 0 workers": {
        "decoder": "simplejpeg",
        "targets": "kernel",
        "consumer": "sleep:3",
    },
    "disk, npz, 2 workers": {"workers": 2},
    "disk, kernel, 2 workers": {"targets": "kernel", "workers": 2},
    "ram, npz_ram, 2 workers": {"images": "ram", "targets": "npz_ram", "workers": 2},
    "simplejpeg, kernel, 2 workers": {"decoder": "simplejpeg", "targets": "kernel", "workers": 2},
}
"""Cells that are compared with themselves, as levels that differ from `BASE`."""
AA_REPEATS = 4

SHARES = {"spin_2": 0.02, "spin_5": 0.05, "spin_10": 0.10, "spin_25": 0.25, "spin_50": 0.50}
"""Planted loader, and the share of each batch's own duration that it adds."""
PLANT_REPEATS, PLANT_PAIRS = 20, 8
"""A fixed number of pairs: what looking early does to coverage is a question of its own."""

BASE = Cell.model_validate({"workers": 0, "batch_size": BATCH_SIZE})

ESTIMANDS = (
    *("startup_s", "first_batch_s", "epoch_s"),
    *("steady_s_per_image", "stall_s", "cpu_s"),
)
"""Where a planted pattern may show."""


@dataclass(frozen=True)
class Pattern:
    """An effect planted in one place, and the estimands that must show it; the others must not.

    Attributes:
        says: What is slower.
        levels: Of the cell; of the reference, those in `shared`.
        shows: Some of `ESTIMANDS`.
        open: Estimands of which nothing is expected.
    """

    says: str
    levels: Mapping[str, str | int]
    shows: tuple[str, ...]
    open: tuple[str, ...] = ()
    shared: Mapping[str, str | int] = field(default_factory=dict)


PATTERNS: dict[str, Pattern] = {
    "start-up": Pattern("only the start-up", {"loader": "slow_startup"}, ("startup_s",)),
    "first epoch": Pattern(
        "only the first pass over the images",
        {"loader": "slow_first_epoch"},
        ("first_batch_s", "epoch_s", "stall_s", "cpu_s"),
    ),
    "some batches": Pattern(
        "every third batch, not the first",
        {"loader": "slow_some_batches"},
        ("epoch_s", "steady_s_per_image", "stall_s", "cpu_s"),
    ),
    "one worker": Pattern(
        "the second of two workers",
        {"loader": "slow_one_worker"},
        ("epoch_s", "steady_s_per_image", "stall_s", "cpu_s"),
        # Both workers share the machine: the first may be held up by the second.
        open=("first_batch_s",),
        shared={"workers": 2},
    ),
    "waiting": Pattern(
        "every batch, by waiting without work",
        {"loader": "sleep_each"},
        ("first_batch_s", "epoch_s", "steady_s_per_image", "stall_s"),
    ),
    "consumer": Pattern(
        "only what takes the batches",
        {"consumer": "spin:40"},
        ("epoch_s", "steady_s_per_image", "cpu_s"),
    ),
}

PLUGINS = {
    "loaders": {
        name: f"feedrate.selftest.plants:{name}"
        for name in (
            *SHARES,
            *("slow_startup", "slow_first_epoch", "slow_some_batches"),
            *("slow_one_worker", "sleep_each"),
        )
    }
    | {"unclocked": "feedrate.selftest.overhead:unclocked"}
}


@dataclass(frozen=True)
class Case:
    """One comparison.

    Attributes:
        section: ``aa``, ``plant``, ``pattern``, ``clock``, ``sabotage`` or ``honest``.
        name: What is compared, as the page says it; repeats share it.
        repeat: From 0.
        measured: What `feedrate.pairs.measure` is told.
        hidden: The treatment that is switched off, a key of `SABOTAGES`.
    """

    section: str
    name: str
    repeat: int
    measured: MeasuredCell
    hidden: str = ""


def open_cases(quick: bool = False) -> list[Case]:
    """List the comparisons whose timings count, in the shuffled order in which they run.

    Shuffled, so that whatever the machine does meets every section alike.
    """
    cases = [*_aa(quick), *_plants(quick), *_patterns(quick), _clock(quick)]
    random.Random(SEED).shuffle(cases)  # noqa: S311  a reproducible order, no secret
    return cases


def hidden_cases(quick: bool = False) -> list[Case]:
    """List the switched-off treatments, then the same cells with nothing switched off."""
    cells: dict[str, MeasuredCell] = {}
    cases = []
    for name, sabotage in SABOTAGES.items():
        reference = BASE.with_levels(sabotage.shared)
        cell = reference.with_levels(sabotage.levels)
        plugins = {"sabotage": {name: cell.name(reference)}}
        told = _measured(f"hidden-{name}", cell, reference, _short(quick, plugins))
        cases.append(Case("sabotage", name, 0, told, name))
        honest = f"{cell.name(reference)}, {cell.workers} workers, {reference.targets}"
        cells[honest] = _measured(f"honest-{len(cells)}", cell, reference, _short(quick, {}))
    return cases + [Case("honest", name, 0, cell) for name, cell in cells.items()]


def _aa(quick: bool) -> Iterator[Case]:
    for name, levels in list(AA_KINDS.items())[:: 4 if quick else 1]:
        cell = BASE.with_levels(levels)
        for repeat in range(1 if quick else AA_REPEATS):
            told = _measured(f"aa-{name}-{repeat}", cell, cell, _usual(quick))
            yield Case("aa", name, repeat, told)


def _plants(quick: bool) -> Iterator[Case]:
    for name in SHARES:
        for repeat in range(1 if quick else PLANT_REPEATS):
            cell = BASE.with_levels({"loader": name})
            pairs = {"pairs": 6 if quick else PLANT_PAIRS, "max_pairs": PLANT_PAIRS}
            conditions = _usual(quick, **pairs, target_halfwidth=0.0)
            yield Case("plant", name, repeat, _measured(f"{name}-{repeat}", cell, BASE, conditions))


def _patterns(quick: bool) -> Iterator[Case]:
    for name, pattern in list(PATTERNS.items())[: 2 if quick else None]:
        reference = BASE.with_levels(pattern.shared)
        cell = reference.with_levels(pattern.levels)
        held = reference.prefetch_factor * max(1, reference.workers)
        rounds = LOOPED_PASSES * IMAGES // BATCH_SIZE // held
        conditions = _usual(quick, rounds, steady_pairs=6, max_pairs=6)
        yield Case("pattern", name, 0, _measured(f"pattern-{name}", cell, reference, conditions))


def _clock(quick: bool) -> Case:
    conditions = _usual(quick, target_halfwidth=0.0)
    reference = BASE.with_levels({"loader": "unclocked"})
    return Case("clock", "clock on against off", 0, _measured("clock", BASE, reference, conditions))


def _measured(experiment: str, cell: Cell, reference: Cell, conditions: Conditions) -> MeasuredCell:
    return MeasuredCell(
        experiment=experiment,  # part of the coin's seed, so that every repeat has its own order
        name=cell.name(reference),
        cell=cell,
        reference=reference,
        conditions=conditions,
    )


def _usual(quick: bool, steady_rounds: int = 2, **measuring: Any) -> Conditions:
    """The conditions of a study (its stopping rule, too), on less work."""
    measuring = {"steady_pairs": 0, "timeout_s": 60, **measuring}
    if quick:
        measuring["max_pairs"] = measuring.get("pairs", 6)
    return Conditions(
        work=Work(images=IMAGES, steady_rounds=steady_rounds),
        measuring=Measuring(**measuring),
        targets=TargetSettings(image_size=IMAGE_SIZE),
        seed=SEED,
        plugins=PLUGINS,
    )


def _short(quick: bool, plugins: dict[str, dict[str, str]]) -> Conditions:
    """As few pairs as a study may have; in a quick run a single looped one: gates need no more."""
    usual = _usual(quick, max_pairs=6)
    none = {"pairs": 0, "max_pairs": 0, "target_halfwidth": 0.0, "steady_pairs": 1}
    measuring = usual.measuring.model_copy(update=none if quick else {})
    return usual.model_copy(update={"plugins": plugins, "measuring": measuring})
