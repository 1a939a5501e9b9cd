"""One sample through the stages: read, decode, transform, filter, targets.

The pipeline is a map-style dataset: any loader can index it. It runs no clock of its own; a trial
hands it one (`Clock`), a training loop leaves the default that does nothing.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from feedrate.cell import Cell
from feedrate.clock import Clock, Row, SilentClock
from feedrate.registry import STORED_MAPS, Plugins, resolve
from feedrate.sample import Fetched, Image, Polygon, Prepared, Sample
from feedrate.targets.params import TargetParams, Targets
from feedrate.transforms import Frame, build_transform, require_repeatable


@dataclass(frozen=True, eq=False)
class Loaded:
    """One sample, ready to be collated.

    Attributes:
        index: Its place among the pipeline's samples.
        image: ``(S, S, 3)`` float32, normalised; or uint8, where that is left to the consumer's
            side.
        targets: The four maps, None where the cell has no targets.
        row: What the clock saw.
        maker: The thread that loaded it, by its native id; that of a main thread is its process id.
        process: The process that loaded it, by its id.
    """

    index: int
    image: npt.NDArray[Any]
    targets: Targets | None
    row: Row
    maker: int = field(default_factory=threading.get_native_id)
    process: int = field(default_factory=os.getpid)


class Transform(Protocol):
    """Resize and pad, then normalise; see ``feedrate.transforms``."""

    def fit(
        self, image: Image, polygons: Sequence[Polygon], frame: Frame | None = None
    ) -> Prepared:
        """Bring an image and its polygons to the target size, still uint8."""

    def normalise(self, image: Image) -> npt.NDArray[np.float32]:
        """Turn uint8 pixels into the detector's float32 input."""


@dataclass(frozen=True, eq=False)
class Pipeline:
    """A dataset whose every level is chosen by a cell.

    Attributes:
        samples: The images and annotations, in index order.
        order: Indices in the order they are delivered; may loop over the samples several times.
        store: Where encoded or prepared images come from.
        decode: Encoded bytes to uint8 RGB.
        transform: Resize, pad, normalise.
        source: Where the target maps come from.
        image_size: Side of the square input (px): the longer side that is enough of an image.
        payload: ``float32``, or ``uint8`` where normalising is left to the consumer's side.
        clock: Who listens.
    """

    samples: Sequence[Sample]
    order: Sequence[int]
    store: Any
    decode: Callable[..., Image]
    transform: Transform
    source: Any
    image_size: int
    payload: str = "float32"
    clock: Clock = field(default_factory=SilentClock)

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Loaded:
        clock = self.clock
        clock.start()
        fetched = self.store.read(index)
        clock.count(f"image_{fetched.origin}")
        clock.count("image_file_bytes", fetched.file_bytes)
        clock.lap("read")
        prepared, image = self.prepare(index, fetched)
        clock.lap("transform")
        targets = self.find_targets(index, prepared.polygons)
        clock.lap("targets")
        return Loaded(index, image, targets, clock.row())

    def prepare(
        self, index: int, fetched: Fetched[bytes | Prepared]
    ) -> tuple[Prepared, npt.NDArray[Any]]:
        """Bring what the store handed over to target size, and to what travels."""
        if isinstance(fetched.payload, Prepared):
            prepared = fetched.payload
        else:
            image = self.decode_image(index, fetched.payload)
            self.clock.lap("decode")
            prepared = fit_sample(self.samples[index], self.transform, image)
        if self.payload == "uint8":
            return prepared, prepared.image
        return prepared, self.transform.normalise(prepared.image)

    def decode_image(self, index: int, data: bytes) -> Image:
        """Decode a sample's bytes, at a smaller scale where the decoder can."""
        image = decode_sample(self.samples[index], self.decode, data, self.image_size)
        self.clock.count("decode")
        return image

    def find_targets(self, index: int, found: Sequence[Polygon]) -> Targets | None:
        """Drop the polygons that cannot be drawn, and fetch the maps of the others."""
        sample, clock = self.samples[index], self.clock
        kept = usable_polygons(found)
        polygons = [found[place] for place in kept]
        ignore = [sample.instances[place].ignore for place in kept]
        clock.lap("filter")
        targets = self.source.fetch(sample.key, polygons, ignore)
        clock.count(f"target_{targets.origin}", targets.payload is not None)
        clock.count("target_file_bytes", targets.file_bytes)
        payload: Targets | None = targets.payload
        return payload


