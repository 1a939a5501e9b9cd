"""The layers of ARCHITECTURE.md hold: imports point downward, the clock stays in its place."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from feedrate.codehash import ROOT, imports_of
from feedrate.registry import REGISTRIES

ARCHITECTURE = (ROOT.parents[1] / "ARCHITECTURE.md").read_text(encoding="utf-8")
LAYER_ROW = re.compile(r"^\| (\d) \| ([^|]+) \|", re.MULTILINE)
LAYERS = {
    name: int(number)
    for number, cell in LAYER_ROW.findall(ARCHITECTURE)
    for name in re.findall(r"`(\w+)`", cell)
}
FILES = sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")
PLUGIN_PACKAGES = {name for name, layer in LAYERS.items() if layer == 1}
CLOCKS = {
    f"{name}{unit}"
    for name in ("perf_counter", "monotonic", "process_time", "thread_time")
    for unit in ("", "_ns")
}
CLOCKED = {
    *(
        "trial",
        "stages",
        "speed.readings",
        "speed.stalls",
        "progress",
        "profile.clocked",
        "harness",
    ),
    *("memory", "memory.readings", "selftest.plants", "selftest.overhead", "consumers.spin"),
    *("stores.building", "watching", "foreign.run", "foreign.stages"),
}
LIGHT = ("cell", "codehash", "config", "matrix", "registry")
LONGEST = 250
HEAVY = {
    "torch",
    "scipy",
    "pandas",
    "pyarrow",
    "cv2",
    "numba",
    "PIL",
    "albumentations",
    "matplotlib",
}


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def top(module: str) -> str:
    return module.removeprefix("feedrate.").split(".", 1)[0]


def layer(module: str) -> int:
    """The layer of a module; what the table lacks fails `test_every_module_has_a_layer` alone."""
    return LAYERS.get(top(module), 0)


def imported(path: Path) -> list[str]:
    """Modules of ours that a file imports, without the package itself."""
    return [name.removeprefix("feedrate.") for name in imports_of(path) if name != "feedrate"]


def by_module(path: Path) -> str:
    return module_of(path)


def loaded_by(*modules: str) -> set[str]:
    """Top-level packages that a fresh process holds after importing these modules of ours."""
    names = ", ".join(f"feedrate.{module}" for module in modules)
    code = f"import {names}, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".", 1)[0] for name in done.stdout.split()}


@pytest.mark.parametrize("path", FILES, ids=by_module)
def test_every_module_has_a_layer(path: Path) -> None:
    assert top(module_of(path)) in LAYERS, (
        f"{path.name} stands in no row of the table of layers in ARCHITECTURE.md: add it there"
    )


def test_every_name_in_the_table_is_a_module() -> None:
    assert sorted(LAYERS) == sorted({top(module_of(path)) for path in FILES})


@pytest.mark.parametrize("path", FILES, ids=by_module)
def test_imports_point_downward(path: Path) -> None:
    own = layer(module_of(path))
    upward = [name for name in imported(path) if layer(name) > own]
    assert not upward, f"layer {own} imports from above"


@pytest.mark.parametrize("path", FILES, ids=by_module)
def test_analysis_does_not_know_the_pipeline(path: Path) -> None:
    if layer(module_of(path)) in {4, 5}:
        assert [name for name in imported(path) if layer(name) in {1, 2}] == []


@pytest.mark.parametrize("path", FILES, ids=by_module)
def test_plugins_do_not_know_each_other(path: Path) -> None:
    module = module_of(path)
    if top(module) not in PLUGIN_PACKAGES:
        return
    other_packages = [
        name for name in imported(path) if top(name) in PLUGIN_PACKAGES - {top(module)}
    ]
    assert other_packages == []
    for entries in REGISTRIES.values():
        siblings = {
            target.partition(":")[0].removeprefix("feedrate.") for target in entries.values()
        }
        if module in siblings:
            assert [name for name in imported(path) if name in siblings - {module}] == []


@pytest.mark.parametrize("path", FILES, ids=by_module)
def test_the_clock_runs_in_its_files_only(path: Path) -> None:
    if module_of(path) not in CLOCKED:
        assert sorted(CLOCKS & _names_in(path)) == []


def test_the_search_for_clocks_finds_one() -> None:
    assert "perf_counter_ns" in _names_in(ROOT / "stages.py") | _names_in(ROOT / "trial.py")


@pytest.mark.parametrize("path", FILES, ids=by_module)
def test_form_of_a_file(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not {"utils", "helpers", "util", "helper"} & set(module_of(path).split("."))
    assert len(text.splitlines()) <= LONGEST
    if module_of(path) != "figures":
        assert re.findall(r"[\"']#[0-9a-fA-F]{3,8}[\"']", text) == [], "colours: figures.py only"
    if module_of(path) != "panels" and top(module_of(path)) != "generators":
        rgb = r"\((?=[^)]*\d\d)\d{1,3}, \d{1,3}, \d{1,3}\)"
        assert re.findall(rgb, text) == [], "colours of pixels: panels.py only"


@pytest.mark.parametrize("path", FILES, ids=by_module)
def test_the_package_does_not_know_snakemake(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert "snakemake" not in {name.split(".", 1)[0] for name in _imported_by(tree)}


def test_the_words_of_a_study_load_nothing_heavy() -> None:
    assert sorted((HEAVY | {"numpy"}) & loaded_by(*LIGHT)) == []


def test_what_the_snakemake_process_loads_is_light() -> None:
    rules = (ROOT.parents[1] / "workflow" / "rules").glob("*.smk")
    text = "\n".join(path.read_text(encoding="utf-8") for path in rules)
    modules = set(re.findall(r"^from feedrate\.([\w.]+) import", text, re.MULTILINE))
    modules |= set(re.findall(r"^from feedrate import (\w+)$", text, re.MULTILINE))
    assert "matrix" in modules
    assert sorted(HEAVY & loaded_by(*modules)) == []


def test_analysis_loads_without_the_pipeline() -> None:
    modules = [module_of(path) for path in FILES if layer(module_of(path)) in {4, 5}]
    pipeline = {"torch", "cv2", "numba", "albumentations", "simplejpeg", "pyclipper"}
    assert sorted(pipeline & loaded_by(*modules)) == []


def _names_in(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    return (
        {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        | {node.id for node in nodes if isinstance(node, ast.Name)}
        | {node.name for node in nodes if isinstance(node, ast.alias)}
    )


def _imported_by(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found
