"""NVIDIA DALI on the processor: Python workers read, its own threads decode, resize and normalise.

Set up as its documentation recommends for data that Python prepares,
https://docs.nvidia.com/deeplearning/dali/user-guide/docs/examples/general/data_loading/
parallel_external_source.html: a parallel external source, whose worker processes read the encoded
files and make the target maps; DALI decodes, resizes, pads and normalises a batch with as many
threads of its own, without a GPU (``device_id=None``). A batch comes from one call of the source,
so that the last one may be short.

The decoder is DALI's, and so is the resize, told to do what OpenCV's does (bilinear, no
antialiasing, the scale of whole pixels): pixels differ by a grey level at most from the
transform's, whose geometry and statistics are used. What every decoder refuses
(`feedrate.decoders`) is refused before DALI sees it, by the name of its file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from feedrate import optional
from feedrate.cell import Cell
from feedrate.collate.batch import Batch, Collate
from feedrate.decoders import require_decodable
from feedrate.loaders.batches import cut, refuse
from feedrate.pipeline import Loaded, Pipeline
from feedrate.sample import Fetched, Polygon, Prepared
from feedrate.targets.params import Targets

dali = optional.load("nvidia.dali")

LIBRARY = "dali"
"""Whose code decodes, whatever the cell's decoder: the exercise gate is told."""

MAPS = ("shrink_map", "shrink_mask", "threshold_map", "threshold_mask")


def unavailable() -> str | None:
    """Say why this loader cannot be used here, or nothing."""
    return optional.missing(dali, "nvidia-dali-cuda120", "dali")


@dataclass(frozen=True, eq=False)
class EncodedSamples(Pipeline):
    """Everything of a sample but its pixels: in their place stands the encoded file.

    Attributes:
        outlines: Each sample's polygons at target size.
    """

    outlines: Sequence[tuple[Polygon, ...]] = ()

    def prepare(
        self, index: int, fetched: Fetched[bytes | Prepared]
    ) -> tuple[Prepared, npt.NDArray[Any]]:
        """Look at the header, as every decoder does, and leave the rest to DALI."""
        if isinstance(fetched.payload, Prepared):
            raise ValueError("images: pixels cannot be decoded by loader: dali; say disk or ram")
        try:
            require_decodable(fetched.payload)
        except ValueError as error:
            raise ValueError(f"{self.samples[index].image_path}: {error}") from error
        encoded = np.frombuffer(fetched.payload, np.uint8)
        self.clock.count("decode")
        self.clock.count(f"decoded_by_{LIBRARY}")
        return Prepared(encoded, self.outlines[index]), encoded


@dataclass(frozen=True, eq=False)
class Source:
    """What DALI's Python workers call: a batch as columns, one array a sample in each.

    Attributes:
        dataset: Gives encoded samples.
        batches: The indices of each batch.
        maps: Which maps there are.
    """

    dataset: EncodedSamples
    batches: list[list[int]]
    maps: tuple[str, ...]

    def __call__(self, info: Any) -> tuple[list[npt.NDArray[Any]], ...]:
        """Load one batch.

        Raises:
            StopIteration: The epoch is over.
        """
        if info.iteration >= len(self.batches):
            raise StopIteration
        rows = [self._columns(self.dataset[index]) for index in self.batches[info.iteration]]
        return tuple(map(list, zip(*rows, strict=True)))

    def _columns(self, loaded: Loaded) -> tuple[npt.NDArray[Any], ...]:
        who = np.array([loaded.index, loaded.maker, loaded.process])
        return loaded.image, who, loaded.row, *(getattr(loaded.targets, name) for name in self.maps)


