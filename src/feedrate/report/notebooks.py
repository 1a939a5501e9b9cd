"""Executed notebooks, run again and held against what is there."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import nbformat


def rerun_notebooks(
    results: Path,
    folder: Path,
    datasets: Iterable[str],
    experiments: Iterable[str],
    only: Collection[str] | None = None,
) -> Iterator[str]:
    """Run every notebook of a study again, and name the cells whose output differs.

    Args:
        results: The results folder; the notebooks are under ``notebooks/``.
        folder: Where the new ones are written.
        datasets: Names.
        experiments: Names.
        only: Notebooks by name; None for all.

    Raises:
        subprocess.CalledProcessError: A notebook fails.
    """
    parameters = {
        "results": str(results),
        "datasets": " ".join(datasets),
        "experiments": " ".join(experiments),
    }
    for path in sorted((results / "notebooks").glob("*.ipynb")):
        if only is not None and path.stem not in only:
            continue
        again = folder / path.name
        options = [part for key, value in parameters.items() for part in ("-p", key, value)]
        command = [sys.executable, "-m", "papermill", "--kernel", "python3", "--no-progress-bar"]
        source = Path("notebooks") / path.name
        subprocess.run(
            [*command, "--cwd", ".", *options, str(source), str(again)],
            check=True, capture_output=True,
        )  # fmt: skip
        yield from _compare(path, again)


_DRAWN_ANEW = re.compile(r"0x[0-9a-f]+|\bT_[0-9a-f]{5}")
"""Addresses, and the ids that pandas draws for a styled table."""


def _compare(path: Path, again: Path) -> Iterator[str]:
    for number, (told, right) in enumerate(
        zip(_outputs(path), _outputs(again), strict=False), start=1
    ):
        if told != right:
            yield f"{path}: code cell {number}: its output is not what the records give"
    if len(_outputs(path)) != len(_outputs(again)):
        yield f"{path}: has other cells than its source"


def _outputs(path: Path) -> list[str]:
    """What each cell shows, without what changes from run to run."""
    notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return [_shown(cell) for cell in notebook.cells if cell.cell_type == "code"]


def _shown(cell: Any) -> str:
    parts = []
    for output in cell.outputs:
        data = output.get("data", {})
        for kind in ("text/html", "text/markdown", "text/plain", "image/svg+xml", "image/png"):
            if kind in data:
                parts.append(str(data[kind]))
                break
        else:
            parts.append(str(output.get("text", "")))
    return _DRAWN_ANEW.sub("", "\n".join(parts))
