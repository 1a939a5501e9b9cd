"""The words of the domain: one image with its text instances, and what was found wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, TypeVar

import numpy as np
import numpy.typing as npt

Polygon = npt.NDArray[np.float64]
"""Closed outline of one text instance: ``(N, 2)`` float64 pixels ``(x, y)``."""

Image = npt.NDArray[np.uint8]
"""Decoded image: ``(H, W, 3)`` uint8, RGB."""

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, eq=False)
class TextInstance:
    """One text instance.

    Attributes:
        polygon: ``(N, 2)`` float64 pixels ``(x, y)``; a quad has N = 4.
        ignore: True when the instance takes no part in the loss (``###`` in ICDAR files).
        text: The transcription, empty when the annotation has none.
    """

    polygon: Polygon
    ignore: bool = False
    text: str = ""


@dataclass(frozen=True, eq=False)
class Sample:
    """One image and its annotation.

    Attributes:
        key: Unique name inside its dataset (the image's file name without folder).
        image_path: Where the encoded image lies.
        width: Pixels, from the image's header; 0 while unknown (unreadable image).
        height: Pixels, from the image's header; 0 while unknown.
        instances: The text instances, in the order of the annotation.
        annotation: Where the annotation lies, for messages.
        declared_size: ``(width, height)`` where the annotation states one, else None.
    """

    key: str
    image_path: Path
    width: int
    height: int
    instances: tuple[TextInstance, ...] = ()
    annotation: str = ""
    declared_size: tuple[int, int] | None = None


@dataclass(frozen=True)
class Finding:
    """One thing wrong (or odd) with a dataset.

    Attributes:
        key: The sample's key, or the file's name where no sample exists.
        check: The check's name, a key of the table of checks in ``config/README.md``.
        severity: ``error`` stops a study (or excludes the sample), ``warning`` and ``info`` do not.
        message: What is wrong, the value, and what would be right.
        location: File, and line or instance number, where it was found.
    """

    key: str
    check: str
    severity: Severity
    message: str
    location: str = ""


@dataclass(frozen=True, eq=False)
class Prepared:
    """An image at target size, before normalisation: what a decoded store keeps.

    Attributes:
        image: ``(S, S, 3)`` uint8 RGB, resized and padded.
        polygons: The instances' polygons in the same frame, in the order of the annotation.
    """

    image: Image
    polygons: tuple[Polygon, ...]


T = TypeVar("T")

Origin = Literal["file", "memory", "computed"]


@dataclass(frozen=True, eq=False)
class Fetched(Generic[T]):
    """What a store or a target source handed over, with the evidence of where it came from.

    Attributes:
        payload: What was asked for.
        origin: Where it came from on this very fetch; the exercise gate counts these.
        file_bytes: Bytes read from files for this very fetch.
    """

    payload: T
    origin: Origin
    file_bytes: int = 0
