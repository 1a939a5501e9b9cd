"""The sweep: words by megapixels for the stages, numbers of images for the caches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from feedrate.cell import Cell
from feedrate.machine import fingerprint
from feedrate.matrix import Conditions
from feedrate.pipeline import Setting
from feedrate.scale.caches import read_caches
from feedrate.scale.costs import read_costs
from feedrate.scale.pages import write_pages
from feedrate.targets.params import TargetParams

SCHEMA = 1
WORDS: Sequence[int] = [20, 100, 400]
MEGAPIXELS: Sequence[float] = [1.0, 4.0, 12.0]
PAGES = 6
COUNTS: Sequence[int] = [100, 1000, 10_000]
DISTINCT, CACHED_WORDS, CACHED_MEGAPIXELS = 50, 100, 1.0
"""Pages behind the caches: so many different ones, of this size."""


def sweep_scale(
    base: Cell,
    conditions: Conditions,
    progress: Callable[[int, int], None],
    words: Sequence[int] = WORDS,
    megapixels: Sequence[float] = MEGAPIXELS,
    pages: int = PAGES,
    counts: Sequence[int] = COUNTS,
) -> dict[str, Any]:
    """Find out how costs grow; the pages are made for it, and gone afterwards.

    Args:
        base: The study's base cell.
        conditions: Of the study.
        progress: Told the number of steps done and to do.
        words: Words of a page.
        megapixels: Of a page; every number of words is tried with each of them.
        pages: Of one kind.
        counts: Images of a cache.

    Returns:
        Content of ``results/scale/sweep.json``: ``costs`` (a row a kind of page, stage and level),
        and ``caches`` (a row a run). Both are raw; `feedrate.scaling` fits them.
    """
    setting = Setting(
        maps_dir=None,
        image_size=conditions.targets.image_size,
        params=TargetParams(**conditions.targets.model_dump(exclude={"image_size"})),
        plugins=conditions.plugins,
    )
    kinds = [(number, mp) for number in words for mp in megapixels]
    costs: list[dict[str, Any]] = []
    with TemporaryDirectory(prefix="feedrate-scale-") as name:
        folder = Path(name)
        for done, (number, mp) in enumerate(kinds):
            progress(done, len(kinds))
            made = write_pages(folder / "pages", number, mp, pages, conditions.seed)
            rows = read_costs(base, setting, made)
            costs += [{"words": number, "megapixels": mp, **row} for row in rows]
        distinct = write_pages(
            folder / "cached", CACHED_WORDS, CACHED_MEGAPIXELS, min(DISTINCT, *counts),
            conditions.seed,
        )  # fmt: skip
        caches = read_caches(base, conditions, distinct, counts, folder, progress)
    return {
        "schema": SCHEMA,
        "levels": base.model_dump(),
        "image_size": conditions.targets.image_size,
        "costs": costs,
        "caches": caches,
        "machine": fingerprint(),
    }
