"""Files are whole or absent."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from feedrate.files import atomic_path, folder_fingerprint, sha256_of, write_bytes, write_text


class InterruptedWriteError(Exception):
    """Stands for whatever ends a write halfway."""


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def write_half(path: Path) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text("half")
        raise InterruptedWriteError


def test_a_failed_write_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_text(path, "old")
    with pytest.raises(InterruptedWriteError):
        write_half(path)
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["a.json"]


def test_a_failed_first_write_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InterruptedWriteError):
        write_half(tmp_path / "a.json")
    assert names_in(tmp_path) == []


def test_nothing_is_visible_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with atomic_path(path) as temporary:
        temporary.write_text("new")
        assert not path.exists()
        assert temporary.parent == path.parent
        assert temporary.suffix == ".npz"
    assert path.read_text() == "new"
    assert names_in(tmp_path) == ["a.npz"]


def test_folders_are_made(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a" / "b" / "c.bin", b"\x00\xff")
    assert (tmp_path / "a" / "b" / "c.bin").read_bytes() == b"\x00\xff"


def test_text_is_utf8(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "Größe ±5 %\n")
    assert (tmp_path / "a.txt").read_bytes() == "Größe ±5 %\n".encode()


def test_sha256(tmp_path: Path) -> None:
    data = bytes(range(256)) * 5000  # more than one block
    write_bytes(tmp_path / "a", data)
    assert sha256_of(tmp_path / "a") == hashlib.sha256(data).hexdigest()


def test_fingerprint_sees_files_added_removed_and_rewritten(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    write_text(folder / "a.csv", "1")
    seen = [folder_fingerprint(folder)]
    assert folder_fingerprint(folder) == seen[0]

    write_text(folder / "sub" / "b.csv", "2")
    seen.append(folder_fingerprint(folder))
    write_text(folder / "a.csv", "longer")
    seen.append(folder_fingerprint(folder))
    os.utime(folder / "a.csv", ns=(1, 1))
    seen.append(folder_fingerprint(folder))
    (folder / "a.csv").rename(folder / "c.csv")
    seen.append(folder_fingerprint(folder))
    (folder / "c.csv").unlink()
    seen.append(folder_fingerprint(folder))
    seen.append(folder_fingerprint(tmp_path / "absent"))
    assert len(set(seen)) == len(seen)


def test_fingerprint_of_a_single_file(tmp_path: Path) -> None:
    write_text(tmp_path / "a.json", "{}")
    before = folder_fingerprint(tmp_path / "a.json")
    write_text(tmp_path / "a.json", "{} ")
    assert folder_fingerprint(tmp_path / "a.json") != before
