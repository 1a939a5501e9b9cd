"""Archives: unpack what somebody else made, inside one folder and never more than allowed.

Every member is looked at and written here, as a new plain file: ``tarfile`` and ``zipfile`` never
extract, so no link is followed, no mode or owner is taken over, and no filter of theirs is needed.
One member that is refused refuses the archive: a dataset that needs a link or a device is none.

Represents: the content of an archive, on its way to the disk. Layer: 2.
"""

from __future__ import annotations

import errno
import lzma
import re
import shutil
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from feedrate.archives.members import ArchiveError, Member, list_members, shown

__all__ = ["MAX_UNPACKED_BYTES", "ArchiveError", "member_path", "unpack"]

MAX_UNPACKED_BYTES = 200_000_000_000
"""More is taken for an archive bomb; the largest public set we list has 41 GB."""

MAX_MEMBERS = 5_000_000
"""The largest public set we list has 858,750 images."""

BLOCK_BYTES = 1 << 20
LONGEST_NAME_BYTES = 255
"""Of a file or folder, on the file systems in use."""

Tell = Callable[[int], None]
"""Called with the number of files written so far."""

DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    OverflowError,
    ValueError,
)


def unpack(
    archive: Path,
    folder: Path,
    plain_name: str,
    max_unpacked_bytes: int = MAX_UNPACKED_BYTES,
    tell: Tell | None = None,
) -> int:
    """Write what an archive holds into a folder; of which kind it is is told by its content.

    A zip file (stored or deflated) or a tar file (plain, gzip, bzip2, xz) is unpacked, any other
    file is placed as it is. After an error the folder holds a part: give a temporary one.

    Args:
        archive: The file.
        folder: An existing, empty folder.
        plain_name: What a file that is no archive is called in the folder.
        max_unpacked_bytes: More is refused, as is more than the disk has free.
        tell: Progress, in files written.

    Returns:
        The number of files written.

    Raises:
        ArchiveError: It is damaged, empty or too large, or one of its members is refused.
        OSError: The folder cannot be written.
    """
    try:
        return _write_members(archive, folder, plain_name, max_unpacked_bytes, tell)
    except ArchiveError as error:
        raise ArchiveError(f"{archive}: not unpacked: {error}") from None
    except (*DAMAGED, OSError) as error:
        if isinstance(error, OSError) and error.errno not in {None, errno.EINVAL}:
            raise  # of the disk; a broken stream has no number, a place it cannot have is EINVAL
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ArchiveError(f"{archive}: not unpacked: a damaged archive: {reason}") from None


def member_path(name: str) -> str:
    """Return the path inside the folder that a member's name means, "" for the folder itself.

    Raises:
        ArchiveError: It would leave the folder, or is no name for a file on every system.
    """
    parts = name.split("/")
    fault = None
    if name.startswith("/"):
        fault = "an absolute path"
    elif re.match(r"[A-Za-z]:", name):
        fault = "a path on a drive"
    elif "\\" in name:
        fault = "a path with a backslash"
    elif ".." in parts:
        fault = "a path with '..'"
    elif {"Cc", "Cs"} & {unicodedata.category(character) for character in name}:
        fault = "a name with control characters or not in UTF-8"
    elif max(len(part.encode()) for part in parts) > LONGEST_NAME_BYTES:
        fault = f"a name of more than {LONGEST_NAME_BYTES} bytes"
    if fault:
        raise ArchiveError(f"{shown(name)}: {fault} is refused")
    return "/".join(part for part in parts if part not in {"", "."})


@dataclass
class _Allowance:
    """How many bytes may still be written."""

    left: int
    limit: str

    def take(self, count: int, name: str) -> None:
        self.left -= count
        if self.left < 0:
            raise ArchiveError(f"{shown(name)}: it unpacks to more than {self.limit}")


def _write_members(
    archive: Path, folder: Path, plain_name: str, max_unpacked_bytes: int, tell: Tell | None
) -> int:
    free = shutil.disk_usage(folder).free
    allowance = _Allowance(max_unpacked_bytes, f"{max_unpacked_bytes:,} bytes, the limit")
    if free < max_unpacked_bytes:
        allowance = _Allowance(free, f"the {free:,} bytes that the disk has free")
    done = 0
    for count, member in enumerate(list_members(archive, plain_name), start=1):
        if count > MAX_MEMBERS:
            raise ArchiveError(f"it has more than {MAX_MEMBERS:,} members")
        done += _write(member, folder, allowance)
        if tell:
            tell(done)
    if not done:
        raise ArchiveError("it holds no file")
    return done


def _write(member: Member, folder: Path, allowance: _Allowance) -> bool:
    """Write a member; tell whether it was a file."""
    target = folder / member_path(member.name)
    try:
        if member.open is None:
            target.mkdir(parents=True, exist_ok=True)
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        # "x" never replaces a file, also where the file system takes A.jpg for a.jpg.
        with target.open("xb") as sink, member.open() as source:
            _copy(member, source, sink, allowance)
    except (FileExistsError, NotADirectoryError):
        raise ArchiveError(f"{shown(member.name)}: it clashes with an earlier member") from None
    return True


def _copy(member: Member, source: IO[bytes], sink: IO[bytes], allowance: _Allowance) -> None:
    if member.size > allowance.left:  # told before the disk is filled
        allowance.take(member.size, member.name)
    written = 0
    while block := source.read(BLOCK_BYTES):
        written += len(block)
        allowance.take(len(block), member.name)
        sink.write(block)
    if written != member.size:
        stated = f"{written:,} bytes where its header says {member.size:,}"
        raise ArchiveError(f"{shown(member.name)}: it has {stated}")
