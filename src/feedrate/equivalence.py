"""Do both sides of a pair deliver the same batches? Only *identical* may be recommended."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FIELDS = ("images", "shrink_maps", "threshold_maps", "shrink_masks", "threshold_masks")

ROUNDING = 1e-6
"""Largest difference that is rounding of float32 in [0, 1], not a different value."""

KEPT_IMAGES = 8
"""Images of a batch that are kept: enough to see a difference, few enough to disturb nothing."""

Batches = list[dict[str, npt.NDArray[Any]]]


def keep_batch(folder: Path, number: int, batch: Any) -> None:
    """Keep a batch's first images as a file, for `compare`. Foreign batches are not kept."""
    fields = {name: getattr(batch, name, None) for name in FIELDS}
    present = {
        name: np.asarray(value[:KEPT_IMAGES]) for name, value in fields.items() if value is not None
    }
    if present:
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(folder / f"{number}.npz", allow_pickle=False, **present)


def read_batches(folder: Path) -> Batches:
    """Read what `keep_batch` kept, in order."""
    batches = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path, allow_pickle=False) as arrays:
            batches.append({name: arrays[name] for name in arrays.files})
    return batches


def compare(cell: Batches, reference: Batches) -> dict[str, Any]:
    """Compare the batches of a cell with its reference's.

    Returns:
        ``verdict``: *identical* (no value differs by more than `ROUNDING`), *pixels differ*,
        *different by design* (a field of the reference is missing, or has another shape or
        type), or *unknown* (a loader whose batches could not be read).
        ``fields``: of each field that both have, the largest and the mean difference and the
        share of values that differ. ``missing`` and ``extra``: fields only one side has.
    """
    if not cell or len(cell) != len(reference):
        return {"verdict": "unknown", "fields": {}, "missing": [], "extra": []}
    missing = sorted(set(reference[0]) - set(cell[0]))
    both = [name for name in reference[0] if name in cell[0]]
    reshaped = [name for name in both if _layout(cell[0][name]) != _layout(reference[0][name])]
    fields = {name: _difference(cell, reference, name) for name in both if name not in reshaped}
    return {
        "verdict": _verdict(fields, [*missing, *reshaped]),
        "fields": fields,
        "missing": [*missing, *reshaped],
        "extra": sorted(set(cell[0]) - set(reference[0])),
    }


def _layout(array: npt.NDArray[Any]) -> tuple[tuple[int, ...], str]:
    return array.shape, array.dtype.str


def _difference(cell: Batches, reference: Batches, name: str) -> dict[str, float]:
    apart = [
        np.abs(ours[name].astype(np.float64) - theirs[name].astype(np.float64))
        for ours, theirs in zip(cell, reference, strict=True)
    ]
    return {
        "max": max(float(each.max()) for each in apart),
        "mean": float(np.mean([each.mean() for each in apart])),
        "share": float(np.mean([(each > ROUNDING).mean() for each in apart])),
    }


def _verdict(fields: Mapping[str, Mapping[str, float]], missing: list[str]) -> str:
    if missing:
        return "different by design"
    same = all(field["max"] <= ROUNDING for field in fields.values())
    return "identical" if same else "pixels differ"
