"""What an archive holds, told by its content: one member after the other, nothing written yet.

Represents: a member of an archive. Layer: 2.
"""

from __future__ import annotations

import bz2
import functools
import gzip
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

LONGEST_HEADER_BYTES = 1 << 24
LONGEST_SHOWN = 200
"""Characters of a member's name that a message shows."""

ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
ZIP_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""The others give out at once all that a block of input holds: a bomb against memory."""

DECOMPRESSORS: dict[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
"""First bytes of a compressed file, and what reads it."""

FOREIGN = {b"7z\xbc\xaf'\x1c": "7z", b"Rar!\x1a\x07": "rar", b"\x28\xb5\x2f\xfd": "zstd"}

TAR_KINDS = {
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.LNKTYPE: "a hard link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a fifo",
}

Open = Callable[[], IO[bytes]]


class ArchiveError(ValueError):
    """An archive that is not unpacked: the message names it, the member and the reason."""


@dataclass(frozen=True)
class Member:
    """One entry of an archive, as its header has it.

    Attributes:
        name: The path, not looked at yet.
        size: Bytes of a file, if the header does not lie.
        open: How its content is read; None for a folder.
    """

    name: str
    size: int
    open: Open | None


def list_members(archive: Path, plain_name: str) -> Iterator[Member]:
    """List what an archive holds; a file that is no archive is its own only member.

    A member's content can be read until the next member is asked for.

    Args:
        archive: A zip file, a tar file (plain, gzip, bzip2, xz), or any other file.
        plain_name: What a file that is no archive is called.

    Raises:
        ArchiveError: It is of a kind that is not read, or a member is neither file nor folder,
            encrypted, or compressed in a way that is not read.
    """
    with archive.open("rb") as stream:
        start = stream.read(tarfile.BLOCKSIZE)
    foreign = next((kind for magic, kind in FOREIGN.items() if start.startswith(magic)), None)
    if foreign:
        raise ArchiveError(f"it is a {foreign} file; only zip and tar are read")
    decompress = next((d for magic, d in DECOMPRESSORS.items() if start.startswith(magic)), None)
    if start.startswith(ZIP_STARTS):
        yield from _zip_members(archive)
    elif decompress is not None:
        with decompress(archive) as inner:
            if not _starts_tar(inner.read(tarfile.BLOCKSIZE)):
                raise ArchiveError("it is compressed, and what it holds is no tar file")
            inner.seek(0)
            yield from _tar_members(inner)
    elif _starts_tar(start):
        with archive.open("rb") as inner:
            yield from _tar_members(inner)
    else:
        yield Member(plain_name, archive.stat().st_size, lambda: archive.open("rb"))


def shown(name: str) -> str:
    """Write a member's name for a message: in ASCII, in quotes, cut where it is very long."""
    return ascii(name) if len(name) <= LONGEST_SHOWN else f"{name[:LONGEST_SHOWN]!a}..."


def _zip_members(archive: Path) -> Iterator[Member]:
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            name = info.orig_filename  # `filename` ends at a NUL, which would hide the rest
            refused = _zip_fault(info)
            if refused:
                raise ArchiveError(f"{shown(name)}: {refused}")
            reader = None if info.is_dir() else functools.partial(opened.open, info)
            yield Member(name, info.file_size, cast(Open | None, reader))


def _zip_fault(info: zipfile.ZipInfo) -> str | None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if stat.S_ISLNK(kind):
        return "a symbolic link is refused"
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return "a device or a fifo is refused"
    if info.flag_bits & 0x1:
        return "it is encrypted"
    if info.compress_type not in ZIP_METHODS:
        return f"compression method {info.compress_type} is not read, only stored and deflated are"
    return None


def _starts_tar(block: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.TarError:
        return False
    return True


def _tar_members(inner: IO[bytes]) -> Iterator[Member]:
    sober = _Sober(inner)
    with tarfile.open(fileobj=cast(IO[bytes], sober), mode="r:") as opened:
        for info in opened:
            if not (info.isreg() or info.isdir()):
                kind = TAR_KINDS.get(info.type, "what is neither a file nor a folder")
                raise ArchiveError(f"{shown(info.name)}: {kind} is refused")
            reader = None if info.isdir() else functools.partial(opened.extractfile, info)
            yield Member(info.name, info.size, cast(Open | None, reader))
            cast(Any, opened).members.clear()  # else the headers of a million stay in memory
        sober.check_end(opened.offset)


class _Sober:
    """A stream that gives no more at once than a sound header needs, and knows a sound end.

    ``tarfile`` reads a long name or a PAX header whole into memory, as long as it claims to be; it
    takes a damaged header for the end, and does not read on to a compressed stream's checksum.
    """

    def __init__(self, inner: IO[bytes]) -> None:
        self.seek = inner.seek
        self.tell = inner.tell
        self._read = inner.read
        self._last = b""

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= LONGEST_HEADER_BYTES:
            raise ArchiveError(f"a header of more than {LONGEST_HEADER_BYTES:,} bytes is refused")
        self._last = self._read(size)
        return self._last

    def check_end(self, offset: int) -> None:
        """Read what follows the last member, of which the first block is read: only zeros.

        Raises:
            ArchiveError: Something else follows, or too much.
        """
        block, passed = self._last, 0
        while block:
            if block.strip(b"\0"):
                raise ArchiveError(f"a damaged archive: no header at byte {offset + passed:,}")
            passed += len(block)
            if passed > LONGEST_HEADER_BYTES:
                raise ArchiveError("its end is followed by too many zeros")
            block = self._read(1 << 20)
