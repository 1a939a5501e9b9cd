"""What machine this is: the stable facts that make two measurements comparable."""

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
    """Describe the machine and the libraries; `machine_id` hashes exactly these facts."""
    facts: dict[str, Any] = {
        "cpu": _cpu_model(),
        "cores": usable_cores(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "kernel": ".".join(platform.release().split(".")[:2]),
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in LIBRARIES},
    }
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    return {"machine_id": digest[:12], **facts}


def machine_id() -> str:
    """Return the hash of the machine's stable facts: a ``param`` of every rule that measures."""
    return str(fingerprint()["machine_id"])


def usable_cores() -> int:
    """Count the cores this process may use: affinity, cut down by a cgroup quota where set."""
    cores = len(os.sched_getaffinity(0))
    quota = Path("/sys/fs/cgroup/cpu.max")
    if quota.is_file():
        limit, period = quota.read_text(encoding="ascii").split()
        if limit != "max":
            cores = min(cores, max(1, int(limit) // int(period)))
    return cores


def load_average() -> float:
    """Return the load of the last minute."""
    return os.getloadavg()[0]


def stolen_s() -> float:
    """Return the seconds that a hypervisor has taken from all cores since boot."""
    return float(getattr(psutil.cpu_times(), "steal", 0.0))


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
