"""Fabricated records with planted effects: what the analysis must find again."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from feedrate.cell import Cell
from feedrate.records import SCHEMA, RecordPaths
from feedrate.stopping import Stopping, halfwidth

MACHINE = {
    "machine_id": "1234e56789ab",
    "cpu": "AMD EPYC",
    "cores": 2,
    "memory_gib": 24,
    "kernel": "6.1",
    "python": "3.11.7",
    "flags": ["avx2", "fma"],
    "quota_cores": None,
    "versions": {"torch": "2.13.0", "numpy": "2.4.6"},
}
RULE = Stopping(least=6, most=12, target_halfwidth=0.05)
IMAGES, BATCH_SIZE = 128, 16
_WARM_UP, _EPOCH, _STEADY = "warm_up", "epoch", "steady"
STAGES_MS = {
    "read": 0.4,
    "decode": 9.0,
    "transform": 5.5,
    "filter": 0.2,
    "targets": 7.1,
    "collate": 1.2,
    "transfer": 0.0,
    "consume": 0.1,
}
PRIMARY = {"ram_vs_disk": ["targets~npz_ram"]}
_CLOCK = 1_790_000_000.0


def make_record(
    cell: str = "targets~npz_ram",
    experiment: str = "ram_vs_disk",
    speed_up: float = 1.3,
    *,
    dataset: str = "receipts",
    pairs: int = 8,
    noise: float = 0.01,
    seed: int = 7,
    extra_startup_s: float = 0.0,
    reference_epoch_s: float = 2.6,
    drift: float = 0.0,
    failures: tuple[str, ...] = (),
    equivalence: str = "identical",
    machine_id: str = MACHINE["machine_id"],  # type: ignore[assignment]
    pss_gb: float = 1.2,
    started: float = _CLOCK,
    looped: int = 1,
    steady: bool = True,
    unavailable: str = "",
) -> dict[str, Any]:
    """A record whose cell is `speed_up` times as fast as its reference.

    It has `pairs` pairs of epochs and `looped` pairs of looped runs. Where those of the cell are
    not `steady`, they slow down to the end. An `unavailable` cell says why, and has no trials.
    """
    rng = np.random.default_rng([seed, *map(ord, cell + experiment + dataset)])
    reference = Cell.model_validate({})
    levels = Cell.parse(cell, reference)
    trials = []
    now = started
    kinds = {_WARM_UP: range(-1, 0), _EPOCH: range(pairs), _STEADY: range(looped)}
    turns = [(kind, pair) for kind, numbers in kinds.items() for pair in numbers]
    for kind, pair in () if unavailable else turns:
        common = 1 + drift * max(pair, 0) / pairs
        for position in range(2):
            side = ("reference", "cell")[(position + pair) % 2]
            gain = speed_up if side == "cell" else 1.0
            epoch_s = reference_epoch_s * common / gain * float(np.exp(rng.normal(0, noise)))
            extra = extra_startup_s if side == "cell" else 0.0
            trial = _trial(kind, pair, side, position, now, epoch_s, extra, pss_gb)
            trial["loader_facts"] = {"slows_by": 0.0 if steady or side == "reference" else 1.0}
            trials.append(trial)
            now += trial["epoch_s"] + 1.5 + extra
    fields = {"images": {"max": 0.0, "mean": 0.0, "share": 0.0, "images_apart": 0}}
    if equivalence == "pixels differ":
        fields["images"] = {"max": 0.031, "mean": 0.0012, "share": 0.18, "images_apart": 1}
    return {
        "schema": SCHEMA,
        "dataset": dataset,
        "experiment": experiment,
        "cell": cell,
        "levels": levels.model_dump(),
        "reference_levels": reference.model_dump(),
        "work": {
            "images": IMAGES,
            "batches": IMAGES // BATCH_SIZE,
            "batch_size": BATCH_SIZE,
            "steady_batches": _LOOPS * IMAGES // BATCH_SIZE,
        },
        "seed": seed,
        "machine": copy.deepcopy(MACHINE) | {"machine_id": machine_id},
        "available": {"ok": not unavailable, "reason": unavailable},
        "stopping": _stopping(trials),
        "hashes": {"dataset": "d1", "code": "c1", "conditions": "7e1"},
        "environments": {"cell": {}, "reference": {}},
        "gate": {
            "valid": not failures and not unavailable,
            "checks": 0 if unavailable else 210,
            "failures": list(failures),
        },
        "equivalence": {"verdict": equivalence, "fields": fields, "missing": [], "extra": []},
        "started_at": "2026-11-22T19:00:00+00:00",
        "ended_at": "2026-11-22T19:02:00+00:00",
        "trials": trials,
    }


def _stopping(trials: list[dict[str, Any]]) -> dict[str, Any]:
    """What the rule would have written, whatever the number of pairs asked for."""
    epochs = {(t["pair"], t["side"]): t["epoch_s"] for t in trials if t["kind"] == _EPOCH}
    pairs = len(epochs) // 2
    logs = [np.log(epochs[pair, "reference"] / epochs[pair, "cell"]) for pair in range(pairs)]
    wide = halfwidth(logs) if pairs >= RULE.least else None
    reached = wide is not None and wide < RULE.target_halfwidth
    rule = {"least": RULE.least, "most": RULE.most, "target_halfwidth": RULE.target_halfwidth}
    return rule | {"pairs": pairs, "halfwidth": wide, "reached": reached}


_LOOPS = 10


def _trial(
    kind: str,
    pair: int,
    side: str,
    position: int,
    now: float,
    epoch_s: float,
    extra: float,
    pss_gb: float,
) -> dict[str, Any]:
    loops = _LOOPS if kind == _STEADY else 1
    images, epoch_s = IMAGES * loops, epoch_s * loops
    return {
        "pair": pair,
        "side": side,
        "position": position,
        "kind": kind,
        "discarded": kind == _WARM_UP,
        "instrumented": True,
        "started_at": now,
        "startup": {
            "construct_s": 0.02,
            "preload_s": 0.01 + extra,
            "jit_s": 0.0,
            "iter_s": 0.03,
            "first_batch_s": 0.3,
        },
        "startup_s": 0.06 + extra,
        "epoch_s": epoch_s,
        "images": images,
        "batches": images // BATCH_SIZE,
        "stall_s": 0.9 * epoch_s,
        "consume_s": 0.01,
        "cpu_user_s": 1.7 * epoch_s,
        "cpu_system_s": 0.1 * epoch_s,
        "minor_faults": 1000 * loops,
        "major_faults": 0,
        "switches": {"voluntary": 300 * loops, "involuntary": 20 * loops},
        "pss_bytes": (pss_gb if side == "cell" else 1.0) * 1e9,
        "uss_bytes": 4e8,
        "shm_bytes": 6e7,
        "processes": 3,
        "memory": [{"moment": "end", "batch": None, "processes": []}] if kind == _WARM_UP else [],
        "counters": {
            "image_file": images,
            "decode": images,
            "target_file": images,
            "target_computed": 0,
            "target_file_bytes": 5 * images,
        },
        "os": {"read_chars": 400_000_000, "storage_read_bytes": 0},
        "page_cache": {
            "level": "warm",
            "files": 2 * IMAGES,
            "bytes": 400_000_000,
            "resident_before": 1.0,
            "resident_after": 0.999,
        },
        "stages_s": {stage: ms * images / 1e3 for stage, ms in STAGES_MS.items()},
        "sample_s": 5.7,
        "workers_seen": 2,
        "threads": {"torch": 1, "opencv": 1, "numba": 1, "omp_environment": "1", "process": 4},
        "worker_threads": {"torch_max": 1, "opencv_max": 1, "process_max": 2},
        "load_before": 0.1,
        "load_after": 0.9,
        "steal_s": 0.01,
        "mhz": None,
    }


def make_batches(record: dict[str, Any]) -> pd.DataFrame:
    """The batches of every trial: rounds of two workers, each pass with the same content."""
    rng = np.random.default_rng(record["seed"])
    content = rng.uniform(0.8, 1.2, IMAGES // BATCH_SIZE)
    rows = []
    for trial in record["trials"]:
        numbers = np.arange(trial["batches"])
        slowing = 1 + trial["loader_facts"]["slows_by"] * numbers / len(numbers)
        took = content[numbers % content.size] * slowing * rng.normal(1, 0.01, numbers.size)
        ends = np.cumsum(took / took.sum() * trial["epoch_s"])
        arrived_s = np.where(numbers % 2 == 0, np.append(ends[1:], ends[-1]) - 0.002, ends)
        where = {name: trial[name] for name in ("pair", "side", "kind")}
        rows += [
            {**where, "batch": number, "images": BATCH_SIZE, "worker": number % 2, "arrived_s": at}
            for number, at in zip(numbers.tolist(), arrived_s.tolist(), strict=True)
        ]
    return pd.DataFrame(rows)


def make_stages(dataset: str = "receipts", **changes: float) -> dict[str, Any]:
    """The profile of a dataset's stages; `changes` replace milliseconds an image of a stage."""
    from profiles import make_profile  # which needs this module

    return make_profile(dataset, **changes)


