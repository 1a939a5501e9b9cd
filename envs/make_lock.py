"""Pin every package of the study: `envs/lock.txt`, and the same pins in `envs/environment.yaml`.

Run it as ``make lock``. It installs what ``pyproject.toml`` asks for, the ``[dev]`` extra included,
into a fresh temporary environment and writes down what came: public versions only, no index
address, no path. The package itself is not built: a build would leave its traces in the tree.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ENVS = Path(__file__).resolve().parent
PIN = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!]+")

LOCK_HEADER = """\
# Exact versions of everything a study and its tests use, made by `make lock`: what pyproject.toml
# asks for with its [dev] extra, installed into a fresh environment, then `pip freeze`. Versions are
# public ones: where an index offers a CPU build of torch 2.13.0 (a local version such as +cpu), pip
# takes it; elsewhere it takes the plain one.
# The pins hold for Python 3.11 and later. On Python 3.12 papermill also asks for aiohttp, which
# is not pinned here (nothing asks for it on the Python {python} this was made with); pip adds it.
"""

CONDA_HEADER = """\
# Made by `make lock` from the same pins as lock.txt (a test compares them). They are written out
# here because Snakemake copies this file before use, which breaks a relative `-r lock.txt`.
name: feedrate
channels:
  - conda-forge
dependencies:
  - python=3.11
  - pip
  - pip:
"""


def public_pins(freeze: str) -> list[str]:
    """Turn the output of ``pip freeze`` into pins without local version tags.

    Raises:
        ValueError: A line is no ``name==version``, such as one that names a file or an address.
    """
    pins = []
    for line in freeze.splitlines():
        if line.strip() and not line.startswith("#"):
            pin = line.strip().partition("+")[0]
            if not PIN.fullmatch(pin):
                raise ValueError(f"make_lock: {line!r} is no name==version; install it by name")
            pins.append(pin)
    return sorted(pins, key=str.lower)


def lock_text(pins: list[str]) -> str:
    """Render `envs/lock.txt`."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return LOCK_HEADER.format(python=python) + "".join(f"{pin}\n" for pin in pins)


def conda_text(pins: list[str]) -> str:
    """Render `envs/environment.yaml`."""
    return CONDA_HEADER + "".join(f"      - {pin}\n" for pin in pins)


def requirements(project: Path) -> list[str]:
    """List what a ``pyproject.toml`` asks for, its ``[dev]`` extra included."""
    declared = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    return [*declared["dependencies"], *declared["optional-dependencies"]["dev"]]


def freeze_fresh_install(packages: list[str]) -> str:
    """Install packages into a temporary environment; return its freeze."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder, "bin", "python")
        subprocess.run([python, "-m", "pip", "install", *packages], check=True)
        # --all: torch needs setuptools, which a plain freeze leaves out.
        command = [python, "-m", "pip", "freeze", "--all", "--exclude", "pip"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main() -> None:
    """Write both files."""
    pins = public_pins(freeze_fresh_install(requirements(ENVS.parent / "pyproject.toml")))
    (ENVS / "lock.txt").write_text(lock_text(pins), encoding="utf-8")
    (ENVS / "environment.yaml").write_text(conda_text(pins), encoding="utf-8")
    print(f"pinned {len(pins)} packages in {ENVS / 'lock.txt'} and {ENVS / 'environment.yaml'}")


if __name__ == "__main__":
    main()
