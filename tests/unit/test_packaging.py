"""Wheel and sdist: built from a copy, installed into a clean environment, used there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = """
import sys
from setuptools import build_meta
print(getattr(build_meta, sys.argv[1])(sys.argv[2]))
"""
USE = """
import feedrate
from importlib.resources import files
from feedrate.targets import build_targets
import numpy as np
made = build_targets([np.array([[8.0, 8], [56, 8], [56, 40], [8, 40]])], [False], size=(64, 64))
print(feedrate.__file__)
print(int(made.shrink_map.sum()))
names = [path.name for path in files("feedrate.report").iterdir()]
print(sorted(name for name in names if name.endswith(("j2", "css", "js"))))
"""


def run(*command: str | Path, folder: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(kind: str, source: Path, folder: Path) -> Path:
    return folder / run(sys.executable, "-c", BUILD, kind, str(folder), folder=source).split()[-1]


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist of a copy: a build leaves its traces in the tree."""
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    ignore = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "src", source / "src", ignore=ignore)
    return build("build_sdist", source, tmp_path_factory.mktemp("dist"))


@pytest.mark.slow
def test_the_wheel_of_the_sdist_works_in_a_clean_environment(sdist: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    wheel = build("build_wheel", tmp_path / sdist.name.removesuffix(".tar.gz"), tmp_path)
    clean = tmp_path / "clean"
    venv.create(clean, with_pip=True)
    python = clean / "bin" / "python"
    run(python, "-m", "pip", "install", "--no-deps", "--no-index", wheel, folder=tmp_path)
    # The libraries are those of this environment; of its .pth files, ours among them, none is read.
    inside = next((clean / "lib").glob("python*/site-packages"))
    (inside / "libraries.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    assert "Measuring" in run(clean / "bin" / "feedrate", "--help", folder=tmp_path)
    where, area, data = run(python, "-c", USE, folder=tmp_path).splitlines()
    assert Path(where).is_relative_to(inside)
    assert 0 < int(area) < 48 * 32
    shipped = {path.name for path in (ROOT / "src/feedrate/report").iterdir()}
    wanted = sorted(name for name in shipped if name.endswith(("j2", "css", "js")))
    assert data == str(wanted)
    assert wanted
