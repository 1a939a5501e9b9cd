"""What stands around the process: container, hypervisor, memory and its keeper, a GPU."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from feedrate.machine.cgroups import memory_limit_bytes
from feedrate.machine.reading import NOT_READABLE, ROOT, field, read, told

CONTAINER_FILES = {
    ".dockerenv": "docker",
    "run/.containerenv": "podman",
    "var/run/secrets/kubernetes.io": "kubernetes",
    ".singularity.d": "apptainer",
    "dev/lxd/sock": "lxc",
}
CONTAINER_VARIABLES = {
    "KUBERNETES_SERVICE_HOST": "kubernetes",
    "APPTAINER_CONTAINER": "apptainer",
    "SINGULARITY_CONTAINER": "apptainer",
}
CONTAINER_GROUPS = {
    "docker": "docker",
    "libpod": "podman",
    "kubepods": "kubernetes",
    "lxc": "lxc",
}
"""Words in the control group's path, and what put them there."""


def find_container(root: Path = ROOT, environment: Mapping[str, str] = os.environ) -> str:
    """Name the containers whose signs are seen, each with its sign, or 'none seen'.

    A sign is no proof: an image turned into a virtual machine still has Docker's file.
    """
    signs = [
        *((name, f"/{sign}") for sign, name in CONTAINER_FILES.items() if (root / sign).exists()),
        *((name, sign) for sign, name in CONTAINER_VARIABLES.items() if sign in environment),
        *_named_by_manager(root, environment),
    ]
    groups = read(root / "proc/self/cgroup") or ""
    signs += [(name, "cgroup") for word, name in CONTAINER_GROUPS.items() if word in groups]
    return ", ".join(f"{name} ({sign})" for name, sign in dict(signs).items()) or "none seen"


def find_hypervisor(root: Path = ROOT) -> str:
    """Say whether a hypervisor runs this machine, and the vendor and product it gives."""
    names = (read(root / "sys/class/dmi/id" / key) for key in ("sys_vendor", "product_name"))
    board = " ".join(filter(None, names))
    kind = read(root / "sys/hypervisor/type")
    flags = field(read(root / "proc/cpuinfo"), "flags")
    if kind or (flags and "hypervisor" in flags.split()):
        return f"virtual machine ({kind or board or 'vendor not told'})"
    return f"no sign of one ({board or 'vendor not told'})" if flags else NOT_READABLE


def describe_memory(root: Path = ROOT) -> dict[str, Any]:
    """Return size and limit in GiB, and who hands out huge pages and takes idle pages back."""
    limit = memory_limit_bytes(root)
    huge = read(root / "sys/kernel/mm/transparent_hugepage/enabled")
    return {
        "total_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "limit_gib": "none" if limit is None else round(limit / 2**30, 1),
        "swap_gib": round(psutil.swap_memory().total / 2**30, 1),
        "huge_pages": told(next(iter(re.findall(r"\[(\w+)\]", huge or "")), None)),
        "idle_page_reclaim": _reclaim(root),
    }


def find_gpu(root: Path = ROOT) -> str:
    """Name the NVIDIA devices and their driver, without loading a library; 'none seen' else."""
    cards = sorted((root / "proc/driver/nvidia/gpus").glob("*/information"))
    models = [told(field(read(card), "Model")) for card in cards]
    version = re.search(r"\d{3}\.[\d.]+", read(root / "proc/driver/nvidia/version") or "")
    driver = version.group() if version else NOT_READABLE
    return f"{', '.join(models)}; driver {driver}" if models else "none seen"


def _named_by_manager(root: Path, environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """What started the container may say so: to systemd, or to its first process."""
    named = [(read(root / "run/systemd/container"), "/run/systemd/container")]
    named.append((environment.get("container"), "environment"))
    return [(name, sign) for name, sign in named if name]


def _reclaim(root: Path) -> str:
    """Whether DAMON evicts pages that nobody has used for a while, warm files among them."""
    threads = (root / "sys/kernel/mm/damon/admin/kdamonds").glob("*/state")
    states = [read(path) for path in threads]
    states.append(read(root / "sys/module/damon_reclaim/parameters/enabled"))
    if any(state in {"on", "Y"} for state in states):
        return "on"
    return "off" if any(states) else NOT_READABLE
