"""What bears out a trial's own counters: the kernel's counts, pages in memory, threads, time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from feedrate.cell import Cell, split_level
from feedrate.config import NUMBER_ARGUMENTS
from feedrate.loaders import PIPED
from feedrate.pagecache import COLD_MOST, WARM_LEAST
from feedrate.stages import SAMPLE_STAGES, WORKER_STAGES
from feedrate.work import is_network

SLACK_BYTES = 640 << 10
"""What each process may read besides its data: modules loaded late, the traffic of queues."""

WATCHING_BYTES = 4 << 20
"""What reading the memory of all processes at every batch may read on top."""

STARTING_BYTES = 64 << 20
"""What a worker that starts from nothing may read on top: it imports everything anew."""

COLD_SHARE, WARM_SHARE = 0.98, 0.02
"""Of the files' bytes: the least that storage must give a cold trial, the most a warm one."""

FAULT_BYTES = 8 << 20
"""What storage may give for a major fault, read-ahead included: a library's page that the kernel
had reclaimed. Data that are read are no fault; of a mapped store any fault may be, and none is
excused."""

PACED_SHARE = 0.99
"""Of a paced consumer's declared time: clocks and sleeps are that exact."""

FITTING_SHARE = 1.1
"""Of the time of all workers: more cannot have been worked in it, the clock's error aside."""


FREED: Mapping[str, tuple[str, ...]] = {
    "none": (),
    **{stage: (stage,) for stage in ("decode", "transform", "targets")},
    "all": SAMPLE_STAGES,
}
"""Stages that a level of ``ablate`` makes free: nothing is left of them but handing over."""

FREE_S = 2e-4
"""What handing over what is there already may take; it takes microseconds."""


@dataclass(frozen=True)
class Check:
    """One expectation and what was seen."""

    name: str
    expected: str
    seen: str
    ok: bool


Origins = Mapping[str, str | None]
"""Where ``image`` and ``target`` come from by declaration: file, memory, computed, or nowhere."""


def crews(cell: Cell) -> int:
    """How often workers start in a trial: for every epoch, but for those that stay."""
    return 1 if cell.persistent_workers else cell.epochs


def check_reads(
    cell: Cell, origins: Origins, trial: Mapping[str, Any], mapped: bool = False
) -> Iterator[Check]:
    """The kernel's count of bytes read must bear out the pipeline's.

    Of a mapped store no read call is counted: its bytes must not be among those read. A store that
    falls back to the original files reads them, and is found out by that. Arrays that a loader
    sends through a pipe are counted as read too; they are known exactly, and nothing is allowed
    for them, so that no file can be read twice behind them.
    """
    counters = trial["counters"]
    claimed = counters["target_file_bytes"]
    if not mapped:
        claimed += counters["image_file_bytes"]
    seen = trial["os"]["read_chars"]
    workers = cell.workers * crews(cell)
    slack = SLACK_BYTES * (1 + workers) + WATCHING_BYTES * bool(trial["memory"])
    slack += STARTING_BYTES * workers * (cell.start_method != "fork")
    piped = trial["loader_facts"].get(PIPED, 0)
    least, most = claimed + piped, int(claimed * 1.05) + piped + slack
    yield Check("bytes read", f"{least} to {most}", str(seen), least <= seen <= most)
    for what, origin in origins.items():
        told = counters[f"{what}_file_bytes"]
        expected = "more than 0" if origin == "file" else "0"
        yield Check(f"{what}_file_bytes", expected, str(told), (told > 0) == (origin == "file"))


def check_from_storage(
    cell: Cell, origins: Origins, trial: Mapping[str, Any], mapped: bool = False
) -> Iterator[Check]:
    """Of the bytes a trial asked for, those that a device really gave, mapped ones too."""
    if cell.page_cache == "as_found" or "file" not in origins.values():
        return
    counters = trial["counters"]
    told = counters["image_file_bytes"] + counters["target_file_bytes"]
    seen = trial["os"]["storage_read_bytes"]
    if cell.page_cache == "cold":
        least = int(told * COLD_SHARE * trial["page_cache"]["storage_share"])
        yield Check("bytes from storage", f"{least} or more", str(seen), seen >= least)
    elif not trial["discarded"]:  # the first child of a server also reads parts of libraries
        faulted = 0 if mapped else int(trial["major_faults"]) * FAULT_BYTES
        most = int(told * WARM_SHARE) + SLACK_BYTES * (1 + cell.workers * crews(cell)) + faulted
        yield Check("bytes from storage", f"{most} or less", str(seen), seen <= most)


