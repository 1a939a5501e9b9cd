"""Pairs: a cell and its reference, measured beside each other in one job, pair after pair.

The order inside a pair is drawn by a seeded coin, each side is a fresh fork of a clean server, both
do the same work. The log-ratio of a pair is the datum, so a cell is comparable whenever it is
measured, and the reference beside every cell is a control chart of the machine.
"""

from __future__ import annotations

import functools
import json
import tempfile
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from feedrate.cell import Cell
from feedrate.codehash import code_hash
from feedrate.equivalence import compare
from feedrate.forkserver import ALLOCATORS, Servers, variables_of
from feedrate.loaders import pinning_unavailable
from feedrate.machine import describe
from feedrate.matrix import Conditions, MeasuredCell
from feedrate.optional import refusal
from feedrate.pagecache import NotAvailableError, require_level
from feedrate.records import hash_of
from feedrate.registry import BUILT_STORES, STORED_MAPS
from feedrate.session import Rows, Session, Tell
from feedrate.turns import EPOCH
from feedrate.work import TrialSpec, content_hash, files_of

TRIAL_MODULE = "feedrate.trial"
ENTRY = f"{TRIAL_MODULE}:run"
IMPORTED_LATE = ("pandas", *(f"multiprocessing.{name}" for name in ("queues", "popen_fork")))
"""What pyarrow and multiprocessing would import inside every trial; a server does it once."""


def measure(
    measured: MeasuredCell,
    dataset: str,
    index: Path,
    maps_root: Path,
    progress: Tell,
    servers: Servers | None = None,
    stores_root: Path | None = None,
) -> tuple[dict[str, Any], Rows, Rows]:
    """Measure one cell against its reference, until its interval is narrow enough.

    Args:
        measured: The cell, its reference, and the conditions of the study.
        dataset: The dataset's name.
        index: The dataset's accepted samples.
        maps_root: Folder with one folder of stored maps a codec.
        progress: Told the number of trials done and to do.
        servers: Where trials are forked; None starts servers for this cell alone.
        stores_root: Folder with one folder a built store of images; None where no cell reads one.

    Returns:
        The record (see `feedrate.records`), and a row for every batch and for every sample. A
        level that cannot be had on this machine gives a record without trials, and the reason.

    Raises:
        TrialError: A trial failed; its message names the trial.
    """
    started = _now()
    specs = {
        side: trial_spec(cell, measured.conditions, index, maps_root, stores_root)
        for side, cell in measured.sides.items()
    }
    files = {side: files_of(spec) for side, spec in specs.items()}
    session = Session(measured, dataset, specs, files)
    available, trials, equivalence = {"ok": True, "reason": ""}, Rows(), compare([], [])
    with tempfile.TemporaryDirectory(prefix="feedrate-", ignore_cleanup_errors=True) as kept:
        own = Servers([TRIAL_MODULE, *IMPORTED_LATE, *measured.modules], ENTRY)
        with nullcontext(servers) if servers else own as given:
            try:
                _require_installed(measured)
                session = replace(session, storage_share=_storage_share(session))
                trials, equivalence = session.run(given, Path(kept), progress)
            except NotAvailableError as reason:
                available = {"ok": False, "reason": str(reason)}
    batch_rows, sample_rows = _split_rows(trials)
    record = {
        **_facts(session),
        "available": available,
        "stopping": session.stopped(trials),
        "gate": session.judge(trials, equivalence),
        "equivalence": equivalence,
        "started_at": started,
        "ended_at": _now(),
        "trials": trials,
    }
    return record, batch_rows, sample_rows


