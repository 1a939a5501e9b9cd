"""The benchmark of the decoders as text: what the terminal and the report show is this."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from feedrate.speed.table import aligned

Result = Mapping[str, Any]

HEAD = (
    "decoder",
    "library",
    "libjpeg inside",
    "ms/MP",
    "median",
    "wall",
    "times as fast",
    "interval",
    "max",
    "mean",
    "differ",
    "scale",
    "stall",
    "GIL",
)
LEFT = 3
"""Columns of words; the others are numbers."""

NONE = "-"
GIL = {True: "held", False: "released", None: "not told"}


def cells(row: Result) -> tuple[str, ...]:
    """Put one row into words, in the order of `HEAD`."""
    cpu, difference = row["cpu"], row["difference"]
    known = cpu["ratio"] is not None
    return (
        row["decoder"],
        f"{row['library']} {row['version']}",
        row["libjpeg"],
        f"{cpu['ms_per_megapixel']:.2f}",
        f"{cpu['median_ms_per_megapixel']:.2f}",
        f"{row['wall']['ms_per_megapixel']:.2f}",
        f"{cpu['ratio']:.2f}x" if known else NONE,
        f"{cpu['low']:.2f} to {cpu['high']:.2f}" if known else NONE,
        str(difference["max"]),
        f"{difference['mean']:.2g}",
        f"{100 * difference['share']:.3g} %",
        scales_text(row["scales"]),
        f"{100 * row['stall']:.0f} %",
        GIL[row["holds_gil"]],
    )


def scales_text(scales: Mapping[str, int]) -> str:
    """Say at which shares of their size images were decoded, and how many: ``1/2 (30), 1 (10)``."""
    if len(scales) == 1:
        return next(iter(scales))
    often = sorted(scales.items(), key=lambda item: -item[1])
    return ", ".join(f"{scale} ({count})" for scale, count in often)


def notes(result: Result) -> list[str]:
    """Say how the figures were made, and which decoders have none."""
    controls = result["controls"]
    said = [
        f"CPU ms of one thread a megapixel of the file, all images together, and their median; "
        f"wall: the same by the wall clock. Times as fast as {result['reference']}: a typical "
        f"image, 95 % interval over images.",
        f"Pixels beside {result['reference']}'s, 0 to 255; a smaller image beside the whole one, "
        f"resized by {result['resized_by']}. Asked for: a longer side of {result['at_least']} px "
        f"or more.",
        f"Stall: how long another thread waits, as a share of a decode. Controls: "
        f"{100 * controls['holding']:.0f} % where the lock is held, "
        f"{100 * controls['releasing']:.0f} % where it is released.",
    ]
    said += [
        f"{row['decoder']} refused {row['refused']} of {result['images']} images: "
        f"{row['first_refusal']}"
        for row in result["decoders"]
        if row["refused"]
    ]
    said += [f"not available: {name}: {why}" for name, why in result["unavailable"].items()]
    return said


def decoder_table_text(result: Result) -> str:
    """Render a result: the machine, the table, and what belongs to it."""
    machine = result["machine"]
    megapixels = result["megapixels"]
    head = (
        f"{result['dataset']}: {result['images']} images, "
        f"{sum(megapixels) / len(megapixels):.2f} megapixels each on average; {machine['cpu']}, "
        f"{machine['cores']} cores, Python {machine['python']}"
    )
    table = aligned([HEAD, *map(cells, result["decoders"])], LEFT)
    return "\n\n".join([head, table, "\n".join(notes(result))]) + "\n"
