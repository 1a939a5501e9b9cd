"""Cores: how many this process may really use, and what cuts them down.

Sources: sched_setaffinity(2); cpu.max and cpuset.cpus.effective of cgroup v2, cpu.cfs_quota_us of
v1 (the kernel's admin-guide/cgroup-v2.rst and scheduler/sched-bwc.rst).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from feedrate.machine.cgroups import own_groups
from feedrate.machine.reading import ROOT, count_listed, read, told

CPU = Path("sys/devices/system/cpu")


def usable_cores(root: Path = ROOT) -> int:
    """Count the cores this process may use: affinity, cut down by a cgroup quota where set."""
    cores = len(os.sched_getaffinity(0))
    quota = quota_cores(root)
    return cores if quota is None else min(cores, max(1, int(quota)))


def quota_cores(root: Path = ROOT) -> float | None:
    """Return the smallest CPU quota of this process's cgroups in cores, None for no quota."""
    quotas = []
    for group in own_groups("cpu", root):
        limit, period = _quota_of(group)
        if limit is not None and period and limit.isdecimal():  # neither "max" nor -1
            quotas.append(int(limit) / int(period))
    return min(quotas, default=None)


def count_cores(root: Path = ROOT) -> dict[str, Any]:
    """Count the cores by what limits them; threads a core and NUMA nodes beside them."""
    quota = quota_cores(root)
    sets = (read(group / "cpuset.cpus.effective") for group in own_groups("cpuset", root))
    old_sets = (read(group / "cpuset.effective_cpus") for group in own_groups("cpuset", root))
    siblings = read(root / CPU / "cpu0/topology/thread_siblings_list")
    return {
        "online": os.cpu_count(),
        "affinity": len(os.sched_getaffinity(0)),
        "quota": "none" if quota is None else quota,
        "cpuset": told(next(filter(None, (*sets, *old_sets)), None)),
        "threads_per_core": count_listed(siblings) or told(None),
        "numa_nodes": count_listed(read(root / "sys/devices/system/node/online")) or told(None),
    }


def _quota_of(group: Path) -> tuple[str | None, str | None]:
    """Return limit and period, both in microseconds, as cgroup v2 or v1 tells them."""
    limit, _, period = (read(group / "cpu.max") or "").partition(" ")
    if limit:
        return limit, period
    return read(group / "cpu.cfs_quota_us"), read(group / "cpu.cfs_period_us")
