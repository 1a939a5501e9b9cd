"""Control groups: the folders that limit this process, of either version.

Sources: cgroups(7), proc_pid_cgroup(5).
"""

from __future__ import annotations

from pathlib import Path

from feedrate.machine.reading import ROOT, read

CGROUPS = Path("sys/fs/cgroup")


def own_groups(controller: str, root: Path = ROOT) -> list[Path]:
    """List the folders whose limits hold for this process, its own group first, then its parents.

    Inside a container the group's path may be the host's, which is not visible: then only the
    top folder is there, and it is the container's own.

    Args:
        controller: ``cpu``, ``cpuset`` or ``memory``.
        root: Where ``proc`` and ``sys`` lie.
    """
    found = []
    for line in (read(root / "proc/self/cgroup") or "").splitlines():
        _, names, group = line.split(":", 2)
        if names and controller not in names.split(","):
            continue
        for top in _tops(names, controller, root):
            path = Path(group.lstrip("/"))
            found += [top / part for part in (path, *path.parents) if (top / part).is_dir()]
    return list(dict.fromkeys(found))


def memory_limit_bytes(root: Path = ROOT) -> int | None:
    """Return the smallest memory limit of this process's cgroups, None for no limit."""
    limits = []
    for group in own_groups("memory", root):
        for name in ("memory.max", "memory.limit_in_bytes"):
            text = read(group / name)
            if text and text.isdecimal() and int(text) < 1 << 60:  # v1 writes no limit as 2^63
                limits.append(int(text))
    return min(limits, default=None)


def _tops(names: str, controller: str, root: Path) -> list[Path]:
    """Where a hierarchy is mounted: v2 has no name, v1 has a folder a controller."""
    top = root / CGROUPS
    return [top / names, top / controller] if names else [top, top / "unified"]
