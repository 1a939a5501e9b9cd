"""The notebooks run on a study and become pages that work offline."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from studies import EXPERIMENTS, build_study, write_results

from feedrate.notebook import NotebookError, render_html

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))


def write_notebook(path: Path, *outputs: nbformat.NotebookNode, count: int | None = 1) -> Path:
    cell = nbformat.v4.new_code_cell("1 / 0", execution_count=count, outputs=list(outputs))
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    return path


def test_there_are_notebooks() -> None:
    assert {path.stem for path in NOTEBOOKS} >= {"4_matrix", "5_findings"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs_and_with_parameters(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert sum("parameters" in cell.metadata.get("tags", []) for cell in code) == 1
    assert all(len(cell.source.splitlines()) <= 11 for cell in code)


@pytest.mark.parametrize(
    "path",
    [p for p in NOTEBOOKS if p.stem in {"4_matrix", "5_findings"}],
    ids=lambda path: path.stem,
)
def test_a_notebook_runs_and_works_offline(tmp_path: Path, path: Path) -> None:
    write_results(tmp_path / "results", build_study(tmp_path / "records"))
    executed = tmp_path / path.name
    command = [sys.executable, "-m", "papermill", "--kernel", "python3", "--no-progress-bar"]
    values = {"results": "results", "datasets": "receipts", "experiments": " ".join(EXPERIMENTS)}
    parameters = [word for name, value in values.items() for word in ("-p", name, value)]
    subprocess.run(
        [*command, "--cwd", ".", *parameters, str(path), str(executed)],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    page = render_html(executed)
    assert "targets~npz_ram" in page
    assert re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=[\"']https?:", page) == []
    assert not re.search(r"\b(?:import|fetch)\b[^;]{0,40}https?://", page)


def test_a_notebook_that_was_not_executed_is_refused(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "raw.ipynb", count=None)
    with pytest.raises(NotebookError, match=r"raw\.ipynb: cell 0 was not executed"):
        render_html(path)


def test_a_notebook_that_failed_is_refused(tmp_path: Path) -> None:
    failed = nbformat.v4.new_output("error", ename="ZeroDivisionError", evalue="", traceback=[])
    path = write_notebook(tmp_path / "bad.ipynb", failed)
    with pytest.raises(NotebookError, match=r"bad\.ipynb: cell 0 failed"):
        render_html(path)
