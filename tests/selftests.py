"""A fabricated record of a self-test, good in every respect until a test spoils it."""

from __future__ import annotations

from typing import Any

import numpy as np

from feedrate.selftest.cases import ESTIMANDS, PATTERNS, SHARES
from feedrate.selftest.sabotage import SABOTAGES

MACHINE = {"machine_id": "abc", "cpu": "a CPU", "cores": 2}
IMAGES, BATCHES = 8, 4


def make_trial(
    side: str, pair: int, epoch_s: float, spun_s: float = 0.0, kind: str = "epoch", **other: Any
) -> dict[str, Any]:
    """One trial; everything but the epoch is the same everywhere."""
    arrived = list(np.linspace(0, 3 * epoch_s, 3 * BATCHES + 1)[1:])
    return {
        "kind": kind,
        "pair": pair,
        "side": side,
        "position": 0,
        "epoch_s": epoch_s,
        "startup_s": 0.1,
        "stall_s": 0.2,
        "first_batch_s": 0.1,
        "cpu_s": 1.0,
        "stages_s": 0.99 * epoch_s,
        "spun_s": spun_s,
        "images": IMAGES * (3 if kind == "steady" else 1),
        "batches": BATCHES * (3 if kind == "steady" else 1),
        **({"arrived_s": arrived} if kind == "steady" else {}),
        **other,
    }


def make_comparison(
    section: str,
    name: str,
    effect: float = 1.0,
    spun: float = 0.0,
    noise: float = 0.02,
    seed: int = 0,
    **other: Any,
) -> dict[str, Any]:
    """Eight pairs whose cell takes `effect` times as long, of which `spun` is planted."""
    rng = np.random.default_rng(seed)
    trials = []
    for pair in range(8):
        reference, cell = np.exp(rng.normal(0, noise, 2)) * (1.0, effect)
        trials += [make_trial("reference", pair, reference)]
        trials += [make_trial("cell", pair, cell, spun_s=cell * spun / (1 + spun))]
    return {
        "section": section,
        "name": name,
        "repeat": seed,
        "hidden": "",
        "cell": "reference",
        "workers": 0,
        "images": IMAGES,
        "refused": "",
        "available": True,
        "gate": {"valid": True, "checks": 9, "failures": []},
        "trials": trials,
        "elapsed_s": 3.0,
        **other,
    }


def make_pattern(name: str) -> dict[str, Any]:
    """Six pairs, epochs and looped, in which exactly the declared estimands are twice as long."""
    trials = []
    for pair in range(6):
        for side in ("reference", "cell"):
            for kind in ("epoch", "steady"):
                shown = PATTERNS[name].shows if side == "cell" else ()
                longer = {each: 2.0 if each in shown else 1.0 for each in ESTIMANDS}
                base = 1 + 0.001 * pair
                length = longer["steady_s_per_image" if kind == "steady" else "epoch_s"]
                times = {
                    each: base * longer[each]
                    for each in ("startup_s", "first_batch_s", "stall_s", "cpu_s")
                }
                trials.append(make_trial(side, pair, base * length, kind=kind, **times))
    return make_comparison("pattern", name) | {"trials": trials}


def make_sabotage(name: str) -> dict[str, Any]:
    """A fault that the gate has found."""
    gate = {"valid": False, "checks": 9, "failures": ["cell, pair 1: batches: expected 6, seen 5"]}
    return make_comparison("sabotage", name, hidden=name, gate=gate)


def make_records() -> dict[str, Any]:
    """All sections."""
    comparisons = [make_comparison("aa", f"kind {n % 5}", seed=n) for n in range(40)]
    comparisons += [
        make_comparison("plant", name, 1 + share, share, seed=n)
        for name, share in SHARES.items()
        for n in range(20)
    ]
    comparisons += [make_pattern(name) for name in PATTERNS]
    comparisons += [make_comparison("clock", "clock on against off")]
    comparisons += [make_sabotage(name) for name in SABOTAGES]
    comparisons += [make_comparison("honest", "images~ram, 0 workers, npz")]
    rng = np.random.default_rng(1)
    off = 0.05 * np.exp(rng.normal(0, 0.02, 200))
    on = 0.0501 * np.exp(rng.normal(0, 0.02, 200))
    names = ("preparation", "aa", "plant", "pattern", "clock", "sabotage", "honest", "clock cost")
    return {
        "schema": 1,
        "quick": False,
        "machine": MACHINE,
        "started_at": "2026-01-01T00:00:00+00:00",
        "ended_at": "2026-01-01T00:20:00+00:00",
        "budget_s": 1500,
        "elapsed_s": 1200.0,
        "sections": [{"name": name, "planned_s": 150.0, "elapsed_s": 140.0} for name in names],
        "declared": {
            "images": IMAGES,
            "batch_size": 2,
            "image_size": 256,
            "stopping": {"least": 6, "most": 12, "target_halfwidth": 0.05},
            "shares": dict(SHARES),
            "estimands": list(ESTIMANDS),
            "patterns": {
                name: {"says": each.says, "shows": list(each.shows), "open": list(each.open)}
                for name, each in PATTERNS.items()
            },
            "sabotages": {name: each.says for name, each in SABOTAGES.items()},
        },
        "comparisons": comparisons,
        "clock": {
            "on_s": on.tolist(),
            "off_s": off.tolist(),
            "on_cpu_s": on.tolist(),
            "off_cpu_s": off.tolist(),
        },
    }
