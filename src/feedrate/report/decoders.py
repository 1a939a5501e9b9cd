"""The section on the decoders: how fast each is, how far its pixels are off, and what blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from feedrate import phrases
from feedrate.speed.decoder_table import HEAD, LEFT, cells, notes

Row = Mapping[str, Any]


@dataclass(frozen=True)
class DecodersView:
    """What the section says.

    Attributes:
        title: The finding.
        sentences: What else is worth a sentence.
        head: The table's columns; the first `words` hold words, the others numbers.
        words: How many.
        rows: Ready text, in the order of `head`.
        notes: How the figures were made, and which decoders have none.
    """

    title: str
    sentences: list[str]
    head: tuple[str, ...]
    words: int
    rows: list[tuple[str, ...]]
    notes: list[str]


def view_decoders(content: Mapping[str, Any]) -> DecodersView:
    """Turn the content of ``results/speed/decoders/{dataset}.json`` into the section's text.

    Args:
        content: See `feedrate.speed.decoders.bench_decoders`.
    """
    return DecodersView(
        title=_title(content),
        sentences=list(_sentences(content)),
        head=HEAD,
        words=LEFT,
        rows=[cells(row) for row in content["decoders"]],
        notes=notes(content),
    )


def _title(content: Mapping[str, Any]) -> str:
    reference = content["reference"]
    best = _fastest(row for row in content["decoders"] if _same_pixels(row))
    if best is None or best["cpu"]["low"] <= 1:
        return f"No decoder gives {reference}'s pixels sooner than {reference} does"
    return f"The same pixels sooner: {best['decoder']} decodes {_as_fast(best, reference)}"


def _sentences(content: Mapping[str, Any]) -> Iterator[str]:
    reference = content["reference"]
    scaled = _fastest(row for row in content["decoders"] if set(row["scales"]) != {"1"})
    if scaled is not None:
        yield (
            f"At a smaller scale, {scaled['decoder']} decodes {_as_fast(scaled, reference)}; its "
            f"pixels differ from the whole image made small by "
            f"{phrases.digits(scaled['difference']['mean'])} of 255 on average, by "
            f"{scaled['difference']['max']} at most. What that does to a detector's accuracy is "
            f"not measured here."
        )
    held = [row["decoder"] for row in content["decoders"] if row["holds_gil"]]
    if held:
        yield f"While these decode, other threads of Python wait: {phrases.listing(held)}."
    elif all(row["holds_gil"] is False for row in content["decoders"]):
        yield "Every decoder lets other threads of Python run while it decodes."
    else:
        yield "The machine was too busy to tell which decoders let other threads run."


def _fastest(rows: Iterator[Row]) -> Row | None:
    """The one with the best ratio; None where there is none with an interval."""
    known = [row for row in rows if row["cpu"]["ratio"] is not None]
    return max(known, key=lambda row: float(row["cpu"]["ratio"]), default=None)


def _same_pixels(row: Row) -> bool:
    return set(row["scales"]) == {"1"} and row["difference"]["max"] == 0


def _as_fast(row: Row, reference: str) -> str:
    cpu = row["cpu"]
    return (
        f"{phrases.ratio(cpu['ratio'])} as fast as {reference} (95 % interval "
        f"{cpu['low']:.2f} to {cpu['high']:.2f}, {row['images']} images)"
    )
