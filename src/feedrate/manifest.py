"""The manifest of a study: every file with its hash, and what each was made from, by which code.

The workflow writes it last. With it a results folder can be held against what it was, wherever it
lies by then, and its page can be built again without anything being measured.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from feedrate import __version__
from feedrate.codehash import ROOT
from feedrate.files import sha256_of
from feedrate.lineage import Origin, origins
from feedrate.machine import fingerprint

SCHEMA = 2
"""1: files and their hashes. 2: inputs, code, config, environment and machine beside them."""

NAME = "manifest.json"
FOREIGN = "foreign: the manifest has no such file"

MARK = ".snakemake_timestamp"
"""What Snakemake puts into a folder that a rule makes; it holds nothing."""


def describe_study(
    results: Path, artefacts: Iterable[Path], config: Mapping[str, Any]
) -> dict[str, Any]:
    """Describe a finished study: its files, and where they came from.

    Args:
        results: The results folder; started from where Snakemake ran.
        artefacts: Files and folders below it that belong to the study.
        config: The study as it was configured.

    Returns:
        ``files`` by path inside the folder (`describe_files`); ``artefacts`` by the same path: the
        rule, its inputs, and the hash of its command and parameters, null where Snakemake keeps no
        record; ``sources``, the inputs that lie outside; code, config, environment and machine.
    """
    paths = sorted(set(artefacts))
    known = origins(Path(".snakemake"))
    made = {path: known.get(path.as_posix()) for path in paths}
    return {
        "schema": SCHEMA,
        "files": describe_files(paths, results),
        "artefacts": {
            path.relative_to(results).as_posix(): origin and origin._asdict()
            for path, origin in made.items()
        },
        "sources": _describe_sources(made.values(), results),
        "code": {"version": __version__, "sha256": _sources_hash()},
        "config": dict(config),
        "environment": dict(
            sorted((each.metadata["Name"], each.version) for each in metadata.distributions())
        ),
        "machine": fingerprint(),
    }


def read_manifest(results: Path) -> dict[str, Any]:
    """Read the manifest of a results folder.

    Raises:
        ValueError: It is none, or one of another schema; the message says how to make one.
    """
    path = results / NAME
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise ValueError(f"{path}: no manifest of schema {SCHEMA}; `snakemake` writes one")
    return content


def describe_files(paths: Iterable[Path], root: Path) -> dict[str, dict[str, Any]]:
    """Give size and sha256 of files, and of the files inside folders, by path below `root`."""
    files = sorted({file for path in paths for file in _files_of(path)})
    return {file.relative_to(root).as_posix(): _describe(file) for file in files}


def faults_of(manifest: Mapping[str, Any], root: Path) -> list[str]:
    """Name every file that is altered, missing, a link, or in no manifest.

    Args:
        manifest: Content of the manifest.
        root: The results folder as it is now.
    """
    listed = manifest["files"]
    faults = {name: _fault(root, name, entry["sha256"]) for name, entry in listed.items()}
    present = {path.relative_to(root).as_posix() for path in _all_of(root)}
    faults |= dict.fromkeys(
        present - set(listed) - {NAME}, "foreign: the manifest has no such file"
    )
    return [f"{name!r}: {fault}" for name, fault in sorted(faults.items()) if fault]


def _fault(root: Path, name: str, sha256: str) -> str | None:
    path = root / name
    if not path.resolve().is_relative_to(root.resolve()):
        return "leads out of the folder"
    if path.is_symlink():
        return "a link instead of a file"
    if not path.is_file():
        return "missing"
    return None if sha256_of(path) == sha256 else "altered"


def _describe(file: Path) -> dict[str, Any]:
    return {"bytes": file.stat().st_size, "sha256": sha256_of(file)}


def _sources_hash() -> str:
    """Hash every source file of the package as it is."""
    digest = hashlib.sha256()
    for path in sorted(ROOT.rglob("*.py")):
        digest.update(f"{path.relative_to(ROOT).as_posix()}\0{sha256_of(path)}\n".encode())
    return digest.hexdigest()


def _describe_sources(made: Iterable[Origin | None], results: Path) -> dict[str, dict[str, Any]]:
    named = {Path(name) for origin in made if origin for name in origin.inputs}
    outside = sorted(path for path in named if not path.is_relative_to(results))
    return {path.as_posix(): _describe(path) for path in outside}


def _files_of(path: Path) -> Sequence[Path]:
    return list(_all_of(path)) if path.is_dir() else [path]


def _all_of(folder: Path) -> Iterator[Path]:
    """Yield files, and links of any kind; what is hidden too, for it would be a hiding place."""
    for path in folder.rglob("*"):
        if path.name != MARK and (path.is_symlink() or not path.is_dir()):
            yield path
