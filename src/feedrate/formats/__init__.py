"""Formats: images and annotations as they were published, to samples and findings.

A reader never stops at one bad line or file: it tells what is wrong as a `Finding` and goes on. It
raises only where there is no dataset to read: a folder or the one annotation file is missing or
broken. Every finding of a reader starts as an error; the validation has the last word.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Protocol

import numpy as np
import PIL.Image

from feedrate.sample import Finding, Polygon, Sample, TextInstance

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
IGNORED_TEXT = "###"
"""The transcription that marks an ignored instance since ICDAR 2013."""


class Read(Protocol):
    """The contract of a format."""

    def __call__(self, images: Path, annotations: Path) -> Iterator[Sample | Finding]:
        """Read a dataset, in the order of the images' names.

        Args:
            images: Folder of the images.
            annotations: Folder or file of the annotations, as the format has it.

        Yields:
            Samples, whose keys are the images' file names, and what was found wrong.

        Raises:
            OSError: The folder or the file does not exist or cannot be read.
            ValueError: The one annotation file is broken; the message says where.
        """


def list_images(folder: Path) -> dict[str, Path]:
    """Find the images of a folder by file name, sorted; suffixes in any case, no subfolders.

    Raises:
        FileNotFoundError: There is no such folder.
    """
    return {
        path.name: path
        for path in sorted(require_folder(folder, "images").iterdir())
        if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()
    }


def require_folder(folder: Path, content: str) -> Path:
    """Return a folder that exists.

    Raises:
        FileNotFoundError: There is none; the message says what it should have held.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder; it should hold the {content}")
    return folder


def is_plain_name(name: str) -> bool:
    """Tell whether a name stays in its folder and can be written to any table."""
    return (
        name not in {"", ".", ".."}
        and not {"/", "\\", "\0"} & set(name)
        and PurePosixPath(name).name == name
        and name == printable(name)
    )


def printable(name: str) -> str:
    """Replace what UTF-8 cannot hold: a file name is bytes, and JSON knows lone surrogates."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def make_sample(
    path: Path,
    instances: Sequence[TextInstance],
    annotation: str,
    declared_size: tuple[int, int] | None = None,
) -> Sample:
    """Build the sample of one image; its size comes from the header."""
    width, height = image_size(path)
    return Sample(path.name, path, width, height, tuple(instances), annotation, declared_size)


def image_size(path: Path) -> tuple[int, int]:
    """Return an image's ``(width, height)`` from its header, ``(0, 0)`` where it has none.

    What is wrong with such an image is for the validation to say, which decodes it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # large images and odd metadata: the validation's too
            with PIL.Image.open(path) as image:
                return image.size
    except (OSError, SyntaxError, ValueError, PIL.Image.DecompressionBombError):
        return 0, 0


def to_polygon(numbers: Sequence[float]) -> Polygon:
    """Shape x1, y1, x2, y2 and so on into ``(N, 2)`` float64."""
    return np.asarray(numbers, np.float64).reshape(-1, 2)


def bad_annotation(key: str, trouble: str, location: str) -> Finding:
    """Report a line or an entry that could not be read."""
    return Finding(printable(key), "bad_annotation", "error", printable(trouble), location)


def missing_image(key: str, images: Path, location: str) -> Finding:
    """Report an annotation whose image is not there."""
    message = f"no image of this name in {images}; add it, or remove its annotation"
    return Finding(printable(key), "missing_image", "error", message, printable(location))


def missing_annotation(key: str, annotations: Path, wanted: str) -> Finding:
    """Report an image without annotation; one without text needs an empty annotation."""
    message = f"no {wanted} in {annotations}; an image without text needs an empty one"
    return Finding(printable(key), "missing_annotation", "error", message, str(annotations))


def unsafe_name(name: str, location: str) -> Finding:
    """Report a name that is not a plain file name."""
    message = f"{name!r} is no plain file name in UTF-8: no folders, no '..', no backslash"
    return Finding(printable(name), "unsafe_name", "error", printable(message), location)
