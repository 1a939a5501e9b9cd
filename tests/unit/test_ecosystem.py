"""The doors of the ecosystem: workflow catalog, citation, CI, container, site."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from feedrate import __version__

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONTAINERFILE = (ROOT / "envs/Containerfile").read_text(encoding="utf-8")
HAS_MKDOCS = importlib.util.find_spec("mkdocs") is not None


def read_yaml(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def test_the_catalog_finds_what_standardized_usage_asks_for() -> None:
    assert (ROOT / "workflow/Snakefile").is_file()
    assert list((ROOT / "workflow/rules").glob("*.smk"))
    assert len((ROOT / "config/README.md").read_text(encoding="utf-8")) > 1000
    readme = (ROOT / "README.md").read_text(encoding="utf-8").lower()
    assert "snakemake" in readme
    assert "workflow" in readme
    assert "module feedrate:" in readme


def test_the_catalogs_file_has_the_keys_it_may_have() -> None:
    usage = read_yaml(".snakemake-workflow-catalog.yml")["usage"]
    assert set(usage) == {"mandatory-flags", "software-stack-deployment"}
    assert set(usage["mandatory-flags"]) == {"desc", "flags"}
    deployment = usage["software-stack-deployment"]
    assert set(deployment) == {"conda", "apptainer", "apptainer+conda", "report"}
    assert all(isinstance(value, bool) for value in deployment.values())


def test_the_citation_is_whole_and_of_this_version() -> None:
    cited = read_yaml("CITATION.cff")
    assert {"cff-version", "message", "title", "authors"} <= set(cited)
    assert cited["cff-version"] == "1.2.0"
    assert cited["type"] == "software"
    assert all("name" in author or "family-names" in author for author in cited["authors"])
    assert cited["license"] == PROJECT["license"]
    assert cited["version"] == __version__


def test_continuous_integration_runs_what_is_run_at_home() -> None:
    jobs = read_yaml(".github/workflows/ci.yaml")["jobs"]
    steps = [step.get("run") for step in jobs["test"]["steps"]]
    assert ".ci/run" in steps
    assert (ROOT / ".ci/run").stat().st_mode & 0o100
    pythons = jobs["test"]["strategy"]["matrix"]["python"]
    assert pythons == ["3.11", "3.12", "3.13"]
    assert all(SpecifierSet(PROJECT["requires-python"]).contains(f"{item}.0") for item in pythons)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"PYTHONS ?= {' '.join(pythons)}\n" in makefile


def instructions() -> list[tuple[str, str]]:
    joined = CONTAINERFILE.replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines)]


def test_the_container_runs_as_nobody_special_and_knows_no_secret() -> None:
    steps = instructions()
    names = [name for name, _ in steps]
    assert set(names) <= {"FROM", "RUN", "WORKDIR", "COPY", "USER", "ENV", "ENTRYPOINT", "CMD"}
    (user,) = [rest for name, rest in steps if name == "USER"]
    assert user not in {"root", "0"}
    assert max(i for i, name in enumerate(names) if name == "RUN") < names.index("USER")
    assert not re.search(r"(?i)token|passw|secret|api_?key|https?://", CONTAINERFILE)


def test_the_container_copies_no_repository_and_no_results() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {".git", ".venv*", "results", "logs"} <= set(ignored)


def test_the_pins_of_the_site_satisfy_its_extra() -> None:
    lines = (ROOT / "envs/docs.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    for requirement in map(Requirement, PROJECT["optional-dependencies"]["docs"]):
        assert requirement.specifier.contains(pins[requirement.name])


def pages_of(nav: Any) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    parts = nav.values() if isinstance(nav, dict) else nav
    return [page for part in parts for page in pages_of(part)]


def test_every_page_has_its_place_on_the_site() -> None:
    shown = set(pages_of(read_yaml("mkdocs.yml")["nav"]))
    assert {path.name for path in (ROOT / "docs").glob("*.md")} <= shown
    for page in shown:
        assert (ROOT / "docs" / page).is_file() or (ROOT / page).is_file(), page


@pytest.mark.skipif(not HAS_MKDOCS, reason="mkdocs is not installed: pip install -r envs/docs.txt")
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    reference = (tmp_path / "reference/index.html").read_text(encoding="utf-8")
    assert "feedrate.feeding.loader.build_loader" in reference
    for page in tmp_path.rglob("index.html"):
        found = re.findall(r'<(?:script|link)[^>]*(?:src|href)="https?://[^"]*"', page.read_text())
        assert found == [], page