def check_page_cache(cell: Cell, cached: Mapping[str, Any]) -> Iterator[Check]:
    """Pages counted right before the trial.

    Those counted after it are recorded and not required: kernels reclaim pages that nobody reads,
    as those of files that are kept in memory. What then came from storage is counted in bytes.
    """
    yield equal("page cache", cell.page_cache, cached["level"])
    share, name = cached["resident_before"], "pages in memory before the trial"
    if cell.page_cache == "warm":
        met = share is not None and share >= WARM_LEAST
        yield Check(name, f"at least {WARM_LEAST:.0%}", _share(share), met)
    if cell.page_cache == "cold":
        met = share is not None and share <= COLD_MOST
        yield Check(name, f"at most {COLD_MOST:.0%}", _share(share), met)


def _share(seen: float | None) -> str:
    return "not counted" if seen is None else f"{seen:.2%}"


def check_repeats(seen: Mapping[str, int], images: int, distinct: int) -> Iterator[Check]:
    """Every image as often as the others, so that the work is the one declared."""
    yield equal("distinct images", distinct, seen["distinct"])
    yield equal("deliveries of the rarest image", images // distinct, seen["least"])
    yield equal("deliveries of the commonest image", -(-images // distinct), seen["most"])


def check_consumed(cell: Cell, trial: Mapping[str, Any]) -> Iterator[Check]:
    """A paced consumer must have taken its time."""
    name, argument = split_level(cell.consumer)
    if name in NUMBER_ARGUMENTS:
        least_s = PACED_SHARE * trial["batches"] * float(argument or 0) / 1e3
        seen_s = trial["consume_s"]
        yield Check(
            "time consumed", f"{least_s:.3f} s or more", f"{seen_s:.3f} s", seen_s >= least_s
        )


def check_fits(cell: Cell, trial: Mapping[str, Any]) -> Check:
    """What was done in the stages must have been done within the time that was measured."""
    worked_s = sum(trial["stages_s"][stage] for stage in WORKER_STAGES)
    window_s = trial["startup"]["iter_s"] + trial["epoch_s"]
    # Who collates apart from the workers works beside them.
    hands = max(cell.workers, 1) + bool(cell.workers and cell.collate == "main")
    most_s = FITTING_SHARE * window_s * hands
    return Check(
        "work within the time", f"{most_s:.3f} s or less", f"{worked_s:.3f} s", worked_s <= most_s
    )


def check_free(cell: Cell, trial: Mapping[str, Any]) -> Iterator[Check]:
    """A stage that is said to be free must take next to no time, in the middle of all images.

    Not their sum: a process may be held up for milliseconds anywhere.
    """
    for stage in FREED[cell.ablate]:
        seen_s = trial["image_median_s"][stage]
        expected, seen = f"at most {1e3 * FREE_S:g} ms an image", f"{1e3 * seen_s:.3f} ms"
        yield Check(f"time of {stage}, which is free", expected, seen, seen_s <= FREE_S)


def check_threads(cell: Cell, trial: Mapping[str, Any]) -> Iterator[Check]:
    """As many threads a process as the cell says, but for a network in the main one."""
    most = cell.threads
    for library in ("torch", "opencv"):
        seen = trial["worker_threads"][f"{library}_max"]
        yield Check(f"{library} threads of a worker", f"at most {most}", str(seen), seen <= most)
        if not is_network(cell.consumer):
            yield equal(f"{library} threads of the main process", most, trial["threads"][library])


def equal(name: str, expected: int | str, seen: int | str) -> Check:
    """Expect one value exactly."""
    return Check(name, str(expected), str(seen), expected == seen)
