"""The parts of a pipeline that can write to a place they are given, not to memory of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from feedrate.cell import Cell, split_level
from feedrate.decoders import require_jpeg
from feedrate.feeding.painting import paint_bytes, paint_floats, resize
from feedrate.feeding.scratch import Scratch, decode_into
from feedrate.feeding.tray import Tray
from feedrate.pipeline import Pipeline
from feedrate.sample import Fetched, Image, Polygon, Prepared
from feedrate.targets.kernel import build_targets
from feedrate.targets.params import TargetParams, Targets
from feedrate.targets.sources.kernel import KernelSource
from feedrate.transforms import Frame
from feedrate.transforms.letterbox import Letterbox, interpolation_of

SCALES = {"simplejpeg": False, "simplejpeg_scaled": True}
"""Decoders that are given memory to decode into, and whether they scale."""

LETTERBOXES = ("opencv", "fused")
"""Transforms that are one resize and one look-up a value."""


class Hand(threading.local):
    """Where the thread that asks writes its sample.

    Attributes:
        tray: The batch; None between two samples, so that nobody holds it any longer.
        place: In the batch.
    """

    tray: Tray | None = None
    place: int = 0

    def held(self) -> tuple[Tray, int]:
        """Return both."""
        assert self.tray is not None  # noqa: S101 - set by whoever asks for the sample
        return self.tray, self.place


@dataclass(frozen=True, eq=False)
class DirectDecode:
    """simplejpeg into a thread's own memory; see `feedrate.decoders.Decode`."""

    scaled: bool
    scratch: Scratch

    def __call__(self, data: bytes, at_least: int | None = None) -> Image:
        """Decode a JPEG; the pixels last until this thread decodes the next."""
        header = require_jpeg(data, "simplejpeg")
        return decode_into(data, header, at_least if self.scaled else None, self.scratch)


@dataclass(frozen=True, eq=False)
class DirectTransform:
    """The letterbox, painted into the batch."""

    hand: Hand
    size: int
    interpolation: int
    payload: str
    scratch: Scratch

    random = False

    def fit(
        self, image: Image, polygons: Sequence[Polygon], frame: Frame | None = None
    ) -> Prepared:
        """Resize; uint8 into the batch, what is yet to be normalised into a thread's own memory."""
        letterbox = Letterbox.of(frame or image.shape[:2], self.size)
        moved = letterbox.move(polygons)
        if self.payload == "uint8":
            tray, place = self.hand.held()
            paint_bytes(image, letterbox, tray.images, place, self.interpolation)
            return Prepared(tray.images.array[place], moved)
        room = self.scratch.room((letterbox.height, letterbox.width, 3))
        return Prepared(resize(image, room, self.interpolation), moved)

    def normalise(self, image: Image) -> npt.NDArray[np.float32]:
        """Normalise a picture, or a square of a store's, into the batch."""
        tray, place = self.hand.held()
        paint_floats(image, tray.images, place)
        return cast(npt.NDArray[np.float32], tray.images.array[place].transpose(1, 2, 0))


@dataclass(frozen=True, eq=False)
class DirectSource:
    """The kernel, drawing into the batch."""

    hand: Hand
    size: tuple[int, int]
    params: TargetParams
    scratch: Scratch

    def fetch(
        self, key: str, polygons: Sequence[Polygon], ignore: Sequence[bool]
    ) -> Fetched[Targets]:
        """Draw the maps of one sample."""
        tray, place = self.hand.held()
        out = tray.targets(place, self.scratch.room(self.size))
        return Fetched(build_targets(polygons, ignore, self.size, self.params, out), "computed")


def write_in_place(dataset: Pipeline, cell: Cell, hand: Hand) -> Pipeline:
    """Replace the parts of a pipeline that can write to a place they are given."""
    parts: dict[str, Any] = {}
    if cell.decoder in SCALES:
        own = DirectDecode(SCALES[cell.decoder], Scratch())
        parts["decode"] = _watched_like(dataset.decode, own)
    name, argument = split_level(cell.transform)
    if name in LETTERBOXES:
        interpolation = interpolation_of(argument)
        parts["transform"] = DirectTransform(
            hand, dataset.image_size, interpolation, dataset.payload, Scratch()
        )
    if isinstance(dataset.source, KernelSource):
        source = dataset.source
        parts["source"] = DirectSource(hand, source.size, source.params, Scratch())
    return replace(dataset, **parts)


def _watched_like(decode: Any, own: Callable[..., Image]) -> Any:
    """Keep the witness of a trial around another decoder (`feedrate.witness`)."""
    return replace(decode, decode=own) if hasattr(decode, "decode") else own
