"""PyTurboJPEG: libjpeg-turbo's own interface by ctypes, and the system's copy of the library."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any, cast

from feedrate.decoders import require_jpeg
from feedrate.optional import load, missing
from feedrate.sample import Image

turbojpeg = load("turbojpeg")

LIBRARY = "turbojpeg"
"""Whose code decodes; the exercise gate counts the calls into it."""


def unavailable() -> str | None:
    """Say why it cannot be used here, None where it can: two things must be there, and fit."""
    try:
        open_library()
    except RuntimeError as error:
        return str(error)
    return None


def decode(data: bytes, at_least: int | None = None) -> Image:
    """Decode JPEG at full size; see `feedrate.decoders.Decode`. PNG raises ValueError.

    Raises:
        RuntimeError: It cannot be used here; see `unavailable`.
    """
    require_jpeg(data, LIBRARY)
    library = open_library()
    try:
        return cast(Image, library.decode(data, pixel_format=turbojpeg.TJPF_RGB))
    except OSError as error:
        raise ValueError(f"turbojpeg cannot decode this JPEG: {error}") from error


@cache
def open_library() -> Any:
    """Open the system's library, once a process; what fails is tried again.

    Raises:
        RuntimeError: The package or the library is not there, or one is too old for the other.
    """
    absent = missing(turbojpeg, "PyTurboJPEG")
    if absent:
        raise RuntimeError(absent)
    # What libjpeg mends with a warning, Pillow and OpenCV accept without a word. One filter for
    # good: a filter around each call could not be set by two threads at once.
    warnings.filterwarnings("ignore", module="turbojpeg")
    try:
        return turbojpeg.TurboJPEG()
    except (RuntimeError, OSError, AttributeError) as error:
        raise RuntimeError(_explain(error)) from error


def _explain(error: Exception) -> str:
    """Tell a library that is not there from one that does not fit; PyTurboJPEG only has words."""
    reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
    if "locate" in reason:
        return (
            "system library missing: libturbojpeg; `apt-get install libturbojpeg0` gets it on"
            " Debian and Ubuntu"
        )
    return (
        f"system library too old, or broken: {reason}; `pip install 'PyTurboJPEG<2'` gets one that"
        " is content with libjpeg-turbo 2"
    )
