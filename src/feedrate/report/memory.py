"""The section on memory: whether each loader process duplicates a cache, in bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from feedrate import phrases
from feedrate.figures import NARROW_IN, WIDE_IN
from feedrate.memory_figures import caption, draw_growth, draw_memory, title
from feedrate.report.templates import Embed

"""Prepares a drawing for the page: SVG text, a prefix for its ids, what it shows in words."""

DASH = "\N{EN DASH}"


@dataclass(frozen=True)
class Drawing:
    """One figure, for wide and for narrow screens, and what stands below it."""

    wide: Markup
    narrow: Markup
    caption: str


@dataclass(frozen=True)
class MemoryRow:
    """One reading, ready to print."""

    cell: str
    size: str
    own: str
    share: str
    together: str
    rss: str
    first_batch: str
    shared_memory: str


@dataclass(frozen=True)
class MemoryView:
    """What the section says; without drawings and rows where memory could not be read."""

    title: str
    sentences: list[str]
    drawings: list[Drawing]
    rows: list[MemoryRow]


def view_memory(content: Mapping[str, Any], embed: Embed) -> MemoryView:
    """Turn the content of ``results/memory/{dataset}.json`` into the section's text and drawings.

    Args:
        content: See `feedrate.memory.study.measure_memory`.
        embed: `feedrate.report.page.embed_svg`.
    """
    heading = title(content)
    if not content["available"]["ok"]:
        return MemoryView(heading, [], [], [])
    drawings = [
        _drawing("processes", draw_memory, caption(content), content, embed),
        _drawing("growth", draw_growth, _GROWTH, content, embed),
    ]
    sentences = [row["sentence"] for row in content["verdicts"]]
    return MemoryView(heading, sentences, drawings, [_row(c, content) for c in content["cells"]])


_GROWTH = (
    "What a worker holds of its own beyond a worker without a cache, as a share of the cache. "
    "Forked workers start with nothing of their own; a page is copied when either side writes to "
    "it, and reading a small Python object is such a write. Workers read up to two batches ahead."
)


def _drawing(
    name: str,
    draw: Callable[[Mapping[str, Any], float], str],
    text: str,
    content: Mapping[str, Any],
    embed: Embed,
) -> Drawing:
    wide, narrow = (
        embed(draw(content, width), f"{content['dataset']}-memory-{name}-{width:g}in", text)
        for width in (WIDE_IN, NARROW_IN)
    )
    return Drawing(wide, narrow, text)


def _row(cell: Mapping[str, Any], content: Mapping[str, Any]) -> MemoryRow:
    key = ("cache", "start_method", "workers")
    verdict = next(
        (row for row in content["verdicts"] if all(row[name] == cell[name] for name in key)), None
    )
    start = f"{cell['start_method']}, {cell['workers']} workers"
    return MemoryRow(
        cell=f"{cell['cache']}, {start if cell['workers'] else 'no workers'}",
        size=_mb(cell["cache_bytes"]),
        own=_mb(verdict["duplicated_bytes_per_worker"]) if verdict else DASH,
        share=phrases.percent(max(verdict["duplicated_share"], 0)) if verdict else DASH,
        together=_mb(verdict["tree_bytes"]) if verdict else DASH,
        rss=_mb(verdict["rss_bytes_per_worker"]) if verdict else DASH,
        first_batch=phrases.seconds(cell["first_batch_s"]),
        shared_memory=f"{max(cell['shm_bytes'], 0) / 1e6:.1f} MB",
    )


def _mb(value: float) -> str:
    return phrases.megabytes(max(value, 0))
