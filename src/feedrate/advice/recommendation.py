"""The recommendation: what was confirmed on fresh pairs, what it costs, and how it is applied."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import yaml

from feedrate import phrases
from feedrate.cell import Cell
from feedrate.stats import summarise
from feedrate.tables import records

LOADER = "feedrate"
TORCH = "torch"


@dataclass(frozen=True)
class Recommendation:
    """What comes out.

    Attributes:
        confirmed: Whether the fresh pairs show a gain beyond the margin.
        changes: The levels to change, by factor; empty where nothing is recommended.
        epoch: The row of the confirmation on ``epoch_s``; empty where nothing was measured.
        memory: Its row on ``pss_bytes``.
        rate: Its row on ``images_per_s``.
        reason: Why nothing is recommended; else empty.
    """

    confirmed: bool
    changes: Mapping[str, Any]
    epoch: Mapping[str, Any]
    memory: Mapping[str, Any]
    rate: Mapping[str, Any]
    reason: str = ""


def judge_confirmation(
    trials: pd.DataFrame | None, base: Cell, confidence: float, margin: float, seed: int
) -> Recommendation:
    """Judge the fresh pairs.

    Args:
        trials: From `tables.collect`, of the confirmation alone; None where there was no candidate.
        base: The user's pipeline.
        confidence: Of the interval.
        margin: Of no practical use.
        seed: Of the bootstrap.
    """
    if trials is None:
        return Recommendation(
            False, {}, {}, {}, {}, "nothing that is allowed is expected to gain anything"
        )
    table = summarise(trials.assign(primary=True), confidence, margin, seed)
    rows = {row["estimand"]: row for row in records(table)}
    epoch = rows["epoch_s"]
    changes = _changes(str(epoch["cell"]), base)
    told = changes, epoch, rows["pss_bytes"], rows["images_per_s"]
    if epoch["verdict"] == "faster":
        return Recommendation(True, *told)
    said = phrases.as_fast(epoch) if math.isfinite(epoch["low"]) else str(epoch["warnings"])
    reason = (
        f"{epoch['cell']} was expected to gain; on fresh pairs it is {epoch['verdict']}: {said}"
    )
    return Recommendation(False, {}, *told[1:], reason)


def write_patch(found: Recommendation, dataset: str) -> str:
    """The part of a configuration that changes, as YAML with what it gains above it."""
    head = f"# {dataset}: " + "\n# ".join(say(found))
    if not found.confirmed:
        return f"{head}\nbase: {{}}\n"
    return f"{head}\n{yaml.safe_dump({'base': dict(found.changes)}, sort_keys=False)}"


def say(found: Recommendation) -> list[str]:
    """Say what is recommended, its gain and its price, a sentence a line."""
    if not found.confirmed:
        return [f"Leave it as it is: {found.reason}."]
    epoch, memory = found.epoch, found.memory
    sentences = [
        f"An epoch is {phrases.as_fast(epoch)}, on fresh pairs that had no part in the choice.",
        f"Batches: {epoch['equivalence']}.",
        f"Memory of all processes: {phrases.megabytes(memory['cell_median'])} instead of "
        f"{phrases.megabytes(memory['reference_median'])} (PSS).",
    ]
    extra_s = epoch["extra_startup_s"] + epoch["extra_build_s"]
    if extra_s > 0:
        sentences.append(
            f"It costs {phrases.seconds(extra_s)} more before the first epoch, paid back after "
            f"{phrases.epochs(epoch['break_even_epochs'])} epochs."
        )
    return sentences


def write_snippet(found: Recommendation, base: Cell) -> str:
    """The same as code for a training loop; of another loader, where its code stands."""
    if not found.confirmed:
        return ""
    cell = base.with_levels(found.changes)
    lines = []
    if cell.allocator != base.allocator:
        lines.append("# before the process starts: see docs/measuring.md on the allocator")
    if cell.loader == LOADER:
        lines += [
            "from feedrate import build_loader",
            "",
            f'loader = build_loader("path/to/dataset", batch_size={cell.batch_size}, '
            f"workers={cell.workers})",
        ]
    elif cell.loader != TORCH:
        lines.append(
            f"# loader: {cell.loader}, as a study builds it (docs/loaders.md); "
            f"batches of {cell.batch_size}, {cell.workers} workers"
        )
    else:
        settings = f"num_workers={cell.workers}"
        if cell.workers:
            settings += f", prefetch_factor={cell.prefetch_factor}"
            settings += f", persistent_workers={bool(cell.persistent_workers)}"
        lines.append(f"loader = DataLoader(dataset, batch_size={cell.batch_size}, {settings})")
    rest = {
        name: level for name, level in found.changes.items()
        if name not in ("loader", "workers", "prefetch_factor", "persistent_workers")
    }  # fmt: skip
    lines += [f"# {name}: {level}" for name, level in rest.items()]
    return "\n".join(lines)


def fed_gpus(found: Recommendation, gpu_images_per_s: float) -> str:
    """Say how many GPUs the loader could feed, each of which takes so many images a second."""
    if not found.confirmed or not gpu_images_per_s:
        return ""
    rates = (found.rate["reference_median"], found.rate["cell_median"])
    before, after = (rate / gpu_images_per_s for rate in rates)
    return (
        f"At {phrases.rate(gpu_images_per_s)} a GPU it could feed {after:.1f} of them, "
        f"instead of {before:.1f}."
    )


def _changes(name: str, base: Cell) -> dict[str, Any]:
    cell = Cell.parse(name, base)
    return {
        factor: level
        for factor, level in cell.model_dump().items()
        if level != getattr(base, factor)
    }
