"""The machine's identity: the stable facts, hashed. Records of two identities are never merged."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from feedrate.machine.cores import usable_cores

LIBRARIES = (
    "torch",
    "numpy",
    "numba",
    "pyclipper",
    "pillow",
    "opencv-python-headless",
    "simplejpeg",
    "albumentations",
)
"""Libraries whose version can move a figure."""


@functools.cache
def fingerprint() -> dict[str, Any]:
    """Describe the machine and the libraries; `machine_id` hashes exactly these facts.

    A job of Slurm has the name of its node among them: two nodes of one make are two machines.
    Elsewhere a name is no fact, for a machine may be called anew.
    """
    facts: dict[str, Any] = {
        "cpu": _cpu_model(),
        "cores": usable_cores(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "kernel": ".".join(platform.release().split(".")[:2]),
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in LIBRARIES},
        **({"node": node} if (node := os.environ.get("SLURMD_NODENAME")) else {}),
    }
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    return {"machine_id": digest[:12], **facts}


def machine_id() -> str:
    """Return the hash of the machine's stable facts: a ``param`` of every rule that measures."""
    return str(fingerprint()["machine_id"])


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
