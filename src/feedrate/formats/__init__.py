"""Formats: images and annotations as they were published, to samples and findings.

A reader never stops at one bad line or file: it tells what is wrong as a `Finding` and goes on. It
raises only where there is no dataset to read: a folder or the one annotation file is missing or
broken. Every finding of a reader starts with the severity of the table of checks; the config may
change it, and the validation has the last word.

One module a format. What several share stands beside them: `listing` (which images there are),
`text`, `jsonfile` and `xmlfile` (what a file says), `pairing` (which annotation belongs to which
image).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Literal, Protocol

import numpy as np
import PIL.Image

from feedrate.sample import Finding, Polygon, Sample, TextInstance

IGNORED_TEXT = "###"
"""The transcription that marks an ignored instance since ICDAR 2013."""

Spread = Literal["file", "folder"]
"""How annotations lie: one file for all images, or one an image in a folder (and below it)."""


class Read(Protocol):
    """The contract of a format, with `Recognise` and a constant ``SPREAD: Spread`` beside it."""

    def __call__(self, images: Path, annotations: Path) -> Iterator[Sample | Finding]:
        """Read a dataset, in the order of the images' keys.

        Args:
            images: Folder of the images, walked with all below it.
            annotations: Folder or file of the annotations, as the format has it.

        Yields:
            Samples, whose keys are the images' paths inside the folder ("sub/img_1.jpg"), and
            what was found wrong. Two annotations of one image are two samples of one key.

        Raises:
            OSError: The folder or the file does not exist or cannot be read.
            ValueError: The one annotation file is broken; the message says where.
        """


class Recognise(Protocol):
    """How a format is told from others."""

    def __call__(self, path: Path, head: str) -> str | None:
        """Tell whether an annotation file is of this format.

        Args:
            path: The file; it may be opened for more than its head.
            head: The beginning of its text, at most `feedrate.sightings.recognition.HEAD_BYTES`.

        Returns:
            What gave the format away, in words for people; None where it is another.
        """


def is_plain_name(name: str) -> bool:
    """Tell whether a relative path stays in its folder and can be written to any table."""
    parts = name.split("/")
    return (
        not {"", ".", ".."} & set(parts)
        and not {"\\", "\0"} & set(name)
        and not PurePosixPath(name).is_absolute()
        and name[1:2] != ":"  # a drive of Windows
        and name == printable(name)
    )


def printable(name: str) -> str:
    """Replace what UTF-8 cannot hold: a file name is bytes, and JSON knows lone surrogates."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def make_sample(
    key: str,
    path: Path,
    instances: Sequence[TextInstance],
    annotation: str,
    declared_size: tuple[int, int] | None = None,
) -> Sample:
    """Build the sample of one image; its size comes from the header."""
    width, height = image_size(path)
    return Sample(key, path, width, height, tuple(instances), annotation, declared_size)


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
    return _error(key, "bad_annotation", trouble, location)


def bad_encoding(key: str, trouble: str, location: str) -> Finding:
    """Report an annotation that is neither UTF-8 nor UTF-16."""
    return _error(key, "bad_encoding", trouble, location)


def missing_image(key: str, images: Path, location: str) -> Finding:
    """Report an annotation whose image is not there."""
    message = f"no image of this name in {images}; add it, or remove its annotation"
    return _error(key, "missing_image", message, location)


def missing_annotation(key: str, annotations: Path, wanted: str) -> Finding:
    """Report an image without annotation; one without text needs an empty annotation."""
    message = f"no {wanted} in {annotations}; an image without text needs an empty one"
    return _error(key, "missing_annotation", message, str(annotations))


def unsafe_name(name: str, location: str) -> Finding:
    """Report a name that could lead out of its folder, or that no table can hold."""
    message = (
        f"{name!r} must be a path inside the images' folder, in UTF-8: no '..', no backslash, not"
        " absolute, no link that leads out"
    )
    return _error(name, "unsafe_name", message, location)


def foreign_file(key: str, trouble: str, location: str) -> Finding:
    """Report a file of another format among the annotations: it is left unread."""
    return Finding(printable(key), "foreign_file", "info", printable(trouble), printable(location))


def _error(key: str, check: str, message: str, location: str) -> Finding:
    return Finding(printable(key), check, "error", printable(message), printable(location))
