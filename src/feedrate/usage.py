"""What a process tree has used: CPU time, page faults, bytes read, memory."""

from __future__ import annotations

import resource
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil


def own_usage() -> dict[str, float]:
    """Return this process's CPU seconds, page faults and bytes read since it started."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    io = psutil.Process().io_counters()
    return {
        "cpu_user_s": usage.ru_utime,
        "cpu_system_s": usage.ru_stime,
        "minor_faults": usage.ru_minflt,
        "major_faults": usage.ru_majflt,
        "read_chars": io.read_chars,
        "storage_read_bytes": io.read_bytes,
    }


def tree_usage(before: Mapping[str, float]) -> dict[str, Any]:
    """Return what this process used since `before`, and its living children altogether.

    ``read_chars`` counts bytes asked of files and pipes, whoever held them; of these
    ``storage_read_bytes`` really came from a device.
    """
    total = {key: value - before[key] for key, value in own_usage().items()}
    for child in psutil.Process().children(recursive=True):
        times, io = child.cpu_times(), child.io_counters()
        faults = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
        total["cpu_user_s"] += times.user
        total["cpu_system_s"] += times.system
        total["minor_faults"] += int(faults[7])
        total["major_faults"] += int(faults[9])
        total["read_chars"] += io.read_chars
        total["storage_read_bytes"] += io.read_bytes
    reads = {key: int(total.pop(key)) for key in ("read_chars", "storage_read_bytes")}
    return {**total, "os": reads}


def tree_memory() -> dict[str, int]:
    """Return the process tree's memory: shared pages counted once (PSS), private (USS)."""
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    full = [process.memory_full_info() for process in processes]
    return {
        "pss_bytes": sum(info.pss for info in full),
        "uss_bytes": sum(info.uss for info in full),
        "processes": len(processes),
    }
