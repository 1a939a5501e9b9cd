"""Software: versions of every library, the C library, the allocator, libjpeg in each decoder."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Mapping
from importlib import import_module, metadata
from pathlib import Path

from feedrate.machine.reading import NOT_READABLE

NOT_TOLD = "not told"
"""Stands for a version that a library carries without saying which."""

ALLOCATOR_VARIABLES = re.compile(
    r"(MALLOC_\w+|_RJEM_MALLOC_CONF|GLIBC_TUNABLES|LD_PRELOAD|PYTHONMALLOC|TCMALLOC_\w+|MIMALLOC_\w+)"
)

_LIBJPEG_TURBO = re.compile(rb"libjpeg-turbo version (\d+\.\d+[\w.]*)")


@functools.cache
def _installed() -> tuple[tuple[str, str], ...]:
    found = {dist.metadata["Name"]: dist.version for dist in metadata.distributions()}
    return tuple(sorted((name, version) for name, version in found.items() if name))


def list_versions() -> dict[str, str]:
    """List name and version of every installed distribution, by name."""
    return dict(_installed())


def name_libc() -> str:
    """Name the C library and its version, as ``glibc 2.36``."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or NOT_READABLE
    except (ValueError, OSError):  # another C library does not know the question
        return NOT_READABLE


def list_allocator_variables(environment: Mapping[str, str] = os.environ) -> str:
    """List the variables that change how memory is handed out; of a path only the file's name."""
    found = (
        f"{name}={re.sub(r'[^ :=]*/', '', value)}"
        for name, value in sorted(environment.items())
        if ALLOCATOR_VARIABLES.fullmatch(name)
    )
    return " ".join(found) or "none set"


def list_libjpeg() -> dict[str, str]:
    """Name the libjpeg inside each decoder. Loads Pillow and OpenCV, to ask them."""
    return {name: _ask(question) for name, question in _QUESTIONS.items()}


def _ask(question: Callable[[], str]) -> str:
    try:
        return question()
    except ImportError:
        return "not installed"


def _ask_pillow() -> str:
    features = import_module("PIL.features")
    turbo = features.version_feature("libjpeg_turbo")
    return f"libjpeg-turbo {turbo}" if turbo else f"libjpeg {features.version_codec('jpg')}"


def _ask_opencv() -> str:
    told = re.search(r"^\s*JPEG:\s*(.+)$", import_module("cv2").getBuildInformation(), re.MULTILINE)
    if told is None:
        return NOT_TOLD
    turbo = re.search(r"libjpeg-turbo \(ver (\d[\w.]*)", told[1])
    return f"libjpeg-turbo {turbo[1]}" if turbo else told[1].strip()


def _ask_simplejpeg() -> str:
    """It has no attribute for it; the version stands in the compiled module."""
    compiled = import_module("simplejpeg._jpeg").__file__
    return find_libjpeg_turbo(Path(compiled)) if compiled else NOT_TOLD


def find_libjpeg_turbo(binary: Path) -> str:
    """Find the words in which libjpeg-turbo says its version, in a file of compiled code."""
    found = _LIBJPEG_TURBO.search(binary.read_bytes())
    return f"libjpeg-turbo {found[1].decode('ascii')}" if found else NOT_TOLD


_QUESTIONS = {"pillow": _ask_pillow, "opencv": _ask_opencv, "simplejpeg": _ask_simplejpeg}
