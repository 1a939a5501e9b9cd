"""A stage that is free: what it could gain at most, measured and not modelled.

The stage's results for every image are made once, before anything is timed, and handed over in
its place. Everything else runs as ever; the batches are the same.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy.typing as npt

from feedrate.clock import SilentClock
from feedrate.pipeline import Loaded, Pipeline, usable_polygons
from feedrate.sample import Fetched, Image, Polygon, Prepared
from feedrate.targets.params import Targets


@dataclass(frozen=True, eq=False)
class FreeDecode(Pipeline):
    """Images are decoded already.

    Attributes:
        kept: One decoded image a sample.
    """

    kept: Sequence[Any] = ()

    def decode_image(self, index: int, data: bytes) -> Image:
        """Hand over what was decoded before."""
        image: Image = self.kept[index]
        return image


@dataclass(frozen=True, eq=False)
class FreeTransform(Pipeline):
    """Images are decoded anew, and thrown away for those that are fitted and normalised already.

    Attributes:
        kept: One prepared image and what travels of it, a sample.
    """

    kept: Sequence[Any] = ()

    def prepare(
        self, index: int, fetched: Fetched[bytes | Prepared]
    ) -> tuple[Prepared, npt.NDArray[Any]]:
        """Decode what is encoded, and hand over what was made before."""
        if not isinstance(fetched.payload, Prepared):
            self.decode_image(index, fetched.payload)
            self.clock.lap("decode")
        made: tuple[Prepared, npt.NDArray[Any]] = self.kept[index]
        return made


@dataclass(frozen=True, eq=False)
class FreeTargets(Pipeline):
    """Polygons are filtered, and the maps are there.

    Attributes:
        kept: The maps of each sample.
    """

    kept: Sequence[Any] = ()

    def find_targets(self, index: int, found: Sequence[Polygon]) -> Targets | None:
        """Filter as ever, and hand over what was drawn before."""
        usable_polygons(found)
        self.clock.lap("filter")
        targets: Targets | None = self.kept[index]
        return targets


@dataclass(frozen=True, eq=False)
class FreeSamples(Pipeline):
    """Only batches are made: the ceiling of a perfect loader.

    Attributes:
        kept: Everything of each sample.
    """

    kept: Sequence[Any] = ()

    def __getitem__(self, index: int) -> Loaded:
        """Hand over what was loaded before."""
        self.clock.start()
        loaded: Loaded = self.kept[index]
        row, maker = self.clock.row(), threading.get_native_id()
        return replace(loaded, row=row, maker=maker, process=os.getpid())


def ablate(pipeline: Pipeline, what: str) -> Pipeline:
    """Return a pipeline one stage of which is free.

    Args:
        pipeline: As the cell's other levels make it.
        what: A level of `feedrate.cell.Cell.ablate`.

    Raises:
        KeyError: It is no such level.
        ValueError: The transform is random, so that one outcome cannot stand for all.
    """
    if what == "none":
        return pipeline
    if what != "decode":
        _require_one_outcome(pipeline, what)
    silent = replace(pipeline, clock=SilentClock())
    places = range(len(pipeline))
    if what == "decode":
        return _as(FreeDecode, pipeline, [_decoded(silent, place) for place in places])
    made = {"transform": _prepared, "targets": _targets, "all": Pipeline.__getitem__}[what]
    kind = {"transform": FreeTransform, "targets": FreeTargets, "all": FreeSamples}[what]
    return _as(kind, pipeline, [made(silent, place) for place in places])


def _require_one_outcome(pipeline: Pipeline, what: str) -> None:
    """Maps and images that were kept of one outcome would stand beside others."""
    if getattr(pipeline.transform, "random", None) is not False:
        raise ValueError(
            f"ablate: {what} keeps one outcome of each image, and the transform is random or does "
            "not say that it is not; ablate decode, or choose a transform that is not random"
        )


def _decoded(pipeline: Pipeline, index: int) -> Image | None:
    payload = pipeline.store.read(index).payload
    return None if isinstance(payload, Prepared) else pipeline.decode_image(index, payload)


def _prepared(pipeline: Pipeline, index: int) -> tuple[Prepared, npt.NDArray[Any]]:
    return pipeline.prepare(index, pipeline.store.read(index))


def _targets(pipeline: Pipeline, index: int) -> Targets | None:
    return pipeline[index].targets


def _as(kind: type[Pipeline], pipeline: Pipeline, kept: Sequence[Any]) -> Pipeline:
    parts = {each.name: getattr(pipeline, each.name) for each in fields(Pipeline)}
    return kind(**parts, kept=kept)  # type: ignore[call-arg]
