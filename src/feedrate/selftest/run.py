"""The whole self-test: data of its own, every comparison, the clock's cost; raw figures out."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from feedrate.config import Measuring
from feedrate.forkserver import ForkServer, Servers
from feedrate.machine import fingerprint
from feedrate.pairs import ENTRY, IMPORTED_LATE, TRIAL_MODULE
from feedrate.selftest.cases import (
    BASE,
    BATCH_SIZE,
    BUDGET_S,
    ESTIMANDS,
    IMAGES,
    PATTERNS,
    SEED,
    SHARES,
    Case,
    hidden_cases,
    open_cases,
)
from feedrate.selftest.comparison import compare
from feedrate.selftest.material import IMAGE_SIZE, Material, build_material
from feedrate.selftest.sabotage import SABOTAGES
from feedrate.stopping import Stopping

SCHEMA = 1
OVERHEAD_MODULE = "feedrate.selftest.overhead"
SABOTAGE_MODULE = "feedrate.selftest.sabotage"
CLOCK_ROUNDS, QUICK_CLOCK_ROUNDS, CLOCK_BATCH_SIZE = 2000, 40, 2
"""Batches timed with the clock on, and off: many small ones, close beside each other."""

PLANNED_S = {
    **{"aa": 8.5, "plant": 6.5, "pattern": 23.0},
    **{"clock": 7.0, "sabotage": 5.5, "honest": 4.5},
}
"""What a comparison of each section takes on two cores of a few years' age: the plan that is told
before it starts. What it really took is in the record."""
PLANNED_PREPARATION_S, PLANNED_ROUND_S = 20.0, 0.02

Tell = Callable[[int, int], None]


@dataclass
class Agenda:
    """What is to be done, and how much of it is.

    Attributes:
        quick: A fraction of the repeats: it shows that everything runs and proves nothing.
        open_cases: Whose timings count.
        hidden: Treatments switched off, and honest ones.
        rounds: Of the clock's cost.
        tell: Told the planned seconds done and to do.
        done_s: Planned seconds of what is done.
    """

    quick: bool
    open_cases: Sequence[Case]
    hidden: Sequence[Case]
    rounds: int
    tell: Tell
    done_s: float = field(default=0.0)

    @classmethod
    def of(cls, quick: bool, tell: Tell) -> Agenda:
        """Plan a run."""
        rounds = QUICK_CLOCK_ROUNDS if quick else CLOCK_ROUNDS
        return cls(quick, open_cases(quick), hidden_cases(quick), rounds, tell)

    @property
    def planned_s(self) -> float:
        """What all of it will take."""
        return sum(self.planned().values())

    def planned(self) -> dict[str, float]:
        """What each section will take, in seconds."""
        counts = Counter(case.section for case in (*self.open_cases, *self.hidden))
        sections = {name: counts[name] * each_s for name, each_s in PLANNED_S.items()}
        ends = {"clock cost": self.rounds * PLANNED_ROUND_S}
        return {"preparation": PLANNED_PREPARATION_S} | sections | ends

    def describe(self) -> str:
        """Say what is coming, and how long it will take."""
        kind = "quick, proves nothing; " if self.quick else ""
        count = len(self.open_cases) + len(self.hidden)
        minutes, most = self.planned_s / 60, BUDGET_S / 60
        return f"{kind}{count} comparisons, about {minutes:.0f} minutes, at most {most:.0f}"

    def finish(self, seconds: float) -> None:
        """Note that so many planned seconds are done."""
        self.done_s += seconds
        self.tell(round(self.done_s), round(self.planned_s))


def run_selftest(agenda: Agenda) -> dict[str, Any]:
    """Run the self-test.

    Args:
        agenda: What is to be done; told what is.

    Returns:
        The content of ``results/selftest/records.json``.
    """
    began = datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="feedrate-selftest-") as folder:
        material = build_material(Path(folder), IMAGES)
        preparation_s = _seconds_since(began)
        agenda.finish(PLANNED_PREPARATION_S)
        comparisons = [
            *_compare(agenda.open_cases, ENTRY, material, agenda),
            *_compare(agenda.hidden, f"{SABOTAGE_MODULE}:run", material, agenda),
        ]
        clock = _cost_of_clock(material, agenda)
    ended = datetime.now(UTC)
    elapsed = {"preparation": preparation_s, "clock cost": clock.pop("elapsed_s")}
    for each in comparisons:
        elapsed[each["section"]] = elapsed.get(each["section"], 0.0) + each["elapsed_s"]
    return {
        "schema": SCHEMA,
        "quick": agenda.quick,
        "machine": fingerprint(),
        "started_at": began.isoformat(timespec="seconds"),
        "ended_at": ended.isoformat(timespec="seconds"),
        "budget_s": BUDGET_S,
        "elapsed_s": (ended - began).total_seconds(),
        "sections": [
            {"name": name, "planned_s": planned, "elapsed_s": elapsed[name]}
            for name, planned in agenda.planned().items()
        ],
        "declared": _declared(),
        "comparisons": comparisons,
        "clock": clock,
    }


def _compare(
    cases: Sequence[Case], entry: str, material: Material, agenda: Agenda
) -> Iterator[dict[str, Any]]:
    modules = sorted({name for case in cases for name in case.measured.modules})
    with Servers([TRIAL_MODULE, *IMPORTED_LATE, *modules], entry) as servers:
        for case in cases:
            yield compare(case, material, servers)
            agenda.finish(PLANNED_S[case.section])


def _cost_of_clock(material: Material, agenda: Agenda) -> dict[str, Any]:
    began = datetime.now(UTC)
    request = {
        "index": str(material.index),
        "maps_dir": str(material.maps_root / "npz"),
        "image_size": IMAGE_SIZE,
        "levels": BASE.with_levels({"batch_size": CLOCK_BATCH_SIZE}).model_dump(),
        "rounds": agenda.rounds,
        "seed": SEED,
    }
    with ForkServer([OVERHEAD_MODULE], f"{OVERHEAD_MODULE}:run") as server:
        seen = server.call(request, BUDGET_S)
    agenda.finish(agenda.rounds * PLANNED_ROUND_S)
    return {**seen, "elapsed_s": _seconds_since(began)}


def _declared() -> dict[str, Any]:
    """What was expected before anything ran; the goals are judged against it."""
    return {
        "images": IMAGES,
        "batch_size": BATCH_SIZE,
        "image_size": IMAGE_SIZE,
        "stopping": asdict(Stopping.of(Measuring())),
        "shares": SHARES,
        "estimands": ESTIMANDS,
        "patterns": {
            name: {"says": each.says, "shows": each.shows, "open": each.open}
            for name, each in PATTERNS.items()
        },
        "sabotages": {name: each.says for name, each in SABOTAGES.items()},
    }


def _seconds_since(began: datetime) -> float:
    return (datetime.now(UTC) - began).total_seconds()
