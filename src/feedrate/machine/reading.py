"""Reading what Linux tells in small text files; what it does not tell is None."""

from __future__ import annotations

from pathlib import Path

ROOT = Path("/")
"""Where ``proc`` and ``sys`` lie; tests give a folder of their own."""

NOT_READABLE = "not readable"
"""Stands for a fact that this machine does not tell."""


def read(path: Path) -> str | None:
    """Return a small file's text without the white space around it.

    Returns:
        None where it is missing, forbidden or switched off (the kernel then refuses to read).
    """
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def told(text: str | None) -> str:
    """Return the text, or `NOT_READABLE` for none."""
    return text or NOT_READABLE


def field(text: str | None, name: str) -> str | None:
    """Return the value of the first line ``name : value``, None without one."""
    for line in (text or "").splitlines():
        key, colon, value = line.partition(":")
        if colon and key.strip() == name:
            return value.strip()
    return None


def count_listed(text: str | None) -> int | None:
    """Count the numbers of a list such as ``0-3,8``, None for no list."""
    if not text:
        return None
    ranges = [part.split("-") for part in text.split(",")]
    return sum(int(ends[-1]) - int(ends[0]) + 1 for ends in ranges)
