"""One sample through the stages: read, decode, transform, filter, targets.

The pipeline is a map-style dataset: any loader can index it. It runs no clock of its own; a trial
hands it one (`Clock`), a training loop leaves the default that does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from feedrate.cell import Cell
from feedrate.registry import STORED_MAPS, Plugins, resolve
from feedrate.sample import Fetched, Image, Polygon, Prepared, Sample
from feedrate.targets.params import TargetParams, Targets
from feedrate.transforms import require_repeatable

Row = npt.NDArray[np.int64]


class Clock(Protocol):
    """What a pipeline tells about its work; `feedrate.stages.StageClock` listens."""

    def start(self) -> None:
        """A sample (or the collation of a batch) begins."""

    def lap(self, stage: str) -> None:
        """The time since the last lap belongs to this stage."""

    def count(self, counter: str, amount: int = 1) -> None:
        """Something countable happened: a decode, a map from memory, bytes from a file."""

    def row(self) -> Row:
        """Everything since `start`, one number a column."""


class SilentClock:
    """A clock for those who only want the batches."""

    def start(self) -> None:
        """Do nothing."""

    def lap(self, stage: str) -> None:
        """Do nothing."""

    def count(self, counter: str, amount: int = 1) -> None:
        """Do nothing."""

    def row(self) -> Row:
        """Return a row without columns."""
        return np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Loaded:
    """One sample, ready to be collated.

    Attributes:
        index: Its place among the pipeline's samples.
        image: ``(S, S, 3)`` float32, normalised.
        targets: The four maps, None where the cell has no targets.
        row: What the clock saw.
    """

    index: int
    image: npt.NDArray[np.float32]
    targets: Targets | None
    row: Row


class Transform(Protocol):
    """Resize and pad, then normalise; see ``feedrate.transforms``."""

    def fit(self, image: Image, polygons: Sequence[Polygon]) -> Prepared:
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
        clock: Who listens.
    """

    samples: Sequence[Sample]
    order: Sequence[int]
    store: Any
    decode: Callable[[bytes], Image]
    transform: Transform
    source: Any
    clock: Clock = field(default_factory=SilentClock)

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Loaded:
        clock, sample = self.clock, self.samples[index]
        clock.start()
        fetched = self.store.read(index)
        clock.count(f"image_{fetched.origin}")
        clock.count("image_file_bytes", fetched.file_bytes)
        clock.lap("read")
        prepared = self._prepare(sample, fetched)
        image = self.transform.normalise(prepared.image)
        clock.lap("transform")
        kept = usable_polygons(prepared.polygons)
        polygons = [prepared.polygons[place] for place in kept]
        ignore = [sample.instances[place].ignore for place in kept]
        clock.lap("filter")
        targets = self.source.fetch(sample.key, polygons, ignore)
        clock.count(f"target_{targets.origin}", targets.payload is not None)
        clock.count("target_file_bytes", targets.file_bytes)
        clock.lap("targets")
        return Loaded(index, image, targets.payload, clock.row())

    def _prepare(self, sample: Sample, fetched: Fetched[bytes | Prepared]) -> Prepared:
        if isinstance(fetched.payload, Prepared):
            return fetched.payload
        image = decode_sample(sample, self.decode, fetched.payload)
        self.clock.count("decode")
        self.clock.lap("decode")
        return self.transform.fit(image, [item.polygon for item in sample.instances])


@dataclass(frozen=True)
class Setting:
    """What a pipeline needs to know besides its cell.

    Attributes:
        maps_dir: Folder of the stored maps of the cell's codec; None where it reads none.
        image_size: Side of the square input (px).
        params: How target maps are drawn.
        plugins: The config's own plug-ins.
    """

    maps_dir: Path | None
    image_size: int
    params: TargetParams
    plugins: Plugins = field(default_factory=dict)


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
        ValueError: Maps are stored, and the transform is random (or does not say).
    """
    plugins = setting.plugins
    decode = resolve("decoders", cell.decoder, plugins)
    transform = resolve("transforms", cell.transform, plugins)(setting.image_size)
    if cell.targets in STORED_MAPS:
        require_repeatable(transform, cell.transform)

    def prepare(index: int, data: bytes) -> Prepared:
        polygons = [item.polygon for item in samples[index].instances]
        image = decode_sample(samples[index], decode, data)
        prepared: Prepared = transform.fit(image, polygons)
        return prepared

    size = (setting.image_size, setting.image_size)
    open_source = resolve("targets", cell.targets, plugins)
    return Pipeline(
        samples=samples,
        order=order,
        store=resolve("images", cell.images, plugins)(samples, prepare),
        decode=decode,
        transform=transform,
        source=open_source([item.key for item in samples], setting.maps_dir, size, setting.params),
        clock=clock or SilentClock(),
    )


def decode_sample(sample: Sample, decode: Callable[[bytes], Image], data: bytes) -> Image:
    """Decode a sample's bytes.

    Raises:
        ValueError: The decoder refuses them; the message names the file.
    """
    try:
        return decode(data)
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
