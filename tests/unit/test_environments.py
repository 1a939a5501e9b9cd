"""Lock, conda environment, container and package metadata name the same versions."""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIREMENTS = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
LOCK = [
    line
    for line in (ROOT / "envs" / "lock.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
PINS = {
    canonicalize_name(name): version for name, _, version in (line.partition("==") for line in LOCK)
}
CONDA = yaml.safe_load((ROOT / "envs" / "environment.yaml").read_text(encoding="utf-8"))
CONTAINERFILE = (ROOT / "envs" / "Containerfile").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def make_lock() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_lock", ROOT / "envs" / "make_lock.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("line", REQUIREMENTS)
def test_the_lock_satisfies_the_package(line: str) -> None:
    requirement = Requirement(line)
    version = PINS.get(canonicalize_name(requirement.name))
    assert version is not None, "not in envs/lock.txt: run `make lock`"
    assert requirement.specifier.contains(version), f"envs/lock.txt has {version}: run `make lock`"


def test_a_pin_is_a_public_version_and_nothing_else() -> None:
    assert [
        line for line in LOCK if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line)
    ] == []
    assert "feedrate" not in PINS
    assert len(PINS) == len(LOCK)


def test_conda_has_the_same_pins() -> None:
    (pip,) = [entry["pip"] for entry in CONDA["dependencies"] if isinstance(entry, dict)]
    assert pip == LOCK, "run `make lock`"


def test_the_pythons_are_ones_the_package_supports() -> None:
    supported = SpecifierSet(PROJECT["requires-python"])
    conda = next(entry for entry in CONDA["dependencies"] if str(entry).startswith("python="))
    container = re.search(r"^FROM python:([\d.]+)-slim$", CONTAINERFILE, re.MULTILINE)
    assert container is not None
    assert supported.contains(f"{conda.partition('=')[2]}.0")
    assert supported.contains(f"{container[1]}.0")


def test_the_container_installs_the_lock() -> None:
    assert "COPY envs/lock.txt envs/lock.txt" in CONTAINERFILE
    assert "-r envs/lock.txt" in CONTAINERFILE
    assert 'ENTRYPOINT ["snakemake"]' in CONTAINERFILE


def test_local_tags_and_comments_are_dropped(make_lock: ModuleType) -> None:
    freeze = "# a note\ntorch==2.13.0+cpu\nNumPy==2.4.6\nattrs==26.1.0\n"
    assert make_lock.public_pins(freeze) == ["attrs==26.1.0", "NumPy==2.4.6", "torch==2.13.0"]


@pytest.mark.parametrize("line", ["-e .", "x @ file:///a/b", "x @ https://example.org/x.whl"])
def test_a_path_or_an_address_is_refused(make_lock: ModuleType, line: str) -> None:
    with pytest.raises(ValueError, match="is no name==version"):
        make_lock.public_pins(line)


def test_both_files_are_what_the_script_writes(make_lock: ModuleType) -> None:
    conda = (ROOT / "envs" / "environment.yaml").read_text(encoding="utf-8")
    assert conda == make_lock.conda_text(LOCK), "run `make lock`"
    lock = (ROOT / "envs" / "lock.txt").read_text(encoding="utf-8")
    made_with = re.search(r"the Python (3\.\d+) this was made with", lock)
    assert made_with is not None
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert lock.replace(
        made_with[0], made_with[0].replace(made_with[1], here)
    ) == make_lock.lock_text(LOCK)


EXTRAS = {
    name: {
        requirement.name: requirement
        for requirement in map(Requirement, PROJECT["optional-dependencies"][name])
    }
    for name in ("peers", "slurm")
}


def pins_of(extra: str) -> dict[str, str]:
    lines = (ROOT / "envs" / f"{extra}.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


@pytest.mark.parametrize("extra", EXTRAS)
def test_every_pin_of_an_extra_satisfies_the_package(extra: str) -> None:
    pins = pins_of(extra)
    assert set(EXTRAS[extra]) <= set(pins)
    for name, requirement in EXTRAS[extra].items():
        assert requirement.specifier.contains(pins[name]), f"{extra}.txt: {name}=={pins[name]}"


def test_every_peer_is_asked_for() -> None:
    assert set(pins_of("peers")) == set(EXTRAS["peers"])


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_is_no_part_of_the_lock(extra: str) -> None:
    assert {canonicalize_name(name) for name in pins_of(extra)} & set(PINS) == set()