@dataclass(frozen=True, eq=False)
class DaliLoader:
    """One DALI pipeline an epoch, its workers and threads with it.

    Attributes:
        source: What its workers call.
        cell: Says how many they are, and how far ahead.
    """

    source: Source
    cell: Cell

    def __iter__(self) -> Iterator[Batch]:
        """Start the workers of one epoch."""
        running = self._define()
        running.build()
        return self._deliver(running)

    def _define(self) -> Any:
        cell, dataset = self.cell, self.source.dataset
        ends = dataset.transform.normalise(np.array([[[0] * 3], [[255] * 3]], np.uint8))[:, 0]
        step = (ends[1] - ends[0]) / 255
        size, workers = float(dataset.image_size), max(cell.workers, 1)
        running = dali.Pipeline(
            batch_size=cell.batch_size,
            num_threads=workers,
            device_id=None,
            prefetch_queue_depth=cell.prefetch_factor,
            py_num_workers=workers,
            py_start_method=cell.start_method,
        )
        with running:
            encoded, *others = dali.fn.external_source(
                source=self.source,
                num_outputs=3 + len(self.source.maps),
                batch=True,
                batch_info=True,
                parallel=bool(cell.workers),
                prefetch_queue_depth=workers * cell.prefetch_factor if cell.workers else None,
            )
            image = dali.fn.decoders.image(
                encoded, output_type=dali.types.RGB, adjust_orientation=False
            )
            image = dali.fn.resize(
                image,
                resize_longer=size,
                interp_type=dali.types.INTERP_LINEAR,
                antialias=False,
                subpixel_scale=False,
            )
            image = dali.fn.crop(  # an odd pixel of padding goes to the right and below
                image,
                crop=(size, size),
                rounding="truncate",
                out_of_bounds_policy="pad",
                fill_values=0,
            )
            image = dali.fn.crop_mirror_normalize(
                image,
                mean=(-ends[0] / step).tolist(),
                std=(1 / step).tolist(),
                output_layout="CHW",
            )
            running.set_outputs(image, *others)
        return running

    def _deliver(self, running: Any) -> Iterator[Batch]:
        collate = Collate(self.source.dataset.clock)
        for _ in self.source.batches:
            yield collate(self._samples(running.run()))

    def _samples(self, outputs: Sequence[Any]) -> list[Loaded]:
        images, who, rows, *maps = (np.asarray(output.as_array()) for output in outputs)
        named = dict(zip(self.source.maps, maps, strict=True))
        return [
            Loaded(
                index=int(index),
                # Collating puts the channels first, where they are already: it copies once.
                image=images[place].transpose(1, 2, 0),
                targets=_targets({name: each[place] for name, each in named.items()}),
                row=rows[place],
                maker=int(maker),
                process=int(process),
            )
            for place, (index, maker, process) in enumerate(who)
        ]


def build(dataset: Pipeline, cell: Cell) -> DaliLoader:
    """Load `dataset.order` in batches of `cell.batch_size` with `cell.workers` processes.

    Raises:
        ValueError: A level cannot be had: DALI decodes, resizes and normalises by itself.
    """
    refuse(cell, "collate", "persistent_workers", "pin_memory", "payload", "transform", "ablate")
    if cell.start_method == "forkserver":
        raise ValueError(
            f"start_method: forkserver cannot be had with loader: {cell.loader}; say fork or spawn"
        )
    parts = {each.name: getattr(dataset, each.name) for each in fields(Pipeline)}
    encoded = EncodedSamples(**parts, outlines=_outlines(dataset))
    first = encoded[dataset.order[0]].targets
    maps = tuple(name for name in MAPS if getattr(first, name, None) is not None)
    return DaliLoader(Source(encoded, cut(dataset.order, cell.batch_size), maps), cell)


def _outlines(dataset: Pipeline) -> list[tuple[Polygon, ...]]:
    """Bring every sample's polygons to size by the transform itself, on an empty image."""
    outlines = []
    for sample in dataset.samples:
        blank = np.zeros((sample.height, sample.width, 3), np.uint8)
        polygons = [item.polygon for item in sample.instances]
        outlines.append(dataset.transform.fit(blank, polygons).polygons)
    return outlines


def _targets(maps: Mapping[str, Any]) -> Targets | None:
    four: Any = (maps.get(name) for name in MAPS)
    return Targets(*four) if maps else None
