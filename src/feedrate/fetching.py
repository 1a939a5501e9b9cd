"""Fetch a dataset: download one file, check it, unpack it; a folder appears whole or not at all.

The downloaded file is kept, beside the folder unless told otherwise: a second call, or another
dataset in the same file, downloads nothing. Which public sets there are: ``config/datasets.yaml``.

Represents: a dataset on its way from its publisher. Layer: 2.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from feedrate.archives import MAX_UNPACKED_BYTES, ArchiveError, member_path, unpack
from feedrate.downloads import FetchError, Wait, download
from feedrate.files import atomic_folder
from feedrate.progress import Progress

SCHEMES = ("http", "https")
SHA256 = re.compile(r"[0-9a-f]{64}")
KEPT = "kept-archives"
"""A folder's name; that of a dataset has no hyphen."""

RECEIPT = ".fetched"
"""The file in a fetched folder that holds the SHA-256 of what it was unpacked from."""


@dataclass(frozen=True)
class Source:
    """Where a dataset comes from.

    Attributes:
        name: The dataset's name, for messages.
        url: Of one file: an archive, or a file that is placed as it is.
        sha256: Of that file, 64 hexadecimal digits.
    """

    name: str
    url: str
    sha256: str

    def __post_init__(self) -> None:
        """Refuse what cannot be fetched.

        Raises:
            FetchError: One line: the key, the value, what would be right.
        """
        parts = urlsplit(self.url)
        if parts.scheme not in SCHEMES or not parts.hostname:
            raise FetchError(
                f"{self.name}: url {self.url!r} is refused; give an http or https address, and "
                "for files that you have `images` and `annotations` without `url`"
            )
        if not SHA256.fullmatch(self.sha256.lower()):
            raise FetchError(
                f"{self.name}: sha256 {self.sha256!r} is not 64 hexadecimal digits; "
                "`sha256sum FILE` prints them for a file that you trust"
            )

    @property
    def digest(self) -> str:
        """The hash in lower case."""
        return self.sha256.lower()

    @property
    def file_name(self) -> str:
        """The last part of the address's path, if it can be a file's name."""
        try:
            name = member_path(unquote(urlsplit(self.url).path).rsplit("/", 1)[-1])
        except ArchiveError:
            name = ""
        return name or "download"


def fetch(
    source: Source,
    folder: Path,
    *,
    archives: Path | None = None,
    wait: Wait = time.sleep,
    max_unpacked_bytes: int = MAX_UNPACKED_BYTES,
) -> Path:
    """Make a folder of what an address holds, unless it is there already.

    Args:
        source: The address, and the hash of what it must give.
        folder: Where the content goes; it appears when all is in it.
        archives: Where downloaded files are kept; if None, `KEPT` beside the folder.
        wait: Called with the seconds to wait between attempts.
        max_unpacked_bytes: Larger archives are refused.

    Returns:
        Where the downloaded file is kept; it may be removed, a later call needs it no more.

    Raises:
        FetchError: It cannot be downloaded, is not the file that was asked for, or the folder
            holds something else.
        ArchiveError: It is not unpacked; nothing is left but the downloaded file.
        OSError: The disk is full, or cannot be written.
    """
    archives = archives or folder.parent / KEPT
    archive = archives / f"{source.digest[:16]}-{source.file_name}"
    if _receipt(folder) == source.digest:
        return archive
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FetchError(
            f"{source.name}: {folder} exists and was not fetched from this file; "
            "remove it, or name another folder"
        )
    download(source.name, source.url, source.digest, archive, wait)
    with atomic_folder(folder) as unfinished:
        progress = Progress(f"unpack {source.name}", "files", 0)
        unpack(archive, unfinished, source.file_name, max_unpacked_bytes, progress)
        _write_receipt(unfinished, source)
    return archive


def _receipt(folder: Path) -> str | None:
    path = folder / RECEIPT
    return path.read_text(encoding="utf-8").strip() if path.is_file() else None


def _write_receipt(folder: Path, source: Source) -> None:
    path = folder / RECEIPT
    if path.exists():
        raise ArchiveError(f"{source.name}: the archive holds a file {RECEIPT!r}, a name of ours")
    path.write_text(f"{source.digest}\n", encoding="utf-8")
