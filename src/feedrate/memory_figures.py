"""Whose memory a cache takes: figures and sentences of ``results/memory/{dataset}.json``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from feedrate import phrases
from feedrate.figures import BAD, GOOD, POINT, STYLE, WIDE_IN, canvas, to_svg

WITHOUT = "none"
"""The cell whose processes hold no cache."""

SHOWN = ("main", "worker")
"""Roles that are drawn; what a start method keeps beside them is a few megabytes."""

LINES = ((POINT, "o"), (BAD, "s"), (GOOD, "^"))
"""Colour and marker of a cache, in the order of the file."""

_MB = 1e6


def draw_memory(content: Mapping[str, Any], width_in: float = WIDE_IN) -> str:
    """Draw what each process holds at the end, its own and its part of the shared, as SVG text.

    Args:
        content: Of ``results/memory/{dataset}.json``.
        width_in: Inches.
    """
    rows = process_rows(content)
    groups = list(rows.groupby("group", sort=False))
    with mpl.rc_context(STYLE):
        figure, axes = canvas(width_in, 0.17 * len(rows) + 0.3 * len(groups) + 0.9)
        ticks: dict[float, str] = {}
        height = 0.0
        for name, group in groups:
            axes.text(0, height, str(name), transform=axes.get_yaxis_transform(), va="center")
            for offset, (_, row) in enumerate(group.iterrows(), 1):
                _draw_bar(axes, height - 0.85 * offset - 0.1, row)
                ticks[height - 0.85 * offset - 0.1] = row["process"]
            height -= 0.85 * len(group) + 1.35
        _finish(figure, axes, rows, ticks, height, width_in)
        return to_svg(figure)


def draw_growth(content: Mapping[str, Any], width_in: float = WIDE_IN) -> str:
    """Draw how much of its cache a worker holds of its own, batch after batch, as SVG text."""
    table = growth_rows(content)
    methods = list(dict.fromkeys(table["start_method"]))
    style = dict(zip(dict.fromkeys(table["cache"]), LINES, strict=False))
    across = width_in > 5
    shape = (1, len(methods)) if across else (len(methods), 1)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width_in, 2.7 if across else 2.1 * shape[0]), layout="constrained")
        panels = figure.subplots(*shape, sharex=True, sharey=True, squeeze=False).flatten()
        for axes, method in zip(panels, methods, strict=True):
            axes.spines[["top", "right"]].set_visible(False)
            axes.set_title(method, loc="left", fontsize=9)
            for cache, (colour, marker) in style.items():
                line = table[(table["start_method"] == method) & (table["cache"] == cache)]
                shares = 100 * line["share"]
                label = cache.replace("_", " ") if method == methods[0] else None
                axes.plot(
                    line["batches"], shares, color=colour, marker=marker, markersize=4, label=label
                )
        panels[0].set_ylim(-8, max(108.0, 104 * float(table["share"].max())))
        panels[0].xaxis.set_major_locator(MaxNLocator(integer=True))
        panels[0].yaxis.set_major_formatter(lambda value, _: f"{value:g} %")
        figure.supxlabel("batches handed over", fontsize=9)
        figure.supylabel("a worker's own part of the cache", fontsize=9)
        figure.legend(loc="outside upper left", ncols=len(style) if across else 1, frameon=False)
        return to_svg(figure)


def process_rows(content: Mapping[str, Any]) -> pd.DataFrame:
    """Return a row a process at the end of each reading with workers, in MB.

    Returns:
        ``group`` (cache and start method), ``process``, ``own_mb`` (USS), ``shared_mb`` (PSS less
        USS: its part of what it shares), ``more_mb`` (its own beyond the same process without a
        cache; NaN where there is none).
    """
    return pd.DataFrame([row for cell in _with_workers(content) for row in _rows_of(cell, content)])


def growth_rows(content: Mapping[str, Any]) -> pd.DataFrame:
    """Return ``cache``, ``start_method``, ``batches``, ``share`` of the cache a worker holds."""
    rows = []
    for cell in _with_workers(content):
        if cell["cache"] == WITHOUT:
            continue
        pairs = zip(cell["moments"], _baseline(cell, content)["moments"], strict=True)
        for moment, without in pairs:
            if moment["moment"] in ("workers_up", "batch"):
                more = _worker_uss(moment) - _worker_uss(without)
                rows.append(
                    {
                        "cache": cell["cache"],
                        "start_method": cell["start_method"],
                        "batches": moment["batch"] or 0,
                        "share": more / cell["cache_bytes"],
                    }
                )
    return pd.DataFrame(rows)


def title(content: Mapping[str, Any]) -> str:
    """Answer in one sentence whether workers duplicate a cache of target maps, kept as arrays."""
    if not content["available"]["ok"]:
        return f"Not available: {content['available']['reason']}"
    found = [row for row in content["verdicts"] if row["cache"] == "dict_of_arrays"]
    parts = [f"{row['answer']} with {row['start_method']}" for row in found]
    answer = ", ".join(parts)
    return f"Does each worker duplicate a cache of map arrays? {answer[:1].upper()}{answer[1:]}"


def caption(content: Mapping[str, Any]) -> str:
    """Say what was kept, and what RSS would have said of the same processes."""
    fork = next(row for row in content["verdicts"] if row["start_method"] == "fork")
    return (
        f"{content['images']} images' maps, read in batches of {content['batch_size']} until every "
        f"worker has read all of them; no image is decoded, so that the cache is all that differs. "
        f"A process's own bytes (USS) belong to it alone; of shared ones it is given its part "
        f"(PSS). RSS, which counts shared pages in every process, would have said that each worker "
        f"forked beside the {fork['cache'].replace('_', ' ')} of "
        f"{phrases.megabytes(fork['cache_bytes'])} holds "
        f"{phrases.megabytes(fork['rss_bytes_per_worker'])} of it, and it holds "
        f"{phrases.megabytes(max(fork['duplicated_bytes_per_worker'], 0))} of its own."
    )


def _rows_of(cell: Mapping[str, Any], content: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    without = _shown(_baseline(cell, content)["moments"][-1])
    name = "no cache" if cell["cache"] == WITHOUT else cell["cache"].replace("_", " ")
    size = f" of {phrases.megabytes(cell['cache_bytes'])}" if cell["cache"] != WITHOUT else ""
    workers = 0
    for row, plain in zip(_shown(cell["moments"][-1]), without, strict=True):
        workers += row["role"] == "worker"
        more = row["uss_bytes"] - plain["uss_bytes"]
        yield {
            "group": f"{name}{size}, {cell['start_method']}",
            "process": f"worker {workers}" if row["role"] == "worker" else row["role"],
            "own_mb": row["uss_bytes"] / _MB,
            "shared_mb": (row["pss_bytes"] - row["uss_bytes"]) / _MB,
            "more_mb": float("nan") if cell["cache"] == WITHOUT else more / _MB,
        }


def _draw_bar(axes: Axes, height: float, row: pd.Series[Any]) -> None:
    axes.barh(height, row["own_mb"], height=0.7, color=BAD)
    axes.barh(
        height, row["shared_mb"], left=row["own_mb"], height=0.7, color=POINT, hatch="////", lw=0
    )
    if np.isfinite(row["more_mb"]):
        place = (row["own_mb"] + row["shared_mb"], height)
        text = f"{round(row['more_mb']) + 0:+d} MB own"
        axes.annotate(text, place, (5, 0), textcoords="offset points", va="center", fontsize=8)


def _finish(
    figure: Figure,
    axes: Axes,
    rows: pd.DataFrame,
    ticks: Mapping[float, str],
    bottom: float,
    width_in: float,
) -> None:
    axes.set_yticks(list(ticks), list(ticks.values()))
    axes.tick_params(axis="y", length=0, labelsize=8)
    axes.set_ylim(bottom + 0.6, 0.6)
    most = float((rows["own_mb"] + rows["shared_mb"]).max())
    axes.set_xlim(0, most * (1.18 if width_in > 5 else 1.4))
    beyond = "; +: beyond the same process without a cache" if width_in > 5 else ""
    axes.set_xlabel(f"MB, at the end{beyond}")
    for colour, hatch, name in ((BAD, None, "its own"), (POINT, "////", "its part of the shared")):
        axes.barh(0, 0, color=colour, hatch=hatch, lw=0, label=name)
    figure.legend(loc="outside upper left", ncols=2, frameon=False)


def _with_workers(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [cell for cell in content["cells"] if cell["workers"]]


def _baseline(cell: Mapping[str, Any], content: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(
        other
        for other in _with_workers(content)
        if (other["cache"], other["start_method"]) == (WITHOUT, cell["start_method"])
    )


def _shown(moment: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return [row for row in moment["processes"] if row["role"] in SHOWN]


def _worker_uss(moment: Mapping[str, Any]) -> float:
    return fmean(row["uss_bytes"] for row in moment["processes"] if row["role"] == "worker")
