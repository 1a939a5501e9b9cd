"""Which images a folder holds, by their path inside it; nothing that leads out of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from feedrate.formats import is_plain_name, unsafe_name
from feedrate.sample import Finding

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp", ".gif", ".mpo", ".jp2"}
)
"""What is taken for an image, in any case of letters; which of them can be used is checked."""

SHADOW = "._"
"""What macOS puts beside a file in an archive: its attributes under its name, and no image."""


@dataclass(frozen=True)
class Listing:
    """The images of a folder.

    Attributes:
        root: The folder.
        images: Path inside the folder ("sub/img_1.jpg") to file, sorted by it.
        refused: Names that are not safe, and links that lead out.
    """

    root: Path
    images: dict[str, Path]
    refused: list[Finding]


def list_images(folder: Path) -> Listing:
    """Find the images of a folder and of all below it.

    Raises:
        FileNotFoundError: There is no such folder.
    """
    require_folder(folder, "images")
    images, refused = dict[str, Path](), list[Finding]()
    for name, path in walk(folder):
        if path.name.startswith(SHADOW):
            continue
        if path.is_dir() or path.suffix.lower() in IMAGE_SUFFIXES:
            if path.is_dir() or not is_plain_name(name) or _leads_out(path, folder):
                refused.append(unsafe_name(name, str(folder)))
            elif path.is_file():
                images[name] = path
    return Listing(folder, images, refused)


def list_files(folder: Path, suffix: str) -> dict[str, Path]:
    """Find the files of one suffix, in any case, in a folder and below: path without it to file.

    Raises:
        FileNotFoundError: There is no such folder.
    """
    require_folder(folder, f"{suffix} files of the annotations")
    return {
        name[: -len(suffix)]: path
        for name, path in walk(folder)
        if name.lower().endswith(suffix) and path.is_file() and not _leads_out(path, folder)
    }


def locate(name: str, listing: Listing) -> str | None:
    """Find the image that an annotation names.

    An annotation often names its images from a folder further up than the one that is given: so
    leading folders are dropped one by one, and the first image that is there is meant.

    Args:
        name: A plain name (`is_plain_name`), as the annotation has it.
        listing: The images.

    Returns:
        Its key; None where there is no such image.
    """
    parts = PurePosixPath(name).parts
    tails = ("/".join(parts[start:]) for start in range(len(parts)))
    return next((tail for tail in tails if tail in listing.images), None)


def require_folder(folder: Path, content: str) -> Path:
    """Return a folder that exists.

    Raises:
        FileNotFoundError: There is none; the message says what it should have held.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder; it should hold the {content}")
    return folder


def walk(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield what is in a folder and below, by path: every file, and folders that are links.

    A linked folder is not entered: it may lead anywhere, and round in a circle.
    """
    found = list[tuple[str, Path]]()
    for parent, folders, files in os.walk(folder):
        inside = Path(parent)
        linked = [name for name in folders if (inside / name).is_symlink()]
        found += (
            ((inside / name).relative_to(folder).as_posix(), inside / name)
            for name in (*files, *linked)
        )
    return iter(sorted(found))


def _leads_out(path: Path, folder: Path) -> bool:
    return path.is_symlink() and not path.resolve().is_relative_to(folder.resolve())
