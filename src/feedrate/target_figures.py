"""How fast target maps are made and loaded: figures and sentences of ``feedrate bench-targets``."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import pandas as pd

from feedrate import phrases
from feedrate.figures import INK, MUTED, POINT, STYLE, WIDE_IN, canvas, to_svg

CODEC = "npz"
"""The codec that the others are compared with: the write-up's."""

LOADS = ("load_ms", "load_into_ms", "load_uint8_ms")
"""Columns of a codec: into new arrays, into arrays that are there, and as uint8."""

MARKERS = ("o", "s", "D", "^", "v", "P", "X", "*")
"""One a case."""

WAYS = {
    "floor_ms": ("writing the maps alone", "|", MUTED),
    "kernel_fresh_ms": ("kernel, maps allocated anew", "s", MUTED),
    "kernel_ms": ("kernel", "o", POINT),
    "reference_ms": ("reference", "D", INK),
}
"""Column of a case: its name in the legend, and how it is marked."""


def draw_speed(cases: pd.DataFrame, width_in: float = WIDE_IN) -> str:
    """Draw milliseconds an image of every way to make maps, a row a case, as SVG text.

    Args:
        cases: The rows of ``cases`` of ``results/speed/targets.json``.
        width_in: Inches.
    """
    with mpl.rc_context(STYLE):
        figure, axes = canvas(width_in, 0.56 * len(cases) + 1.1)
        for height, (_, row) in enumerate(cases.iterrows()):
            ends = [row["floor_ms"], row["reference_ms"]]
            axes.plot(ends, [-height] * 2, color=MUTED, linewidth=0.6, zorder=0)
            for column, (name, marker, colour) in WAYS.items():
                axes.plot(
                    row[column],
                    -height,
                    marker=marker,
                    color=colour,
                    markersize=9 if marker == "|" else 6,
                    linestyle="none",
                    label=name if height == 0 else None,
                )
            axes.text(
                0, -height + 0.36, label_of(row), transform=axes.get_yaxis_transform(), va="center"
            )
        axes.set_xscale("log")
        axes.set_ylim(-len(cases) + 0.5, 0.7)
        axes.set_yticks([])
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.set_xlabel("milliseconds of processor time an image (log scale)")
        figure.legend(loc="outside upper left", ncols=2, frameon=False)
        return to_svg(figure)


def draw_codecs(codecs: pd.DataFrame, width_in: float = WIDE_IN) -> str:
    """Draw the bytes of a stored map against the time to load it, a point a codec, as SVG text.

    Args:
        codecs: The rows of ``codecs`` of ``results/speed/targets.json``.
        width_in: Inches.
    """
    table = codecs.assign(kilobytes=codecs["bytes"] / 1e3, load_ms=quickest_load_ms(codecs))
    with mpl.rc_context(STYLE):
        figure, axes = canvas(width_in, 4.0)
        for (case, rows), marker in zip(table.groupby("case", sort=False), MARKERS, strict=False):
            colours = [MUTED if codec == CODEC else POINT for codec in rows["codec"]]
            axes.scatter(rows["kilobytes"], rows["load_ms"], c=colours, marker=marker, label=case)
        for codec, rows in table.groupby("codec"):
            top = rows.sort_values("load_ms").iloc[-1]
            place = float(top["kilobytes"]), float(top["load_ms"])
            axes.annotate(str(codec), place, (0, 8), textcoords="offset points", ha="center")
        axes.set_xscale("log")
        axes.set_yscale("log")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.margins(0.1, 0.15)
        axes.set_xlabel("kilobytes a sample (log scale)")
        axes.set_ylabel("ms to load (log scale)")
        figure.legend(loc="outside upper left", ncols=len(MARKERS), frameon=False)
        return to_svg(figure)


def quickest_load_ms(codecs: pd.DataFrame) -> pd.Series[float]:
    """Return the time of the quickest way that each codec has of loading its file."""
    return codecs[[name for name in LOADS if name in codecs]].min(axis=1)


def label_of(row: pd.Series[Any]) -> str:
    """Say of a case how much faster the kernel is, and whether that was the goal."""
    met = "met" if row["speedup"] >= row["goal"] else "missed"
    return (
        f"{row['case']}: {phrases.digits(row['speedup'])}x "
        f"({phrases.milliseconds(row['kernel_ms'])}; reference "
        f"{phrases.milliseconds(row['reference_ms'])}); goal {row['goal']:g}x {met}"
    )


def say_cases(cases: pd.DataFrame, cpu: str) -> str:
    """Say how fast the kernel is over all cases, how exact, and how many goals it meets."""
    met = int((cases["speedup"] >= cases["goal"]).sum())
    speedups, above = cases["speedup"], cases["kernel_ms"] / cases["floor_ms"]
    return (
        f"On {cpu} the kernel is {_span(speedups)} times as fast as the reference; {met} of "
        f"{len(cases)} goals are met. It takes {_span(above)} times as long as writing the maps "
        f"alone. Its threshold map is never farther than {cases['max_threshold_error'].max():.1e} "
        f"from the reference's."
    )


def say_codec(row: pd.Series[Any]) -> str:
    """Say how a codec compares with `CODEC`, in size and in its quickest way of loading."""
    smaller, faster = row["smaller"], row["faster"]
    size = phrases.digits(max(smaller, 1 / smaller))
    speed = phrases.digits(max(faster, 1 / faster))
    return (
        f"{row['codec']} is {size} times {'smaller' if smaller >= 1 else 'larger'} and loads "
        f"{speed} times as {'fast' if faster >= 1 else 'slow'}"
    )


def _span(values: pd.Series[float]) -> str:
    return f"{phrases.digits(values.min())} to {phrases.digits(values.max())}"
