"""Which library a decoder runs, in which version, and which libjpeg is in it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import psutil

from feedrate.machine.software import NOT_TOLD, find_libjpeg_turbo, list_libjpeg
from feedrate.witness import ENTRY_POINTS

UNKNOWN = "unknown: its binary does not say"
NOT_LIBJPEG = {"nvimgcodec": "none: nvJPEG decodes, on the graphics card"}
SYSTEM_LIBRARY = "libturbojpeg"
"""What PyTurboJPEG loads: a file of the system's, so that is asked, once it is mapped."""


def version_of(library: str) -> str:
    """Return the version that a library's module says of itself; it must be installed."""
    if library not in ENTRY_POINTS:
        return "unknown: no library of ours"
    module = import_module(ENTRY_POINTS[library][0][0])
    return str(getattr(module, "__version__", "unknown: its module does not say"))


def libjpeg_of(library: str) -> str:
    """Name the libjpeg that decodes inside a library; it must have decoded in this process."""
    if library in NOT_LIBJPEG:
        return NOT_LIBJPEG[library]
    told = _mapped_libjpeg() if library == "turbojpeg" else list_libjpeg().get(library, NOT_TOLD)
    return UNKNOWN if told == NOT_TOLD else told


def _mapped_libjpeg() -> str:
    list_maps = getattr(psutil.Process(), "memory_maps", list)  # not every system tells
    paths = (Path(each.path) for each in list_maps())
    mapped = next((path for path in paths if path.name.startswith(SYSTEM_LIBRARY)), None)
    return find_libjpeg_turbo(mapped) if mapped else NOT_TOLD
