"""The exercise gate: no timing counts until counters prove that what is compared really ran.

Expectations follow from a cell's levels alone. The pipeline's own counters say where each image
and map came from. Independent witnesses bear them out: the operating system's count of bytes read,
the calls into the decoders' libraries, the pages in memory, and the batches themselves.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from feedrate.cell import Cell, split_level
from feedrate.equivalence import agrees
from feedrate.proofs import (
    Check,
    Origins,
    check_consumed,
    check_fits,
    check_free,
    check_from_storage,
    check_page_cache,
    check_reads,
    check_repeats,
    check_threads,
    crews,
    equal,
)
from feedrate.registry import STORED_MAPS, resolve, target_of
from feedrate.stages import COUNTERS
from feedrate.targets.codecs import EXACT
from feedrate.targets.params import TargetParams

SCALING = ("pillow_draft", "opencv_reduced", "simplejpeg_scaled")
"""Decoders that may hand over a smaller copy of an image."""


def check_trial(
    cell: Cell,
    trial: Mapping[str, Any],
    images: int,
    distinct: int,
    known_plugins: bool = True,
) -> list[Check]:
    """Compare what a trial did with what its cell's levels imply.

    Args:
        cell: The cell of this side.
        trial: Its record.
        images: Images it had to deliver.
        distinct: Distinct ones among them, each as often as the others, give or take one.
        known_plugins: False where a user's own plug-in took part, of which nothing is implied
            but the amount of work.
    """
    batches = cell.epochs * -(-images // cell.epochs // cell.batch_size)
    checks = [
        equal("batches", batches, trial["batches"]),
        equal("images", images, trial["images"]),
        *check_page_cache(cell, trial["page_cache"]),
        *check_consumed(cell, trial),
        *check_threads(cell, trial),
    ]
    if known_plugins:
        declared = _Declared.of(cell)
        checks += check_repeats(trial["repeats"], images, distinct)
        checks += _origins(declared, trial["counters"], images)
        checks += check_reads(cell, declared.origins, trial, declared.mapped)
        checks += check_from_storage(cell, declared.origins, trial, declared.mapped)
        # Batches go round the workers in turn: a short trial cannot show them all.
        workers = crews(cell) * min(cell.workers, batches // cell.epochs)
        checks.append(equal("workers", workers, trial["workers_seen"]))
        checks.append(check_fits(cell, trial))
        checks += check_free(cell, trial)
    return checks


def check_equivalence(
    cell: Cell, reference: Cell, equivalence: Mapping[str, Any]
) -> Iterator[Check]:
    """Both sides must deliver the same values, but where their levels say that they do not.

    Args:
        cell: The cell.
        reference: What it is compared with.
        equivalence: From `feedrate.equivalence.compare`.
    """
    seen = equivalence["verdict"]
    yield Check("batches compared", "yes", seen, seen != "unknown")
    both = f"{equivalence['missing']} missing, {equivalence['extra']} extra"
    unexpected = [name for name in equivalence["missing"] if not _may_miss(name, cell, reference)]
    yield Check("fields of a batch", "the same", both, not unexpected)
    for name, found in equivalence["fields"].items():
        may_differ = _may_differ(name, cell, reference)
        apart = (
            f"{found['images_apart']} of {found['images']} images apart, by up to {found['max']:g}"
        )
        yield Check(f"same {name}", "identical", apart, may_differ or agrees(found))


def _may_miss(field: str, cell: Cell, reference: Cell) -> bool:
    """Whether the levels announce that a field of the reference's batch is not in the cell's.

    Stored maps of some codecs have no masks; a cell without targets has nothing but images. At
    another size no field has the same shape.
    """
    if cell.image_size != reference.image_size:
        return True
    if field == "images" or cell.targets == reference.targets:
        return False
    without = _module("targets", cell.targets).ORIGIN is None
    return without or (field.endswith("_masks") and cell.targets in STORED_MAPS)


def _may_differ(field: str, cell: Cell, reference: Cell) -> bool:
    """Whether the levels of two cells announce different values of a field of the batch."""
    if _is_random(cell.transform):
        return True
    if field == "images":
        stores = (_is_lossy_store(side.images) for side in (cell, reference))
        stored_apart = cell.images != reference.images and any(stores)
        decoded_apart = cell.decoder != reference.decoder or _library(cell) != _library(reference)
        return stored_apart or decoded_apart or cell.transform != reference.transform
    lossy = any(_is_lossy(side.targets) for side in (cell, reference))
    # Of a smaller copy the polygons may come to lie up to half a pixel elsewhere.
    smaller = any(_is_lossy_store(side.images) for side in (cell, reference))
    scaled = any(_resizes_a_copy(side) for side in (cell, reference))
    return (
        cell.transform != reference.transform
        or (cell.decoder != reference.decoder and scaled)
        or (cell.targets != reference.targets and lossy)
        or (cell.images != reference.images and smaller)
    )


def _resizes_a_copy(cell: Cell) -> bool:
    """Whether a decoder hands over a smaller copy to a transform that fits the copy for itself."""
    return cell.decoder in SCALING and split_level(cell.transform)[0] == "albumentations"


def _is_lossy_store(images: str) -> bool:
    return getattr(_module("images", images), "LOSSY", False)


def _library(cell: Cell) -> str:
    """Whose code decodes: a loader that does so itself names it, else the decoder does."""
    own = getattr(_module("loaders", cell.loader), "LIBRARY", None)
    return str(own or _module("decoders", cell.decoder).LIBRARY)


def _is_random(transform: str) -> bool:
    """Whether a transform moves an image as it draws: other workers draw something else."""
    return getattr(_module("transforms", transform), "RANDOM", False)


def _is_lossy(targets: str) -> bool:
    codec = STORED_MAPS.get(targets)
    params = TargetParams()
    return codec is not None and resolve("codecs", codec).max_error(params) > EXACT


def judge(checks: Sequence[tuple[str, Check]]) -> dict[str, Any]:
    """Sum up the checks of a record; each comes with the name of its trial.

    Without a check nothing is proved, and the record is not valid.
    """
    failures = [
        f"{where}: {check.name}: expected {check.expected}, seen {check.seen}"
        for where, check in checks
        if not check.ok
    ]
    return {"valid": bool(checks) and not failures, "checks": len(checks), "failures": failures}


@dataclass(frozen=True)
class _Declared:
    """What a cell's store and target source say of themselves, in their modules."""

    origins: Origins
    library: str | None
    mapped: bool = False

    @classmethod
    def of(cls, cell: Cell) -> _Declared:
        if cell.ablate == "all":
            return cls({"image": None, "target": None}, None)
        store = _module("images", cell.images)
        source = _module("targets", cell.targets)
        decoded = getattr(store, "DECODED", False) or cell.ablate == "decode"
        library = None if decoded else _library(cell)
        target = None if cell.ablate == "targets" else source.ORIGIN
        mapped = getattr(store, "MAPPED", False)
        return cls({"image": store.ORIGIN, "target": target}, library, mapped)


def _module(kind: str, level: str) -> Any:
    name, _ = split_level(level)
    return importlib.import_module(target_of(kind, name).partition(":")[0])


def _origins(declared: _Declared, counters: Mapping[str, int], images: int) -> Iterator[Check]:
    expected = dict.fromkeys((name for name in COUNTERS if not name.endswith("_bytes")), 0)
    if declared.library:
        expected["decode"] = expected[f"decoded_by_{declared.library}"] = images
    for what, origin in declared.origins.items():
        if origin:
            expected[f"{what}_{origin}"] = images
    for name, count in expected.items():
        yield equal(name, count, counters[name])