@dataclass(frozen=True)
class Setting:
    """What a pipeline needs to know besides its cell.

    Attributes:
        maps_dir: Folder of the stored maps of the cell's codec; None where it reads none.
        image_size: Side of the square input (px).
        params: How target maps are drawn.
        plugins: The config's own plug-ins.
        store_dir: Folder of the cell's built store of images; None where it reads none.
    """

    maps_dir: Path | None
    image_size: int
    params: TargetParams
    plugins: Plugins = field(default_factory=dict)
    store_dir: Path | None = None


def build_pipeline(
    cell: Cell,
    samples: Sequence[Sample],
    order: Sequence[int],
    setting: Setting,
    clock: Clock | None = None,
) -> Pipeline:
    """Put together the parts a cell names. Stores and sources that preload do it here.

    Raises:
        feedrate.registry.UnknownPluginError: A level names no plug-in.
        FileNotFoundError: A stored map is missing.
        ValueError: Maps or prepared images are stored, and the transform is random (or does not
            say).
    """
    plugins = setting.plugins
    decode = resolve("decoders", cell.decoder, plugins)
    transform = build_transform(cell.transform, setting.image_size, plugins)
    if cell.targets in STORED_MAPS:
        require_repeatable(transform, cell.transform)

    def prepare(index: int, data: bytes) -> Prepared:
        require_repeatable(transform, cell.transform, "images")
        image = decode_sample(samples[index], decode, data, setting.image_size)
        return fit_sample(samples[index], transform, image)

    size = (setting.image_size, setting.image_size)
    open_source = resolve("targets", cell.targets, plugins)
    return Pipeline(
        samples=samples,
        order=order,
        store=resolve("images", cell.images, plugins)(samples, prepare, setting.store_dir),
        decode=decode,
        transform=transform,
        source=open_source([item.key for item in samples], setting.maps_dir, size, setting.params),
        image_size=setting.image_size,
        payload=cell.payload,
        clock=clock or SilentClock(),
    )


def fit_sample(sample: Sample, transform: Transform, image: Image) -> Prepared:
    """Bring a decoded image, whole or a smaller copy, and its sample's polygons to target size."""
    polygons = [item.polygon for item in sample.instances]
    return transform.fit(image, polygons, (sample.height, sample.width))


def decode_sample(
    sample: Sample, decode: Callable[..., Image], data: bytes, at_least: int | None = None
) -> Image:
    """Decode a sample's bytes.

    Args:
        sample: Names the file where they are refused.
        decode: The decoder (`feedrate.decoders.Decode`).
        data: The encoded file.
        at_least: The longer side (px) that is enough, None for the whole image.

    Raises:
        ValueError: The decoder refuses them; the message names the file.
    """
    try:
        return decode(data, at_least)
    except ValueError as error:
        raise ValueError(f"{sample.image_path}: {error}") from error


def usable_polygons(polygons: Sequence[Polygon]) -> list[int]:
    """List the places of the polygons that can be drawn: finite, with three points or more."""
    return [
        place
        for place, polygon in enumerate(polygons)
        if len(polygon) >= 3 and np.isfinite(polygon).all()
    ]


def frame_polygons(sample: Sample, transform: Transform) -> tuple[list[Polygon], list[bool]]:
    """Return a sample's usable polygons in the target frame, with their ignore tags.

    The geometry comes from the transform itself, run on an empty image of the right size, so
    that stored maps and maps built in a loader can never disagree about it.
    """
    blank = np.zeros((sample.height, sample.width, 3), np.uint8)
    polygons = transform.fit(blank, [item.polygon for item in sample.instances]).polygons
    kept = usable_polygons(polygons)
    return [polygons[i] for i in kept], [sample.instances[i].ignore for i in kept]
