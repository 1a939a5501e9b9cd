"""nvImageCodec: JPEG decoded on the graphics card, by its own JPEG engine where it has one.

The pixels come back to the host, as every decoder's do: the copy belongs to the time of decoding.
They are not libjpeg's: the card computes the transform and the colours its own way.
"""

from __future__ import annotations

import ctypes
import os
import threading
from functools import cache
from typing import Any

import numpy as np

from feedrate.decoders import require_jpeg
from feedrate.optional import load, missing
from feedrate.sample import Image

nvimgcodec = load("nvidia.nvimgcodec")

LIBRARY = "nvimgcodec"
"""Whose code decodes; the exercise gate counts the calls into it."""

EXACT = False
"""Its pixels differ from libjpeg's, if by little."""

BACKENDS = ("HW_GPU_ONLY", "GPU_ONLY", "HYBRID_CPU_GPU")
"""In the order they are tried. Without ``CPU_ONLY``: that would be libjpeg-turbo, unasked for."""


def unavailable() -> str | None:
    """Say why it cannot be used here, None where it can."""
    absent = missing(nvimgcodec, "nvidia-nvimgcodec-cu12", "gpu")
    if absent or count_devices():
        return absent
    return "no CUDA device: the driver is not installed here, or shows none to this process"


def decode(data: bytes, at_least: int | None = None) -> Image:
    """Decode JPEG at full size; see `feedrate.decoders.Decode`. PNG raises ValueError.

    Raises:
        RuntimeError: It cannot be used here; see `unavailable`.
    """
    require_jpeg(data, LIBRARY)
    decoder, params = _open_decoder(os.getpid(), threading.get_ident())
    try:
        image = decoder.decode(nvimgcodec.CodeStream(data), params=params)
    except RuntimeError as error:
        raise ValueError(f"nvimgcodec cannot decode this JPEG: {error}") from error
    if image is None:  # its way of saying so; its reason stands on stderr
        raise ValueError("nvimgcodec cannot decode this JPEG: decode returned nothing")
    return np.asarray(image.cpu())


def count_devices() -> int:
    """Ask the CUDA driver how many devices this process may use; 0 without a driver.

    The driver itself is asked, for the installed torch may be one without CUDA.
    """
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return 0
    count = ctypes.c_int(0)
    failed = driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count))
    return 0 if failed else count.value


@cache
def _open_decoder(process: int, thread: int) -> tuple[Any, Any]:
    """Open a decoder for one thread: it must not be shared, and none survives a fork."""
    reason = unavailable()
    if reason:
        raise RuntimeError(reason)
    kinds = (getattr(nvimgcodec.BackendKind, name) for name in BACKENDS)
    decoder = nvimgcodec.Decoder(
        device_id=0,
        max_num_cpu_threads=1,  # one thread, as all decoders here
        backends=[nvimgcodec.Backend(kind) for kind in kinds],
        options=":fancy_upsampling=1",  # as libjpeg does
    )
    params = nvimgcodec.DecodeParams(
        apply_exif_orientation=False, color_spec=nvimgcodec.ColorSpec.SRGB
    )
    return decoder, params
