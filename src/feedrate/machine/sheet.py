"""The machine's sheet: everything a reader of a figure may want to know about where it was made.

Represents: descriptive facts. None of them is part of `machine_id`.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from feedrate.machine.cores import count_cores
from feedrate.machine.identity import fingerprint
from feedrate.machine.processor import list_caches, list_flags, read_frequency
from feedrate.machine.software import (
    list_allocator_variables,
    list_libjpeg,
    list_versions,
    name_libc,
)
from feedrate.machine.storage import describe_storage
from feedrate.machine.surroundings import (
    describe_memory,
    find_container,
    find_gpu,
    find_hypervisor,
)

NO_PATHS: Mapping[str, Path] = MappingProxyType({})


def describe(paths: Mapping[str, Path] = NO_PATHS) -> dict[str, Any]:
    """Describe the machine in full: the fingerprint, and what does not go into its hash.

    Loads Pillow and OpenCV to ask which libjpeg is in them; not for the Snakemake process.

    Args:
        paths: Folders or files whose storage is to be described, by a word for each: the facts
            of ``images`` are found as ``storage_images``.

    Returns:
        Plain data for JSON: short texts and numbers, and dictionaries of such.
    """
    return {
        **fingerprint(),
        "cpu_flags": list_flags(),
        "caches": list_caches(),
        "core_counts": count_cores(),
        "frequency": read_frequency(),
        "memory": describe_memory(),
        **{f"storage_{name}": describe_storage(path) for name, path in paths.items()},
        "kernel_release": platform.release(),
        "container": find_container(),
        "hypervisor": find_hypervisor(),
        "gpu": find_gpu(),
        "libc": name_libc(),
        "allocator_variables": list_allocator_variables(),
        "libjpeg": list_libjpeg(),
        "all_versions": list_versions(),
    }
