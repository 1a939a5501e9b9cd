"""The benchmark's result as text: what the terminal and a notebook show is this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Result = Mapping[str, Any]

CASES_HEAD = (
    "case",
    "reference ms",
    "kernel ms",
    "speed-up",
    "goal",
    "fresh ms",
    "floor ms",
    "x floor",
    "MB written",
    "max error",
    "pixels that differ",
)


CODECS_HEAD = (
    "case",
    "codec",
    "KB",
    "save ms",
    "load ms",
    "into ms",
    "uint8 ms",
    "smaller",
    "goal",
    "faster",
    "goal",
)


def table_text(result: Result) -> str:
    """Render a result: the machine, both tables, and a line a goal that is missed."""
    missed = missed_goals(result)
    blocks = [
        machine_line(result["machine"]),
        aligned([CASES_HEAD, *map(_case_cells, result["cases"])], left=1),
        aligned([CODECS_HEAD, *map(_codec_cells, result["codecs"])], left=2),
        "\n".join(missed) if missed else "All goals are met.",
    ]
    return "\n\n".join(blocks) + "\n"


def machine_line(machine: Result) -> str:
    """Name the machine and the libraries that matter here."""
    versions = ", ".join(f"{name} {machine['versions'][name]}" for name in ("numpy", "numba"))
    return (
        f"{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}, {versions}; "
        "CPU ms an image, one thread, medians"
    )


def missed_goals(result: Result) -> list[str]:
    """Say of each goal that is missed by how much; nothing where all are met."""
    goals = [
        (f"{row['case']}: kernel", row["speedup"], row["goal"], "times faster")
        for row in result["cases"]
    ]
    for row in result["codecs"]:
        name = f"{row['case']}: {row['codec']}"
        goals.append((name, row["smaller"], row["goal_smaller"], "times smaller"))
        goals.append((name, row["faster"], row["goal_faster"], "times faster to load"))
    return [
        f"missed: {name} is {seen:.1f} {what}, the goal is {goal:g}"
        for name, seen, goal, what in goals
        if goal is not None and seen < goal
    ]


def _case_cells(row: Result) -> tuple[str, ...]:
    return (
        row["case"],
        f"{row['reference_ms']:.1f}",
        f"{row['kernel_ms']:.3f}",
        f"{row['speedup']:.1f}x",
        _factor(row["goal"]),
        f"{row['kernel_fresh_ms']:.3f}",
        f"{row['floor_ms']:.3f}",
        f"{row['kernel_ms'] / row['floor_ms']:.1f}",
        f"{row['bytes_written'] / 1e6:.1f}",
        f"{row['max_threshold_error']:.1e}",
        " + ".join(str(count) for count in row["different_pixels"].values()),
    )


def _codec_cells(row: Result) -> tuple[str, ...]:
    times = (row[f"{way}_ms"] for way in ("save", "load", "load_into", "load_uint8"))
    return (
        row["case"],
        row["codec"],
        f"{row['bytes'] / 1e3:.1f}",
        *("-" if ms is None else f"{ms:.3f}" for ms in times),
        f"{row['smaller']:.1f}x",
        _factor(row["goal_smaller"]),
        f"{row['faster']:.1f}x",
        _factor(row["goal_faster"]),
    )


def _factor(goal: float | None) -> str:
    return "-" if goal is None else f"{goal:g}x"


def aligned(rows: Sequence[Sequence[str]], left: int) -> str:
    """Align columns: the first ones to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place < left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
