"""Pairs: a cell and its reference, measured beside each other in one job, pair after pair.

The order inside a pair is drawn by a seeded coin, each side is a fresh fork of a clean server, both
do the same work. The log-ratio of a pair is the datum, so a cell is comparable whenever it is
measured, and the reference beside every cell is a control chart of the machine.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from feedrate import gate
from feedrate.cell import Cell
from feedrate.config import FACTOR_KINDS
from feedrate.equivalence import compare, read_batches
from feedrate.forkserver import ForkServer, TrialError
from feedrate.machine import fingerprint
from feedrate.matrix import Conditions, MeasuredCell
from feedrate.registry import STORED_MAPS, Plugins
from feedrate.work import KEPT_BATCHES, TrialSpec, warm_page_cache

TRIAL_MODULE = "feedrate.trial"
ENTRY = f"{TRIAL_MODULE}:run"

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Turn:
    """One trial to run: which side, in which pair, first or second; pair -1 is thrown away."""

    pair: int
    side: str
    position: int

    @property
    def discarded(self) -> bool:
        """Whether the trial only warms the server and shows what its batches hold."""
        return self.pair < 0

    @property
    def label(self) -> str:
        """Name the trial in messages."""
        return f"{self.side}, warm-up" if self.discarded else f"{self.side}, pair {self.pair + 1}"


def turns(pairs: int, discard: int, seed: str) -> list[Turn]:
    """List the trials of a cell in the order they run."""
    coin = random.Random(seed)  # noqa: S311  a reproducible order, no secret
    order = [Turn(-1, ("reference", "cell")[place % 2], place) for place in range(discard)]
    for pair in range(pairs):
        sides = ["reference", "cell"]
        coin.shuffle(sides)
        order += [Turn(pair, side, position) for position, side in enumerate(sides)]
    return order


def measure(
    measured: MeasuredCell,
    dataset: str,
    index: Path,
    maps_root: Path,
    progress: Callable[[int, int], None],
) -> tuple[dict[str, Any], Rows, Rows]:
    """Measure one cell against its reference.

    Args:
        measured: The cell, its reference, and the conditions of the study.
        dataset: The dataset's name.
        index: The dataset's accepted samples.
        maps_root: Folder with one folder of stored maps a codec.
        progress: Told the number of trials done and to do.

    Returns:
        The record (see `feedrate.records`), and a row for every batch and for every sample.

    Raises:
        TrialError: A trial failed; its message names the trial.
    """
    started, conditions = _now(), measured.conditions
    seed = f"{conditions.seed}/{dataset}/{measured.experiment}/{measured.name}"
    order = turns(conditions.measuring.pairs, conditions.measuring.discard, seed)
    specs = {
        side: trial_spec(cell, conditions, index, maps_root)
        for side, cell in measured.sides.items()
    }
    for spec in specs.values():
        warm_page_cache(spec)
    trials: Rows = []
    with tempfile.TemporaryDirectory(prefix="feedrate-", ignore_cleanup_errors=True) as kept:
        folders = {side: Path(kept) / side for side in measured.sides}
        with ForkServer([TRIAL_MODULE, *measured.modules], ENTRY) as server:
            for turn in order:
                progress(len(trials), len(order))
                deliver = _images_delivered(measured, turn)
                keep = str(folders[turn.side]) if turn.discarded else None
                spec = replace(specs[turn.side], deliver=deliver, keep=keep)
                trials.append(_run(server, turn, spec, conditions.measuring.timeout_s))
                if turn == order[conditions.measuring.discard - 1]:
                    equivalence = compare(*(read_batches(folders[side]) for side in folders))
                    shutil.rmtree(kept)  # before the first pair, so that nothing is written back
        progress(len(order), len(order))
    batch_rows, sample_rows = _split_rows(trials)
    work = {
        "images": conditions.work.images,
        "batches": measured.images_delivered // measured.reference.batch_size,
        "batch_size": measured.reference.batch_size,
    }
    record = {
        "dataset": dataset,
        "experiment": measured.experiment,
        "cell": measured.name,
        "levels": measured.cell.model_dump(),
        "reference_levels": measured.reference.model_dump(),
        "work": work,
        "seed": conditions.seed,
        "machine": fingerprint(),
        "gate": gate.judge(list(_checks(measured, trials))),
        "equivalence": equivalence,
        "started_at": started,
        "ended_at": _now(),
        "trials": trials,
    }
    return record, batch_rows, sample_rows


def trial_spec(cell: Cell, conditions: Conditions, index: Path, maps_root: Path) -> TrialSpec:
    """Say what a trial of this cell needs to know; it delivers the declared images once."""
    codec = STORED_MAPS.get(cell.targets)
    return TrialSpec(
        levels=cell.model_dump(),
        index=str(index),
        maps_dir=str(maps_root / codec) if codec else None,
        image_size=conditions.targets.image_size,
        params=conditions.targets.model_dump(exclude={"image_size"}),
        images=conditions.work.images,
        deliver=conditions.work.images,
        seed=conditions.seed,
        plugins=conditions.plugins,
    )


def _images_delivered(measured: MeasuredCell, turn: Turn) -> int:
    if turn.discarded:
        return KEPT_BATCHES * measured.reference.batch_size
    return measured.images_delivered


def _run(server: ForkServer, turn: Turn, spec: TrialSpec, timeout_s: float) -> dict[str, Any]:
    try:
        trial = server.call(spec.to_json(), timeout_s)
    except TrialError as error:
        raise TrialError(f"{turn.label}: {error}") from None
    return {
        "pair": turn.pair,
        "side": turn.side,
        "position": turn.position,
        "discarded": turn.discarded,
        **trial,
    }


def _checks(
    measured: MeasuredCell, trials: Sequence[dict[str, Any]]
) -> Iterator[tuple[str, gate.Check]]:
    for trial in trials:
        cell = measured.sides[trial["side"]]
        turn = Turn(trial["pair"], trial["side"], trial["position"])
        known = not _is_foreign(cell, measured.conditions.plugins)
        for check in gate.check_trial(cell, trial, _images_delivered(measured, turn), known):
            yield turn.label, check


def _is_foreign(cell: Cell, plugins: Plugins) -> bool:
    """Whether a user's own plug-in takes part in a cell."""
    levels = cell.model_dump()
    return any(levels[factor] in plugins.get(kind, {}) for factor, kind in FACTOR_KINDS.items())


def _split_rows(trials: Sequence[dict[str, Any]]) -> tuple[Rows, Rows]:
    """Take the long tables out of the trials: they go to Parquet."""
    tables: dict[str, Rows] = {"batch_rows": [], "sample_rows": []}
    for trial in trials:
        where = {"pair": trial["pair"], "side": trial["side"]}
        for name, table in tables.items():
            table += [{**where, **row} for row in trial.pop(name)]
    return tables["batch_rows"], tables["sample_rows"]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
