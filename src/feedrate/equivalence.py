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

UNTESTED = "accuracy untested"
"""What is said of other pixels, until a detector was trained on both."""

KEPT_BATCHES = 2
"""Batches of which pixels are kept; of all others, a checksum an image and field."""

KEPT_IMAGES = 8
"""Images of a batch that are kept: enough to see a difference, few enough to disturb nothing."""

CHECKSUM = "checksum_"
"""Before a field's name: one number an image, so that no image goes uncompared."""

CHECKSUM_ROUNDING = 2e-7
"""Largest difference of two checksums that is rounding; a text that moves by a pixel moves more."""

Batches = list[dict[str, npt.NDArray[Any]]]


def keep_batch(folder: Path, number: int, batch: Any) -> None:
    """Keep what a batch holds as a file, for `compare`. Foreign batches are not kept."""
    fields = {name: getattr(batch, name, None) for name in FIELDS}
    present = {name: np.asarray(value) for name, value in fields.items() if value is not None}
    kept = {CHECKSUM + name: checksums(value) for name, value in present.items()}
    if number < KEPT_BATCHES:
        kept |= {name: value[:KEPT_IMAGES] for name, value in present.items()}
    if kept:
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(folder / f"{number:06d}.npz", allow_pickle=False, **kept)


def checksums(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return a weighted mean of each image of ``(B, ..., W)``: ``(B,)`` float64.

    Rows are weighted differently, so that a picture upside down, or a text moved up or down, has
    another checksum. Not a hash: values that differ by rounding must agree.
    """
    rows = values.reshape(len(values), -1, values.shape[-1]).sum(axis=2, dtype=np.float64)
    weights = np.linspace(0.5, 1.5, rows.shape[1])
    means: npt.NDArray[np.float64] = rows @ weights / (rows.shape[1] * values.shape[-1])
    return means


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
        share of values that differ, in the batches kept whole; and the images of all batches
        whose checksums differ (``images_apart`` of ``images``). ``missing`` and ``extra``: fields
        only one side has.
    """
    if not cell or len(cell) != len(reference):
        return {"verdict": "unknown", "fields": {}, "missing": [], "extra": []}
    ours, theirs = ([name for name in side[0] if name in FIELDS] for side in (cell, reference))
    missing = sorted(set(theirs) - set(ours))
    both = [name for name in theirs if name in ours]
    reshaped = [name for name in both if _layout(cell[0][name]) != _layout(reference[0][name])]
    fields = {name: _difference(cell, reference, name) for name in both if name not in reshaped}
    return {
        "verdict": _verdict(fields, [*missing, *reshaped]),
        "fields": fields,
        "missing": [*missing, *reshaped],
        "extra": sorted(set(ours) - set(theirs)),
    }


def _layout(array: npt.NDArray[Any]) -> tuple[tuple[int, ...], str]:
    return array.shape, array.dtype.str


def _difference(cell: Batches, reference: Batches, name: str) -> dict[str, float]:
    apart = [
        np.abs(ours[name].astype(np.float64) - theirs[name].astype(np.float64))
        for ours, theirs in zip(cell, reference, strict=True)
        if name in ours and name in theirs
    ]
    sums, others = (
        np.concatenate([batch[CHECKSUM + name] for batch in side]) for side in (cell, reference)
    )
    alike = sums.shape == others.shape
    same = np.abs(sums - others) <= CHECKSUM_ROUNDING if alike else np.zeros(len(sums), bool)
    return {
        "max": max(float(each.max()) for each in apart),
        "mean": float(np.mean([each.mean() for each in apart])),
        "share": float(np.mean([(each > ROUNDING).mean() for each in apart])),
        "images_apart": int((~same).sum()),
        "images": len(sums),
    }


def _verdict(fields: Mapping[str, Mapping[str, float]], missing: list[str]) -> str:
    if missing:
        return "different by design"
    return "identical" if all(map(agrees, fields.values())) else "pixels differ"


def agrees(found: Mapping[str, float]) -> bool:
    """Whether a field of `compare` has the same values on both sides, but for rounding."""
    return found["max"] <= ROUNDING and not found["images_apart"]


def describe(equivalence: Mapping[str, Any]) -> str:
    """Say what differs between the batches of the two sides, empty where nothing does."""
    notes = [
        f"{field}: max {d['max']:.3g}, mean {d['mean']:.3g}, {100 * d['share']:.3g} % of values"
        for field, d in equivalence.get("fields", {}).items()
        if d["max"]
    ]
    for key in ("missing", "extra"):
        notes += [f"{key}: {name}" for name in equivalence.get(key, ())]
    if _has_other_pixels(equivalence):
        notes.append(UNTESTED)
    return "; ".join(notes)


def _has_other_pixels(equivalence: Mapping[str, Any]) -> bool:
    """Whether a detector would see other images: other values, or another size."""
    found = equivalence.get("fields", {}).get("images")
    return "images" in equivalence.get("missing", ()) or not (found is None or agrees(found))