def make_study(dataset: str = "receipts", ram: float = 1.3, seed: int = 7) -> list[dict[str, Any]]:
    """The records of a small default study; `ram` is the speed-up of a RAM cache of maps."""
    plan: list[tuple[str, str, float, dict[str, Any]]] = [
        ("ram_vs_disk", "targets~npz_ram", ram, {"extra_startup_s": 1.1}),
        ("ram_vs_disk", "images~ram", 1.005, {"extra_startup_s": 0.1}),
        ("ram_vs_disk", "images~decoded_ram", 2.3, {"extra_startup_s": 1.6, "pss_gb": 1.3}),
        ("targets", "targets~reference", 0.52, {}),
        ("targets", "targets~kernel", 1.28, {}),
        ("targets", "targets~none", 1.34, {"equivalence": "different by design"}),
        ("workers", "workers~0", 0.55, {}),
        ("workers", "workers~1", 0.56, {}),
        ("workers", "workers~4", 0.97, {"pss_gb": 1.9, "noise": 0.03}),
        ("decoders", "decoder~opencv", 1.05, {"equivalence": "pixels differ", "noise": 0.02}),
        ("decoders", "decoder~simplejpeg", 1.14, {}),
        ("aa", "reference", 1.0, {"noise": 0.02}),
    ]
    return [
        make_record(
            cell, experiment, gain, dataset=dataset, seed=seed, started=_CLOCK + 60 * at, **more
        )
        for at, (experiment, cell, gain, more) in enumerate(plan)
    ]


def write_records(folder: Path, records: list[dict[str, Any]]) -> list[Path]:
    """Write records and their batches where a study keeps them; returns the records' paths."""
    paths = []
    for record in records:
        path = folder.joinpath(
            "trials", record["dataset"], record["experiment"], f"{record['cell']}.json"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record), encoding="utf-8")
        make_batches(record).to_parquet(RecordPaths.beside(path).batches, index=False)
        paths.append(path)
    return paths
