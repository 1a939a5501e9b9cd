"""The exercise gate: no timing counts until counters prove that what is compared really ran.

Expectations follow from a cell's levels alone. The pipeline's own counters say where each image
and map came from; the operating system's count of bytes read is the independent witness.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from feedrate.cell import Cell
from feedrate.registry import target_of
from feedrate.stages import COUNTERS

SLACK_BYTES = 8 << 20
"""What a process tree may read besides its data: modules loaded late, the traffic of queues."""


@dataclass(frozen=True)
class Check:
    """One expectation and what was seen."""

    name: str
    expected: str
    seen: str
    ok: bool


def check_trial(
    cell: Cell, trial: Mapping[str, Any], images: int, known_plugins: bool = True
) -> list[Check]:
    """Compare what a trial did with what its cell's levels imply.

    Args:
        cell: The cell of this side.
        trial: Its record.
        images: Images it had to deliver.
        known_plugins: False where a user's own plug-in took part, of which nothing is implied
            but the amount of work.
    """
    checks = [
        _equal("batches", -(-images // cell.batch_size), trial["batches"]),
        _equal("images", images, trial["images"]),
    ]
    if known_plugins:
        declared = _Declared.of(cell)
        checks += _origins(declared, trial["counters"], images)
        checks += _reads(declared, trial)
        # Batches go round the workers in turn: a short trial cannot show them all.
        busy = min(cell.workers, -(-images // cell.batch_size))
        checks.append(_equal("workers", busy, trial["workers_seen"]))
    return checks


def judge(checks: Sequence[tuple[str, Check]]) -> dict[str, Any]:
    """Sum up the checks of a record; each comes with the name of its trial."""
    failures = [
        f"{where}: {check.name}: expected {check.expected}, seen {check.seen}"
        for where, check in checks
        if not check.ok
    ]
    return {"valid": not failures, "checks": len(checks), "failures": failures}


@dataclass(frozen=True)
class _Declared:
    """What a cell's store and target source say of themselves, in their modules."""

    image_origin: str
    target_origin: str | None
    decoded: bool

    @classmethod
    def of(cls, cell: Cell) -> _Declared:
        store = _module("images", cell.images)
        source = _module("targets", cell.targets)
        return cls(store.ORIGIN, source.ORIGIN, getattr(store, "DECODED", False))


def _module(kind: str, level: str) -> Any:
    return importlib.import_module(target_of(kind, level).partition(":")[0])


def _origins(declared: _Declared, counters: Mapping[str, int], images: int) -> Iterator[Check]:
    expected = dict.fromkeys((name for name in COUNTERS if not name.endswith("_bytes")), 0)
    expected[f"image_{declared.image_origin}"] = images
    expected["decode"] = 0 if declared.decoded else images
    if declared.target_origin:
        expected[f"target_{declared.target_origin}"] = images
    for name, count in expected.items():
        yield _equal(name, count, counters[name])


def _reads(declared: _Declared, trial: Mapping[str, Any]) -> Iterator[Check]:
    """The kernel's count of bytes read must bear out the pipeline's."""
    counters = trial["counters"]
    claimed = counters["image_file_bytes"] + counters["target_file_bytes"]
    seen = trial["os"]["read_chars"]
    least, most = claimed, int(claimed * 1.05) + SLACK_BYTES
    yield Check("bytes read", f"{least} to {most}", str(seen), least <= seen <= most)
    for what, origin in (("image", declared.image_origin), ("target", declared.target_origin)):
        told = counters[f"{what}_file_bytes"]
        expected = "more than 0" if origin == "file" else "0"
        yield Check(f"{what}_file_bytes", expected, str(told), (told > 0) == (origin == "file"))


def _equal(name: str, expected: int, seen: int) -> Check:
    return Check(name, str(expected), str(seen), expected == seen)
