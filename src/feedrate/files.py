"""Files that are whole or absent: a temporary file beside the target, then a rename."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it on success, remove it on failure.

    The temporary name keeps the suffix, so that writers which look at it (numpy, pandas) work.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(directory: Path) -> Iterator[Path]:
    """Yield an empty folder beside `directory`, which it replaces on success and never in part."""
    unfinished = directory.with_name(f".{directory.name}.tmp")
    shutil.rmtree(unfinished, ignore_errors=True)  # what a killed run has left
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
        if directory.exists():
            shutil.rmtree(directory)
        unfinished.rename(directory)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_bytes(path: Path, data: bytes) -> None:
    """Write bytes, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def sha256_of(path: Path) -> str:
    """Hash a file's content, a megabyte at a time."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def folder_fingerprint(*paths: Path) -> str:
    """Hash names, sizes and modification times of files, without reading them.

    Stands for a user's dataset in a rule's ``params``: a file added, removed or rewritten
    changes it. Takes files or folders (walked recursively); an absent path counts as absent.
    """
    digest = hashlib.sha256()
    for path in paths:
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        for entry in found:
            if entry.is_file():
                state = entry.stat()
                line = f"{entry.relative_to(path)}\0{state.st_size}\0{state.st_mtime_ns}\n"
                digest.update(line.encode())
    return digest.hexdigest()[:16]
