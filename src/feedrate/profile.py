"""Where the time of a sample goes: every stage alone, without workers, on the base cell.

One trial a level, each in a fresh fork, all on the same images. These are costs, not comparisons:
they have no pairs and give no verdicts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from feedrate.cell import Cell
from feedrate.forkserver import ForkServer
from feedrate.machine import fingerprint
from feedrate.matrix import Conditions, plugin_modules
from feedrate.pairs import ENTRY, TRIAL_MODULE, trial_spec
from feedrate.stages import STAGES, WORKER_STAGES
from feedrate.targets.codecs.npz import CODEC
from feedrate.targets.layout import read_index
from feedrate.work import warm_page_cache

ALTERNATIVES = {
    "targets": ("reference", "kernel", "npz", "npz_ram"),
    "decoder": ("pillow", "opencv", "simplejpeg"),
}
"""Factors whose levels are profiled beside each other, and the levels."""

STAGE_OF = {"targets": "targets", "decoder": "decode"}

IMAGES = 64
"""Images a level; a stage's mean over fewer would hang on single large images."""


def profile(
    base: Cell,
    conditions: Conditions,
    dataset: str,
    index: Path,
    maps_root: Path,
    progress: Callable[[int, int], None],
) -> dict[str, Any]:
    """Measure the stages of the base cell, of its alternatives, and the forward pass of a DBNet.

    Returns:
        ``per_image_ms``: milliseconds an image and stage, ``consume`` being the DBNet's forward.
        ``closure``: the stages' sum over the wall time of the same run. ``alternatives``: the
        stage's milliseconds under other levels. ``map_bytes_in_memory_per_image``: what a
        preloaded map holds.

    Raises:
        feedrate.forkserver.TrialError: A trial failed.
    """
    alone = base.with_levels({"workers": 0, "consumer": "none"})
    cells = _cells(alone)
    modules = profiled_modules(base, conditions.plugins)
    images = min(IMAGES, conditions.work.images)
    seen: dict[str, dict[str, Any]] = {}
    with ForkServer([TRIAL_MODULE, *modules], ENTRY) as server:
        for number, (name, cell) in enumerate(cells.items()):
            progress(number, len(cells))
            spec = trial_spec(cell, conditions, index, maps_root)
            deliver = conditions.work.slow_batches * cell.batch_size
            spec = replace(spec, images=images, deliver=images if name != "dbnet" else deliver)
            if name == "base":
                warm_page_cache(spec)
                server.call(spec.to_json(), conditions.measuring.timeout_s)  # the first is cold
            seen[name] = server.call(spec.to_json(), conditions.measuring.timeout_s)
        progress(len(cells), len(cells))
    return _describe(seen, images) | {
        "map_bytes_in_memory_per_image": _map_bytes(maps_root),
        "schema": 1,
        "dataset": dataset,
        "levels": alone.model_dump(),
        "batch_size": alone.batch_size,
        "machine": fingerprint(),
    }


def profiled_modules(base: Cell, plugins: dict[str, dict[str, str]]) -> list[str]:
    """List the modules of all plug-ins that a profile of this base cell runs."""
    cells = _cells(base).values()
    return sorted({name for cell in cells for name in plugin_modules(cell, plugins)})


def _cells(alone: Cell) -> dict[str, Cell]:
    cells = {"base": alone}
    for factor, levels in ALTERNATIVES.items():
        cells |= {f"{factor}~{level}": alone.with_levels({factor: level}) for level in levels}
    return cells | {"dbnet": alone.with_levels({"consumer": "dbnet"})}


def _describe(seen: dict[str, dict[str, Any]], images: int) -> dict[str, Any]:
    base = seen["base"]
    per_image_ms = {stage: _stage_ms(base, stage) for stage in STAGES}
    per_image_ms["consume"] = _stage_ms(seen["dbnet"], "consume")
    inside_s = sum(base["stages_s"][stage] for stage in WORKER_STAGES)
    return {
        "images": images,
        "per_image_ms": per_image_ms,
        "closure": inside_s / base["epoch_s"],
        "alternatives": {
            STAGE_OF[factor]: {
                level: _stage_ms(seen[f"{factor}~{level}"], STAGE_OF[factor]) for level in levels
            }
            for factor, levels in ALTERNATIVES.items()
        },
        "trials": {name: _without_rows(trial) for name, trial in seen.items()},
    }


def _map_bytes(maps_root: Path) -> int:
    """What one preloaded map holds in memory: the arrays of the first stored one, added up."""
    path = min((maps_root / "npz").rglob("*.npz"))
    recipe = read_index(path.parent).recipe
    maps = CODEC.decode(path.read_bytes(), recipe.size, recipe.params)
    return sum(array.nbytes for array in (maps.shrink_map, maps.threshold_map))


def _stage_ms(trial: dict[str, Any], stage: str) -> float:
    return float(trial["stages_s"][stage] / trial["images"] * 1e3)


def _without_rows(trial: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in trial.items() if not key.endswith("_rows")}
