"""A study of its own in a temporary folder: a copy of the repository, run through Snakemake."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = (
    *("Snakefile", "workflow", "config", "notebooks", "envs", "profiles", "src"),
    "docs/records/likeness.json",
    "docs/records/selftest/summary.json",
)


@dataclass(frozen=True)
class Study:
    """A folder in which `snakemake` is started, with sources of its own that a test may change."""

    folder: Path
    configfile: str = "config/smoke.yaml"

    @classmethod
    def copy(cls, folder: Path) -> Study:
        """Copy what a study needs from the repository."""
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                ignore = shutil.ignore_patterns("__pycache__", "*.egg-info")
                shutil.copytree(source, folder / part, ignore=ignore)
            else:
                (folder / part).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, folder / part)
        return cls(folder)

    def command(self, *arguments: str) -> list[str]:
        """The command line that runs Snakemake on this study."""
        # The config file last: the option takes every word behind it for a file.
        return ["snakemake", "--cores", "2", *arguments, "--configfile", self.configfile]

    def snakemake(self, *arguments: str, check: bool = True) -> str:
        """Run Snakemake and return all it said."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"snakemake {' '.join(arguments)} failed:\n{done.stdout}")
        return done.stdout

    def feedrate(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of our own verbs here."""
        return subprocess.run(
            ["feedrate", *arguments],  # noqa: S607  found in the environment's own folder
            cwd=self.folder,
            env=self.environment,
            text=True,
            capture_output=True,
            check=False,
        )

    @property
    def environment(self) -> dict[str, str]:
        """Commands of this environment, modules of this folder."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "PYTHONPATH": str(self.folder / "src")}

    def planned(self, *targets: str) -> dict[str, int]:
        """Jobs that a dry run would start, by rule."""
        return jobs_of(self.snakemake("--dry-run", *(targets or ("all",))))


def jobs_of(said: str) -> dict[str, int]:
    """Read the job table that Snakemake prints; nothing planned is an empty table."""
    table = re.search(r"^job +count\n-+ +-+\n(.*?)\n\n", said, re.MULTILINE | re.DOTALL)
    if table is None:
        assert "Nothing to be done" in said, said
        return {}
    rows = [line.split() for line in table[1].splitlines()]
    return {rule: int(count) for rule, count in rows if rule not in ("total", "all", "default")}
