"""Fabricated records with planted effects: what the analysis must find again."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np

from feedrate.cell import Cell

MACHINE = {
    "machine_id": "1234e56789ab",
    "cpu": "AMD EPYC",
    "cores": 2,
    "memory_gib": 24,
    "kernel": "6.1",
    "python": "3.11.7",
    "versions": {"torch": "2.13.0", "numpy": "2.4.6"},
}
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
) -> dict[str, Any]:
    """A record whose cell is `speed_up` times as fast as its reference."""
    rng = np.random.default_rng([seed, *map(ord, cell + experiment + dataset)])
    reference = Cell.model_validate({})
    levels = Cell.parse(cell, reference)
    trials = []
    now = started
    for pair in range(-1, pairs):
        common = 1 + drift * max(pair, 0) / pairs
        for position in range(2):
            side = ("reference", "cell")[(position + pair) % 2]
            gain = speed_up if side == "cell" else 1.0
            epoch_s = reference_epoch_s * common / gain * float(np.exp(rng.normal(0, noise)))
            extra = extra_startup_s if side == "cell" else 0.0
            trials.append(_trial(pair, side, position, now, epoch_s, extra, pss_gb))
            now += epoch_s + 1.5 + extra
    fields = {"images": {"max": 0.0, "mean": 0.0, "share": 0.0}}
    if equivalence == "pixels differ":
        fields["images"] = {"max": 0.031, "mean": 0.0012, "share": 0.18}
    return {
        "schema": 1,
        "dataset": dataset,
        "experiment": experiment,
        "cell": cell,
        "levels": levels.model_dump(),
        "reference_levels": reference.model_dump(),
        "work": {"images": 128, "batches": 16, "batch_size": 16},
        "seed": seed,
        "machine": copy.deepcopy(MACHINE) | {"machine_id": machine_id},
        "gate": {"valid": not failures, "checks": 210, "failures": list(failures)},
        "equivalence": {"verdict": equivalence, "fields": fields, "missing": [], "extra": []},
        "started_at": "2026-11-22T19:00:00+00:00",
        "ended_at": "2026-11-22T19:02:00+00:00",
        "trials": trials,
    }


def _trial(
    pair: int, side: str, position: int, now: float, epoch_s: float, extra: float, pss_gb: float
) -> dict[str, Any]:
    images = 256 if pair >= 0 else 32
    return {
        "pair": pair,
        "side": side,
        "position": position,
        "discarded": pair < 0,
        "started_at": now,
        "startup": {
            "construct_s": 0.02,
            "preload_s": 0.01 + extra,
            "iter_s": 0.03,
            "first_batch_s": 0.3,
        },
        "startup_s": 0.06 + extra,
        "epoch_s": epoch_s,
        "images": images,
        "batches": 16,
        "stall_s": 0.9 * epoch_s,
        "consume_s": 0.01,
        "cpu_user_s": 1.7 * epoch_s,
        "cpu_system_s": 0.1 * epoch_s,
        "minor_faults": 1000,
        "major_faults": 0,
        "pss_bytes": (pss_gb if side == "cell" else 1.0) * 1e9,
        "uss_bytes": 4e8,
        "processes": 3,
        "counters": {"image_file": 256, "decode": 256, "target_file": 256, "target_file_bytes": 5},
        "os": {"read_chars": 400_000_000, "storage_read_bytes": 0},
        "stages_s": {stage: ms * images / 1e3 for stage, ms in STAGES_MS.items()},
        "sample_s": 5.7,
        "workers_seen": 2,
        "threads": {"torch": 1, "opencv": 1, "omp_environment": "1"},
        "load_before": 0.1,
        "load_after": 0.9,
        "steal_s": 0.0,
    }


def make_stages(dataset: str = "receipts", **changes: float) -> dict[str, Any]:
    """The verdict of one clocked run; `changes` replace milliseconds an image of a stage."""
    return {
        "schema": 1,
        "dataset": dataset,
        "levels": Cell.model_validate({}).model_dump(),
        "machine": copy.deepcopy(MACHINE),
        "images": 64,
        "batch_size": 16,
        "per_image_ms": STAGES_MS | {"consume": 410.0} | changes,
        "closure": 0.99,
        "alternatives": {
            "targets": {"reference": 45.0, "npz": 7.1, "npz_ram": 0.3, "kernel": 0.6},
            "decode": {"pillow": 9.0, "opencv": 7.8, "simplejpeg": 7.1},
        },
        "map_bytes_in_memory_per_image": 3_276_800,
    }


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
    """Write records where a study keeps them; returns the paths."""
    paths = []
    for record in records:
        path = folder.joinpath(
            "trials", record["dataset"], record["experiment"], f"{record['cell']}.json"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record), encoding="utf-8")
        paths.append(path)
    return paths
