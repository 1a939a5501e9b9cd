"""Run tests on several Pythons: `make test-pythons`, or `python envs/try_pythons.py 3.12 3.13`.

Each Python that is here gets an environment of its own, `.venv-3.12`, with the pins of `lock.txt`.
Nothing fetches a Python: one that is absent is named, and that is a failure only where none is
here at all.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = ("tests/contract", "tests/golden", "tests/unit")


def find_python(version: str) -> str | None:
    """Return the interpreter of a version such as ``3.12`` that really starts, None without one."""
    path = shutil.which(f"python{version}")
    if path is None:
        return None
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    # A launcher may be there without its Python, as those of pyenv are.
    said = subprocess.run([path, "-c", code], capture_output=True, text=True, check=False)
    return path if said.returncode == 0 and said.stdout.strip() == version else None


def prepare(python: str, folder: Path) -> Path:
    """Make an environment with the pins, where it is not there yet; return its Python."""
    ready = folder / ".ready"
    inside = folder / "bin" / "python"
    if not ready.exists():
        subprocess.run([python, "-m", "venv", folder], check=True)
        pip = [inside, "-m", "pip", "install"]
        subprocess.run([*pip, "-r", ROOT / "envs" / "lock.txt"], check=True)
        subprocess.run([*pip, "--no-deps", "-e", ROOT], check=True)
        ready.touch()
    return inside


def main(versions: list[str]) -> int:
    """Test on each version that is here; return 1 where a test fails or no Python is here."""
    found = {version: find_python(version) for version in versions}
    outcomes = {}
    for version, python in found.items():
        if python is not None:
            inside = prepare(python, ROOT / f".venv-{version}")
            command = [inside, "-m", "pytest", "-q", "-m", "not slow", *TESTS]
            outcomes[version] = subprocess.run(command, cwd=ROOT, check=False).returncode
    for version in versions:
        told = {None: "not available: no such Python here", 0: "passed"}
        print(f"Python {version}: {told.get(outcomes.get(version), 'FAILED')}")
    return int(not outcomes or any(outcomes.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
