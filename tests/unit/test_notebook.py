"""The notebooks run on a study and become pages that work offline."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from intakes import make_findings, write_intake
from speeds import make_speed
from studies import EXPERIMENTS, build_study, write_results

from feedrate.files import write_text
from feedrate.notebook import NotebookError, picture, render_html
from feedrate.panels import Panel, write_sheet

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))


def write_notebook(path: Path, *outputs: nbformat.NotebookNode, count: int | None = 1) -> Path:
    cell = nbformat.v4.new_code_cell("1 / 0", execution_count=count, outputs=list(outputs))
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    return path


def write_previews(results: Path) -> None:
    """Write pictures, tables of presets and a benchmark where the workflow would."""
    previews = results / "previews"
    for name in ("receipts", "signs/scene", "signs/curved", "presets/exhibits", "presets/distance"):
        write_sheet(previews / f"{name}.png", [Panel(name, "", np.zeros((8, 8, 3), np.uint8))], 1)
    write_sheet(previews / "presets/db.png", [Panel("db", "", np.zeros((8, 8, 3), np.uint8))], 1)
    write_text(previews / "presets/choices.csv", "choice,feedrate,db\nsplit,all,first\n")
    write_text(previews / "presets/outcomes.csv", "exhibit,feedrate,db\ndumbbell,drawn,drawn\n")
    write_text(results / "speed/targets.json", json.dumps(make_speed()))


def test_a_picture_carries_its_description_and_asks_for_nothing(tmp_path: Path) -> None:
    write_previews(tmp_path)
    for source in (tmp_path / "previews/receipts.png", "<svg></svg>"):
        shown = picture(source, 'a "map"')
        assert 'aria-label="a &quot;map&quot;"' in shown
        assert "http" not in shown


def test_there_are_notebooks() -> None:
    assert {path.stem for path in NOTEBOOKS} == {
        *("1_dataset", "2_targets", "3_stages", "4_matrix", "5_findings")
    }


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs_and_with_parameters(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert sum("parameters" in cell.metadata.get("tags", []) for cell in code) == 1
    assert all(len(cell.source.splitlines()) <= 10 for cell in code)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("1_dataset", "Fit in part: 2 of 2 images are used."),
        ("2_targets", "On a CPU the kernel is 120"),
        ("3_stages", "Opening is not loading"),
        ("4_matrix", "targets~npz_ram"),
        ("5_findings", "targets~npz_ram"),
    ],
)
def test_a_notebook_runs_and_works_offline(tmp_path: Path, name: str, shown: str) -> None:
    path = next(path for path in NOTEBOOKS if path.stem == name)
    write_results(tmp_path / "results", build_study(tmp_path / "results"))
    write_previews(tmp_path / "results")
    write_intake(tmp_path / "results", findings=make_findings(["a.jpg"]))
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
    assert shown in page
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
