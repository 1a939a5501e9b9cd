"""One cell's measurement while it runs: trials in order, each in a clean process, then judged."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from feedrate import gate, proofs
from feedrate.cell import Cell
from feedrate.config import FACTOR_KINDS
from feedrate.equivalence import compare, read_batches
from feedrate.forkserver import ALLOCATORS, Servers, TrialError
from feedrate.matrix import MeasuredCell
from feedrate.pagecache import prepare, residency
from feedrate.stopping import Stopping, halfwidth
from feedrate.turns import EPOCH, SIDES, STEADY, WARM_UP, Turn, log_ratios, pair_of, warm_ups
from feedrate.work import TrialSpec

Rows = list[dict[str, Any]]
Tell = Callable[[int, int], None]
"""Is told the number of trials done and to do."""


@dataclass(frozen=True, eq=False)
class Session:
    """Everything that is fixed before the first trial of a cell.

    Attributes:
        measured: The cell, its reference, and the conditions of the study.
        dataset: The dataset's name.
        specs: What a trial of either side is told.
        files: Every file that a trial of either side may read.
        storage_share: Bytes that storage moves for each byte of a file that is not in memory.
    """

    measured: MeasuredCell
    dataset: str
    specs: dict[str, TrialSpec]
    files: dict[str, list[Path]]
    storage_share: float = 1.0

    @property
    def rule(self) -> Stopping:
        """When there are enough pairs: fixed by the study, before the first."""
        return Stopping.of(self.measured.conditions.measuring)

    def run(self, servers: Servers, kept: Path, progress: Tell) -> tuple[Rows, dict[str, Any]]:
        """Run warm-ups, then pairs until there are enough, then the looped pairs."""
        measuring, trials = self.measured.conditions.measuring, Rows()
        folders = {side: kept / side for side in SIDES}
        looped = measuring.steady_pairs if self.measured.steady_images else 0

        def take(turns: list[Turn]) -> None:
            for turn in turns:
                pairs = self.rule.expected(log_ratios(trials))
                progress(len(trials), measuring.discard + 2 * (pairs + looped))
                keep = folders[turn.side] if turn.kind == WARM_UP and turn.position < 2 else None
                trials.append(self._trial(servers, turn, keep))

        take(warm_ups(measuring.discard))
        equivalence = compare(*(read_batches(folders[side]) for side in ("cell", "reference")))
        shutil.rmtree(kept)  # before the first pair, so that nothing is written back meanwhile
        for pair in range(self.rule.most):
            take(pair_of(EPOCH, pair, self._seed))
            if self.rule.enough(log_ratios(trials)):
                break
        for pair in range(looped):
            take(pair_of(STEADY, pair, self._seed))
        progress(len(trials), len(trials))
        return trials, equivalence

    def stopped(self, trials: Rows) -> dict[str, Any]:
        """Where the rule stopped, and how wide the interval then was."""
        ratios = log_ratios(trials)
        wide = halfwidth(ratios) if ratios else None
        return {
            "least": self.rule.least,
            "most": self.rule.most,
            "target_halfwidth": self.rule.target_halfwidth,
            "pairs": len(ratios),
            "halfwidth": wide,
            "reached": wide is not None and wide < self.rule.target_halfwidth,
        }

    def judge(self, trials: Rows, equivalence: dict[str, Any]) -> dict[str, Any]:
        """Hold every trial against its cell."""
        return gate.judge(list(self._checks(trials, equivalence)))

    def _checks(
        self, trials: Rows, equivalence: dict[str, Any]
    ) -> Iterator[tuple[str, proofs.Check]]:
        sides, plugins = self.measured.sides, self.measured.conditions.plugins
        foreign = {side: _is_foreign(cell, plugins) for side, cell in sides.items()}
        for trial in trials:
            turn = Turn(trial["kind"], trial["pair"], trial["side"], trial["position"])
            images, known = self._images(turn), not foreign[turn.side]
            distinct = min(images, self.measured.conditions.work.images)
            for check in gate.check_trial(sides[turn.side], trial, images, distinct, known):
                yield turn.label, check
        if trials and not any(foreign.values()):
            for check in gate.check_equivalence(sides["cell"], sides["reference"], equivalence):
                yield "cell against reference", check

    def _trial(self, servers: Servers, turn: Turn, keep: Path | None) -> dict[str, Any]:
        cell, files = self.measured.sides[turn.side], self.files[turn.side]
        spec = replace(
            self.specs[turn.side],
            deliver=self._images(turn) // self.measured.reference.epochs,
            keep=str(keep) if keep else None,
            observe=keep is not None,
        )
        before = prepare(cell.page_cache, files)
        try:
            server = servers.of(ALLOCATORS[cell.allocator])
            trial = server.call(spec.to_json(), self.measured.conditions.measuring.timeout_s)
        except TrialError as error:
            raise TrialError(f"{turn.label}: {error}") from None
        cached = {
            "level": cell.page_cache,
            "files": len(files),
            "bytes": before.bytes if before else None,
            "resident_before": before.resident if before else None,
            "resident_after": residency(files).resident if before else None,
            "storage_share": self.storage_share,
        }
        named = {name: getattr(turn, name) for name in ("pair", "side", "position", "kind")}
        return {**named, "discarded": turn.kind == WARM_UP, **trial, "page_cache": cached}

    def _images(self, turn: Turn) -> int:
        steady = turn.kind == STEADY
        return self.measured.steady_images if steady else self.measured.images_delivered

    @property
    def _seed(self) -> str:
        measured = self.measured
        return f"{measured.conditions.seed}/{self.dataset}/{measured.experiment}/{measured.name}"


def _is_foreign(cell: Cell, plugins: dict[str, dict[str, str]]) -> bool:
    """Whether a user's own plug-in takes part in a cell."""
    levels = cell.model_dump()
    return any(levels[factor] in plugins.get(kind, {}) for factor, kind in FACTOR_KINDS.items())
