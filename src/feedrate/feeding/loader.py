"""The loader of a training loop: `build_loader`, and what it returns."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, get_args

import numpy as np

from feedrate.feeding import painting
from feedrate.feeding.crew import Crew
from feedrate.feeding.difference import Difference, measure_difference
from feedrate.feeding.normalising import Normaliser
from feedrate.feeding.sources import Source, gather_samples
from feedrate.feeding.tray import Trays
from feedrate.feeding.workshop import Payload, Recipe, Workshop
from feedrate.sample import Sample
from feedrate.targets import kernel
from feedrate.targets.params import DEFAULT_PARAMS, TargetParams


@dataclass(frozen=True)
class Order:
    """Which images make which batch.

    Attributes:
        count: How many images there are.
        batch_size: Images a batch.
        shuffle: Whether each epoch has an order of its own.
        seed: Of those orders.
        sampler: Indices in the order of an epoch, asked anew for each; None for all images.
        drop_last: Whether a last batch that is not full is left out.
    """

    count: int
    batch_size: int
    shuffle: bool = False
    seed: int = 0
    sampler: Iterable[int] | None = None
    drop_last: bool = False

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise ValueError(f"batch_size is {self.batch_size}, must be 1 or more")
        if self.shuffle and self.sampler is not None:
            raise ValueError("shuffle=True and a sampler: the sampler has the order; give one")

    def batches(self, epoch: int) -> list[list[int]]:
        """Return the indices of each batch of an epoch.

        Raises:
            IndexError: The sampler gives an index that no image has.
        """
        indices = self._indices(epoch)
        starts = range(0, len(indices), self.batch_size)
        batches = [indices[start : start + self.batch_size] for start in starts]
        return batches[: self._full(len(indices))]

    def __len__(self) -> int:
        """Count the batches of an epoch."""
        images = self.count if self.sampler is None else len(self.sampler)  # type: ignore[arg-type]
        return self._full(images)

    def _full(self, images: int) -> int:
        return images // self.batch_size if self.drop_last else -(-images // self.batch_size)

    def _indices(self, epoch: int) -> list[int]:
        if self.sampler is None:
            if not self.shuffle:
                return list(range(self.count))
            generator = np.random.default_rng((self.seed, epoch))
            return [int(index) for index in generator.permutation(self.count)]
        indices = [int(index) for index in self.sampler]
        wrong = next((index for index in indices if not 0 <= index < self.count), None)
        if wrong is not None:
            raise IndexError(f"the sampler gives {wrong}; there are {self.count} images")
        return indices


class Loader:
    """An iterable of batches; `build_loader` makes one.

    Each ``iter()`` is an epoch of its own; an iteration may be abandoned at any time. The threads
    stay from one epoch to the next, until `close`, the end of a ``with`` block, or until nobody
    knows the loader any more.

    Attributes:
        samples: The images and their annotations, in index order.
        difference: By how much pixels differ from exact ones; None where they are exact.
        epoch: The number of the next epoch; set it to go on where another run ended.
    """

    def __init__(
        self, samples: Sequence[Sample], recipe: Recipe, order: Order, workers: int, ahead: int
    ) -> None:
        self.samples = samples
        self.difference: Difference | None = None
        self.epoch = 0
        self._order, self._ahead = order, ahead
        pixels = np.float32 if recipe.payload == "float32" else np.uint8
        # Behind a batch in the hands of a training loop: those ahead, and the one it asks for.
        trays = Trays(order.batch_size, recipe.image_size, pixels, keep=ahead + 2)
        self._workshop = Workshop(samples, recipe, trays)
        self._normaliser = Normaliser(order.batch_size, recipe.image_size)
        self._crew = Crew(workers)

    def __len__(self) -> int:
        """Count the batches of an epoch."""
        return len(self._order)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Begin the next epoch."""
        batches = self._order.batches(self.epoch)
        self.epoch += 1
        return self._crew.deliver(self._workshop, batches, self._ahead)

    def normalise(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """Return a batch with ``images`` as normalised float32 ``(B, 3, S, S)``.

        On a CPU by looking every value up, on another device by arithmetic there: move the batch
        first, a uint8 is a quarter of the bytes. Both give the same float32 numbers. A batch that
        is normalised already is returned as it is.
        """
        return {**batch, "images": self._normaliser(batch["images"])}

    def close(self) -> None:
        """End the threads; batches that were yielded stay as they are."""
        self._crew.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


def build_loader(
    source: Source,
    polygons: Sequence[Sequence[Any] | None] | None = None,
    ignore: Sequence[Sequence[bool] | None] | None = None,
    *,
    batch_size: int,
    image_size: int = 640,
    workers: int | None = None,
    exact: bool = True,
    payload: Payload = "float32",
    shuffle: bool = False,
    seed: int = 0,
    sampler: Iterable[int] | None = None,
    drop_last: bool = False,
    targets: bool = True,
    params: TargetParams = DEFAULT_PARAMS,
    ahead: int | None = None,
) -> Loader:
    """Build the loader of a DBNet's training or validation loop.

    A batch is a dictionary with ``images`` ``(B, 3, S, S)``, ``prob_maps`` and ``thresh_maps``
    ``(B, 1, S, S)`` float32, ``prob_mask`` and ``thresh_mask`` ``(B, 1, S, S)`` uint8, and lists
    with an entry an image: ``polygons`` (arrays ``(N, 2)`` in the frame of the square), ``ignore``,
    ``left_out``, ``inverse_matrix``, ``image_filename``, ``image_path``, ``indices``. See
    ``docs/loader.md``.

    Args:
        source: The folder of a dataset in any format feedrate knows, an index that a study made
            of one, `feedrate.sample.Sample` objects, or paths of images.
        polygons: With paths: for each image its polygons, ``(N, 2)`` pixels ``(x, y)`` each.
        ignore: With paths: for each image one flag a polygon; None where none is ignored.
        batch_size: Images a batch.
        image_size: Side S of the square that images are fitted into (px).
        workers: Threads; None for one a usable core, 0 to load in the thread that iterates.
        exact: True gives the pixels of Pillow and albumentations. False may decode a JPEG at 1/2,
            1/4 or 1/8 where that is enough, and prints by how much pixels differ. Maps are the same
            either way.
        payload: ``float32`` gives normalised pixels. ``uint8`` leaves normalising to
            `Loader.normalise`, after the batch was moved to where it is used.
        shuffle: True draws an order for each epoch.
        seed: Of these orders.
        sampler: Indices in the order of an epoch instead; iterated anew for each epoch.
        drop_last: True leaves out a last batch that is not full.
        targets: False: no maps, no polygons needed.
        params: How maps are drawn.
        ahead: Batches that are ready or in the making behind the one that is yielded; None for 2,
            or as many as keep all threads at work.

    Raises:
        OSError: A folder or file does not exist.
        ValueError: There are no images, lists do not fit together, or a number is out of its range.
    """
    samples = gather_samples(source, polygons, ignore, need_polygons=targets)
    workers = usable_cores() if workers is None else workers
    ahead = max(2, -(-2 * workers // max(batch_size, 1))) if ahead is None else ahead
    _require("image_size", image_size, 1)
    _require("workers", workers, 0)
    _require("ahead", ahead, 0)
    if payload not in get_args(Payload):
        raise ValueError(f"payload is {payload!r}, must be one of {', '.join(get_args(Payload))}")
    order = Order(len(samples), batch_size, shuffle, seed, sampler, drop_last)
    painting.load_compiled()
    if targets:
        kernel.warm()
    recipe = Recipe(image_size, exact, params if targets else None, payload)
    loader = Loader(samples, recipe, order, workers, ahead)
    if not exact:
        loader.difference = measure_difference(samples, image_size)
        print(f"feedrate: {loader.difference.describe()}", file=sys.stderr)
    return loader


def usable_cores() -> int:
    """Count the cores that this process may run on."""
    return len(os.sched_getaffinity(0))


def _require(name: str, value: int, least: int) -> None:
    if value < least:
        raise ValueError(f"{name} is {value}, must be {least} or more")
