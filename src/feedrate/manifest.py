"""The manifest of a study: every artefact with its size and hash, so that a tampered one shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from feedrate.files import sha256_of


def describe_files(paths: Iterable[Path]) -> dict[str, Any]:
    """Hash files, and the files inside folders."""
    files = sorted({file for path in paths for file in _files_of(path)})
    return {
        "files": {
            file.as_posix(): {"bytes": file.stat().st_size, "sha256": sha256_of(file)}
            for file in files
        }
    }


def altered_files(manifest: dict[str, Any], root: Path) -> list[str]:
    """Say of every file that is not as the manifest has it, what happened to it."""
    return [
        f"{name}: {fault}"
        for name, entry in manifest["files"].items()
        if (fault := _fault(root / name, entry["sha256"]))
    ]


def _fault(path: Path, sha256: str) -> str | None:
    if not path.is_file():
        return "missing"
    return None if sha256_of(path) == sha256 else "altered"


def _files_of(path: Path) -> Sequence[Path]:
    """Files of a folder but the hidden ones: those are Snakemake's own marks."""
    if not path.is_dir():
        return [path]
    return [file for file in path.rglob("*") if file.is_file() and file.name[0] != "."]
