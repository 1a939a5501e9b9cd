"""The exercise gate: no timing counts until counters prove that what is compared really ran.

Expectations follow from a cell's levels alone. The pipeline's own counters say where each image
and map came from; the operating system's count of bytes read is the independent witness.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from feedrate.cell import Cell

IMAGE_ORIGIN = {"disk": "image_file", "ram": "image_memory", "decoded_ram": "image_memory"}
TARGET_ORIGIN = {
    "npz": "target_file",
    "npz_ram": "target_memory",
    "reference": "target_computed",
    "kernel": "target_computed",
}
DECODED = {"decoded_ram"}
"""Image levels that hold pixels, so that nothing is decoded inside the epoch."""

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
        checks += _origins(cell, trial["counters"], images)
        checks += _reads(cell, trial)
        checks.append(_equal("workers", cell.workers, trial["workers_seen"]))
    return checks


def judge(checks: Sequence[tuple[str, Check]]) -> dict[str, Any]:
    """Sum up the checks of a record; each comes with the name of its trial."""
    failures = [
        f"{where}: {check.name}: expected {check.expected}, seen {check.seen}"
        for where, check in checks
        if not check.ok
    ]
    return {"valid": not failures, "checks": len(checks), "failures": failures}


def _origins(cell: Cell, counters: Mapping[str, int], images: int) -> Iterator[Check]:
    expected = dict.fromkeys((*IMAGE_ORIGIN.values(), *TARGET_ORIGIN.values(), "decode"), 0)
    expected[IMAGE_ORIGIN[cell.images]] = images
    expected["decode"] = 0 if cell.images in DECODED else images
    if cell.targets in TARGET_ORIGIN:
        expected[TARGET_ORIGIN[cell.targets]] = images
    for name, count in expected.items():
        yield _equal(name, count, counters[name])


def _reads(cell: Cell, trial: Mapping[str, Any]) -> Iterator[Check]:
    """The kernel's count of bytes read must bear out the pipeline's."""
    counters = trial["counters"]
    claimed = counters["image_file_bytes"] + counters["target_file_bytes"]
    seen = trial["os"]["read_chars"]
    least, most = claimed, int(claimed * 1.05) + SLACK_BYTES
    yield Check("bytes read", f"{least} to {most}", str(seen), least <= seen <= most)
    for level, origin in ((cell.images, "image"), (cell.targets, "target")):
        if (level in ("disk", "npz")) != (counters[f"{origin}_file_bytes"] > 0):
            yield Check(f"{origin}_file_bytes", f"those of {level!r}", "the opposite", False)


def _equal(name: str, expected: int, seen: int) -> Check:
    return Check(name, str(expected), str(seen), expected == seen)