def trial_spec(
    cell: Cell,
    conditions: Conditions,
    index: Path,
    maps_root: Path,
    stores_root: Path | None = None,
) -> TrialSpec:
    """Say what a trial of this cell needs to know; it delivers the declared images once.

    Raises:
        ValueError: The cell reads a built store, and it is not said where those lie.
    """
    if cell.images in BUILT_STORES and stores_root is None:
        raise ValueError(f"images: {cell.images} is a built store; say where those lie")
    codec = STORED_MAPS.get(cell.targets)
    return TrialSpec(
        levels=cell.model_dump(),
        index=str(index),
        maps_dir=str(maps_root / codec) if codec else None,
        image_size=cell.image_size or conditions.targets.image_size,
        params=conditions.targets.model_dump(exclude={"image_size"}),
        images=conditions.work.images,
        deliver=conditions.work.images,
        seed=conditions.seed,
        plugins=conditions.plugins,
        store_dir=str(stores_root / cell.images)
        if stores_root and cell.images in BUILT_STORES
        else None,
    )


def _require_installed(measured: MeasuredCell) -> None:
    """Ask the plug-ins of both sides, and what pinned memory needs, whether they are here.

    Raises:
        NotAvailableError: One cannot; the message says why, and what would cure it.
    """
    reasons = [refusal(name) for name in measured.modules]
    if any(side.pin_memory for side in measured.sides.values()):
        reasons.append(pinning_unavailable())
    for reason in filter(None, reasons):
        raise NotAvailableError(reason)


def _storage_share(session: Session) -> float:
    """Find out whether the levels of the page cache can be had, and what storage moves for them.

    Raises:
        NotAvailableError: One cannot.
    """
    share = 1.0
    for side, cell in session.measured.sides.items():
        moved = require_level(cell.page_cache, session.files[side])
        if moved:
            share = min(1.0, moved / sum(path.stat().st_size for path in session.files[side]))
    return share


def _facts(session: Session) -> dict[str, Any]:
    """What a record says before anything is measured."""
    measured, conditions = session.measured, session.measured.conditions
    files = list(dict.fromkeys(path for paths in session.files.values() for path in paths))
    size = measured.reference.batch_size
    return {
        "dataset": session.dataset,
        "experiment": measured.experiment,
        "cell": measured.name,
        "levels": measured.cell.model_dump(),
        "reference_levels": measured.reference.model_dump(),
        "work": {
            "images": conditions.work.images,
            "batches": -(-measured.images_delivered // size),
            "batch_size": size,
            "steady_batches": -(-measured.steady_images // size),
        },
        "seed": conditions.seed,
        "stores": _stores(session),
        "machine": _machine(files[0], files[-1]),
        "hashes": {
            "dataset": content_hash(files),
            "code": _code_of(*measured.modules),
            "conditions": hash_of(measured.model_dump(mode="json")),
        },
        "environments": {
            side: variables_of(ALLOCATORS[cell.allocator]) for side, cell in measured.sides.items()
        },
    }


def _stores(session: Session) -> dict[str, Any]:
    """What the built store of a side is and took to build: its manifest, without the files."""
    manifests = {
        side: json.loads(Path(f"{spec.store_dir}.json").read_text(encoding="utf-8"))
        for side, spec in session.specs.items()
        if spec.store_dir
    }
    told = ("store", "images", "bytes", "dataset_bytes", "build", "made_with")
    return {side: {name: each[name] for name in told} for side, each in manifests.items()}


@functools.cache
def _machine(images: Path, maps: Path) -> dict[str, Any]:
    return describe({"images": images.parent, "maps": maps.parent})


@functools.cache
def _code_of(*modules: str) -> str:
    return code_hash("feedrate.pairs", TRIAL_MODULE, *modules)


def _split_rows(trials: Rows) -> tuple[Rows, Rows]:
    """Take the long tables out of the trials: they go to Parquet."""
    batches, samples = Rows(), Rows()
    for trial in trials:
        where = {name: trial[name] for name in ("pair", "side", "kind")}
        batches += [{**where, **row} for row in trial.pop("batch_rows")]
        rows = trial.pop("sample_rows")
        samples += [{**where, **row} for row in rows if trial["kind"] == EPOCH]
    return batches, samples


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
