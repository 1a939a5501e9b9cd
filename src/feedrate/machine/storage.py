"""Storage: which file system, with which options, on which device a path lies.

The kernel is asked for the mount of an open file (``mnt_id``), so links, bind mounts and a mount
over a mount are no guesswork. Sources: proc_pid_mountinfo(5), proc_pid_fdinfo(5), and the
kernel's ABI/stable/sysfs-block.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feedrate.machine.reading import NOT_READABLE, ROOT, field, read, told

MEMORY_FILE_SYSTEMS = frozenset({"tmpfs", "ramfs", "devtmpfs", "hugetlbfs"})
"""What lies there is in memory and nowhere else."""

OPTIONS = re.compile(
    r"(ro|rw|noatime|relatime|strictatime|nodiratime|lazytime|sync|dirsync|discard|dax|commit|data"
    r"|(no)?barrier|compress(-force)?|nodatacow|[rw]size|vers|nconnect|noac|actimeo|cache|fsc)(=.*)?"
)
"""Mount options that move a figure. The others may name hosts and folders, which concern nobody."""


@dataclass(frozen=True)
class Mount:
    """One line of ``mountinfo``: number of the device, type, options that matter, source."""

    device: str
    file_system: str
    options: str
    source: str


def file_system_of(path: Path) -> str:
    """Return the type of the file system a path lies on, as ``ext4``, or 'not readable'."""
    mount = _mount_of(path, ROOT)
    return mount.file_system if mount else NOT_READABLE


def describe_storage(path: Path, root: Path = ROOT) -> dict[str, Any]:
    """Describe file system and device of a path; the path need not be readable to us.

    ``rotational`` and the rest are the kernel's word: a virtual disk says what its host chose.
    """
    mount = _mount_of(path, root)
    if mount is None:
        return {"file_system": NOT_READABLE}
    device = _disk_of(mount, root)
    facts = {"file_system": mount.file_system, "options": mount.options}
    if device is None:
        return facts | {"device": "none that the kernel tells"}
    queue = device / "queue"
    rotational = {"0": "no", "1": "yes"}.get(read(queue / "rotational") or "", NOT_READABLE)
    return facts | {
        "device": device.name,
        "rotational": rotational,
        "read_ahead_kib": told(read(queue / "read_ahead_kb")),
        "scheduler": _chosen(read(queue / "scheduler")),
    }


def read_mounts(text: str) -> dict[int, Mount]:
    """Read the lines of ``mountinfo`` by their mount's number."""
    mounts = {}
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        number, _, device, _, _, options = left.split()[:6]
        file_system, source, *more = right.split()
        named = [option for part in (options, *more) for option in part.split(",")]
        kept = [option for option in named if OPTIONS.fullmatch(option)]
        mounts[int(number)] = Mount(device, file_system, ",".join(dict.fromkeys(kept)), source)
    return mounts


def _mount_of(path: Path, root: Path) -> Mount | None:
    try:
        descriptor = os.open(path, os.O_PATH)
    except OSError:
        return None
    try:
        number = field(read(Path(f"/proc/self/fdinfo/{descriptor}")), "mnt_id")
    finally:
        os.close(descriptor)
    mounts = read_mounts(read(root / "proc/self/mountinfo") or "")
    return mounts.get(int(number)) if number else None


def _disk_of(mount: Mount, root: Path) -> Path | None:
    """Find the disk's folder below ``/sys``; a partition's is inside its disk's."""
    by_number = root / "sys/dev/block" / mount.device
    by_name = root / "sys/class/block" / Path(mount.source).resolve().name
    for link in (by_number, by_name):
        if link.exists() and (link is by_number or mount.source.startswith("/dev/")):
            folder = link.resolve()
            return folder.parent if (folder / "partition").exists() else folder
    return None


def _chosen(text: str | None) -> str:
    """Return the choice in brackets, as in ``none [mq-deadline] bfq``."""
    return told((text or "").partition("[")[2].partition("]")[0] or text)
