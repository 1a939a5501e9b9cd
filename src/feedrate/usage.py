"""What a process tree has used: CPU time, page faults, switches, bytes read, memory, threads."""

from __future__ import annotations

import os
import resource
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  looked at, never written to


def own_usage() -> dict[str, float]:
    """Return what this process has used since it started, and its children that have ended.

    Workers that do not outlive an epoch are among them. The bytes of those the kernel adds itself.
    """
    sides = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    io = psutil.Process().io_counters()
    return {
        "cpu_user_s": sum(usage.ru_utime for usage in sides),
        "cpu_system_s": sum(usage.ru_stime for usage in sides),
        "minor_faults": sum(usage.ru_minflt for usage in sides),
        "major_faults": sum(usage.ru_majflt for usage in sides),
        "voluntary": sum(usage.ru_nvcsw for usage in sides),
        "involuntary": sum(usage.ru_nivcsw for usage in sides),
        "read_chars": io.read_chars,
        "storage_read_bytes": io.read_bytes,
    }


def tree_usage(before: Mapping[str, float]) -> dict[str, Any]:
    """Return what this process used since `before`, and its living children altogether.

    ``read_chars`` counts bytes asked of files and pipes, whoever held them; of these
    ``storage_read_bytes`` really came from a device. ``switches`` are context switches, asked
    for (a process waits) or not (another one wants the core).
    """
    total = {key: value - before[key] for key, value in own_usage().items()}
    for child in psutil.Process().children(recursive=True):
        for key, value in _usage_of(child).items():
            total[key] += value
    reads = {key: int(total.pop(key)) for key in ("read_chars", "storage_read_bytes")}
    switches = {key: int(total.pop(key)) for key in ("voluntary", "involuntary")}
    return {**total, "os": reads, "switches": switches}


def tree_memory() -> list[dict[str, Any]]:
    """Return the memory of every process of the tree, this one first.

    ``pss_bytes`` counts a page shared by n processes as 1/n, so that a sum counts it once;
    ``uss_bytes`` are a process's own. Reading takes milliseconds: never inside a timed window.
    """
    own = psutil.Process()
    return [
        _memory_of(own, "main"),
        *(_memory_of(child, "worker") for child in own.children(recursive=True)),
    ]


def memory_total(processes: list[dict[str, Any]]) -> dict[str, int]:
    """Sum up `tree_memory`, with what lies in shared memory files on the machine."""
    shared = os.statvfs(SHARED_MEMORY) if SHARED_MEMORY.is_dir() else None
    return {
        "pss_bytes": sum(each["pss_bytes"] for each in processes),
        "uss_bytes": sum(each["uss_bytes"] for each in processes),
        "shm_bytes": (shared.f_blocks - shared.f_bfree) * shared.f_frsize if shared else 0,
        "processes": len(processes),
    }


def worker_process_threads() -> int:
    """Return the most threads that the operating system counts in any child; 0 without one."""
    return max((child.num_threads() for child in psutil.Process().children()), default=0)


def _usage_of(child: psutil.Process) -> dict[str, float]:
    times, io, switches = child.cpu_times(), child.io_counters(), child.num_ctx_switches()
    # proc(5): minflt, cminflt, majflt, cmajflt are the 10th to 13th field, counted behind the name;
    # those with a c are of its own children that have ended, as of a server that forks workers.
    fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
    return {
        "cpu_user_s": times.user + times.children_user,
        "cpu_system_s": times.system + times.children_system,
        "minor_faults": int(fields[7]) + int(fields[8]),
        "major_faults": int(fields[9]) + int(fields[10]),
        "voluntary": switches.voluntary,
        "involuntary": switches.involuntary,
        "read_chars": io.read_chars,
        "storage_read_bytes": io.read_bytes,
    }


def _memory_of(process: psutil.Process, role: str) -> dict[str, Any]:
    info = process.memory_full_info()
    return {"role": role, "pid": process.pid, "pss_bytes": info.pss, "uss_bytes": info.uss}
