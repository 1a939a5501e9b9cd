"""The section on scale: what grows with images, words and megapixels, and where memory ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from feedrate import phrases
from feedrate.figures import NARROW_IN, WIDE_IN
from feedrate.report.templates import Embed
from feedrate.scale_figures import draw_scaling, label_of
from feedrate.scaling import Cache, Cost, Exponent, Growth, fit_caches, fit_costs

DASH = "\N{EN DASH}"


@dataclass(frozen=True)
class CostRow:
    """How one stage grows, ready to print."""

    stage: str
    megapixels: str
    words: str
    worst: str


@dataclass(frozen=True)
class CacheRow:
    """How one cache grows, ready to print."""

    images: str
    image_bytes: str
    fitting: str
    preload: str
    epoch: str
    note: str


@dataclass(frozen=True)
class ScaleView:
    """What the section says."""

    finding: str
    caption: str
    wide: Markup
    narrow: Markup
    costs: list[CostRow]
    caches: list[CacheRow]


def view_scale(content: Mapping[str, Any], embed: Embed, prefix: str) -> ScaleView:
    """Turn the content of ``results/scale/sweep.json`` into the section's text and drawing.

    Args:
        content: See `feedrate.scale.sweep.sweep_scale`.
        embed: `feedrate.report.page.embed_svg`.
        prefix: Begins the ids of the drawing.
    """
    costs, caches = fit_costs(content), fit_caches(content)
    finding = say_scale(costs, caches)
    wide, narrow = (
        embed(draw_scaling(costs, width), f"{prefix}-scale-{width:g}in", finding)
        for width in (WIDE_IN, NARROW_IN)
    )
    pages = len(content["costs"][0]["ms"])
    caption = (
        f"One process, {pages} pages of a kind, made for this; each point is the median over them. "
        f"Pages are brought to {content['image_size']} px, whatever their size."
    )
    return ScaleView(
        finding, caption, wide, narrow, [_cost(cost) for cost in costs], [_cache(c) for c in caches]
    )


def say_scale(costs: list[Cost], caches: list[Cache]) -> str:
    """Say how decoding grows with pixels, the maps with words, and where memory ends."""
    decodes = [_grown(cost, 1) for cost in costs if cost.stage == "decode"]
    maps = [_grown(cost, 0) for cost in costs if cost.stage == "targets"]
    ends = [f"{cache.images} at about {_count(cache.fitting)} images" for cache in caches]
    told = [
        f"Decoding grows with megapixels to the power {phrases.listing(decodes)}",
        f"maps with words to the power {phrases.listing(maps)}",
    ]
    if ends:
        told.append(f"this machine's memory ends for {phrases.listing(ends)}")
    return "; ".join(told)


def _grown(cost: Cost, place: int) -> str:
    return f"{cost.growth.exponents[place].value:.2f} ({cost.level})"


def _cost(cost: Cost) -> CostRow:
    words, megapixels = cost.growth.exponents
    return CostRow(label_of(cost), _power(megapixels), _power(words), _worst(cost.growth))


def _cache(cache: Cache) -> CacheRow:
    preload, epoch = (
        _power(each.exponents[0]) if each else DASH for each in (cache.preload, cache.epoch)
    )
    return CacheRow(
        cache.images,
        f"{phrases.digits(max(cache.image_bytes, 0) / 1e6)} MB",
        _count(cache.fitting),
        preload,
        epoch,
        "; ".join(cache.skipped),
    )


def _count(images: float) -> str:
    """Two digits of a large number: ``19,000``; no end is said so."""
    if images == float("inf"):
        return "no number of"
    scale = 10 ** max(len(str(int(images))) - 2, 0)
    return f"{round(images / scale) * scale:,}"


def _power(exponent: Exponent) -> str:
    return f"{exponent.value:.2f} ({exponent.low:.2f} to {exponent.high:.2f})"


def _worst(growth: Growth) -> str:
    return phrases.ratio(growth.worst)
