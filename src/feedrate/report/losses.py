"""The section on what the resize loses: height of texts, and grey levels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from feedrate import phrases

DASH = "\N{EN DASH}"
USUAL = ("pillow", "opencv")
"""The decoder and transform of the sentence: what most training code does."""


@dataclass(frozen=True)
class LossesView:
    """What the section says.

    Attributes:
        careful: The decoder and the transform that the others are held against.
        sentences: In words.
        sizes: Sides of the square input, as headings.
        heights: Rows of a table: size, median, shares.
        ways: Rows of a table: decoder, transform, images compared, and a cell for each size.
    """

    careful: str
    sentences: list[str]
    sizes: list[str]
    heights: list[list[str]]
    ways: list[list[str]]


def view_losses(content: Mapping[str, Any]) -> LossesView:
    """Turn the content of ``results/losses/{dataset}.json`` into the section's text and tables.

    Args:
        content: See `feedrate.losses.measure_losses`.
    """
    careful = content["careful"]
    return LossesView(
        careful=f"{careful['decoder']}, {careful['transform']}",
        sentences=list(_sentences(content)),
        sizes=[_side(row) for row in content["heights"]],
        heights=[_height_row(row) for row in content["heights"]],
        ways=list(_way_rows(content["ways"])),
    )


def _sentences(content: Mapping[str, Any]) -> Iterator[str]:
    for row in content["heights"] if content["texts"] else []:
        yield (
            f"At {_side(row)} the median of {content['texts']} texts is"
            f" {phrases.digits(row['median_px'])} px high;"
            f" {phrases.percent(row['below_8_share'])} are below 8 px,"
            f" {phrases.percent(row['below_4_share'])} below 4 px."
        )
    for row in content["ways"]:
        if (row["decoder"], row["transform"]) != USUAL or row["mean"] is None:
            continue
        if not row["max"]:
            yield f"The usual resize to {_side(row)} gives the very pixels of the careful one."
        else:
            yield (
                f"The usual resize to {_side(row)} is {phrases.digits(row['mean'])} grey levels"
                " from the careful one on average, and one value in a hundred by"
                f" {row['p99']} or more."
            )


def _height_row(row: Mapping[str, Any]) -> list[str]:
    if row["median_px"] is None:
        return [_side(row), DASH, DASH, DASH]
    shares = (phrases.percent(row[f"below_{least}_share"]) for least in (8, 4))
    return [_side(row), f"{phrases.digits(row['median_px'])} px", *shares]


def _way_rows(ways: list[Mapping[str, Any]]) -> Iterator[list[str]]:
    for way in dict.fromkeys((row["decoder"], row["transform"]) for row in ways):
        rows = [row for row in ways if (row["decoder"], row["transform"]) == way]
        yield [*way, str(rows[0]["images"]), *(_difference(row) for row in rows)]


def _difference(row: Mapping[str, Any]) -> str:
    if row["mean"] is None:
        return DASH
    return f"{phrases.digits(row['mean'])} / {row['p99']} / {row['max']}"


def _side(row: Mapping[str, Any]) -> str:
    return f"{row['size']} px"
