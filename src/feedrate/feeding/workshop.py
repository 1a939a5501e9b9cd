"""A sample of a training loop becomes pixels and maps in their place, and a batch a dictionary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from feedrate.decoders import read_header
from feedrate.feeding.painting import paint_bytes, paint_floats, resize
from feedrate.feeding.scratch import Scratch, decode_into
from feedrate.feeding.tray import Tray, Trays, put_maps
from feedrate.pipeline import usable_polygons
from feedrate.sample import Polygon, Sample
from feedrate.targets.kernel import build_targets
from feedrate.targets.params import Outcome, TargetParams
from feedrate.transforms.letterbox import Letterbox

Payload = Literal["float32", "uint8"]
"""What the pixels of a batch are."""


@dataclass(frozen=True)
class Recipe:
    """How a sample is made.

    Attributes:
        image_size: Side of the square (px).
        exact: Whether pixels are those of a whole decode; else a JPEG is decoded as small as is
            enough.
        params: How maps are drawn; None draws none.
        payload: ``float32`` for normalised pixels, ``uint8`` for those that are normalised later.
    """

    image_size: int
    exact: bool
    params: TargetParams | None
    payload: Payload = "float32"


@dataclass(frozen=True, eq=False)
class Made:
    """What there is to know of a sample besides its pixels and maps.

    Attributes:
        polygons: Those that were drawn or masked, in the frame of the square.
        ignore: One flag each.
        inverse: ``(3, 3)`` float64, from pixels of the square to pixels of the image.
        left_out: How many polygons were not drawn, by reason.
    """

    polygons: list[Polygon]
    ignore: list[bool]
    inverse: npt.NDArray[np.float64]
    left_out: dict[str, int]


class Workshop:
    """Makes batches of samples; a `feedrate.feeding.crew.Maker`.

    Attributes:
        samples: In index order.
        recipe: How each is made.
    """

    def __init__(self, samples: Sequence[Sample], recipe: Recipe, trays: Trays) -> None:
        self.samples, self.recipe = samples, recipe
        self._trays = trays
        self._decoded, self._resized, self._shrunk = Scratch(), Scratch(), Scratch()

    def begin(self, count: int) -> Tray:
        """Borrow room for a batch."""
        return self._trays.lend(count)

    def make(self, tray: Tray, place: int, index: int) -> Made:
        """Write the pixels and the maps of one sample.

        Raises:
            OSError: Its file cannot be read.
            ValueError: The file is damaged, no image that is decoded here, or of another size than
                its sample says; or a polygon is not ``(N, 2)``. The message names the file.
        """
        sample = self.samples[index]
        data = sample.image_path.read_bytes()
        try:
            letterbox = self._paint(sample, data, tray, place)
            return self._draw(sample, letterbox, tray, place)
        except ValueError as error:
            raise ValueError(f"{sample.image_path}: {error}") from error

    def finish(self, tray: Tray, indices: Sequence[int], made: list[Made]) -> dict[str, Any]:
        """Put a batch together; copies nothing."""
        paths = [self.samples[index].image_path for index in indices]
        batch = {
            "images": tray.image_tensor(),
            "image_filename": [path.name for path in paths],
            "image_path": [str(path) for path in paths],
            "inverse_matrix": [each.inverse for each in made],
            "indices": list(indices),
        }
        if self.recipe.params is None:
            return batch
        return batch | {
            "polygons": [each.polygons for each in made],
            "ignore": [each.ignore for each in made],
            "prob_maps": tray.shrink_maps.tensor(),
            "thresh_maps": tray.threshold_maps.tensor(),
            "prob_mask": tray.shrink_masks.tensor(),
            "thresh_mask": tray.threshold_masks.tensor(),
            "left_out": [each.left_out for each in made],
        }

    def _paint(self, sample: Sample, data: bytes, tray: Tray, place: int) -> Letterbox:
        """Decode, resize, and normalise where that is left to nobody else."""
        header, size = read_header(data), self.recipe.image_size
        if sample.width and (sample.width, sample.height) != (header.width, header.height):
            raise ValueError(
                f"is {header.width} x {header.height} px, but its sample was made for"
                f" {sample.width} x {sample.height}; read the dataset again"
            )
        letterbox = Letterbox.of((header.height, header.width), size)
        image = decode_into(data, header, None if self.recipe.exact else size, self._decoded)
        if self.recipe.payload == "float32":
            room = self._resized.room((letterbox.height, letterbox.width, 3))
            paint_floats(resize(image, room), tray.images, place)
        else:
            paint_bytes(image, letterbox, tray.images, place)
        return letterbox

    def _draw(self, sample: Sample, letterbox: Letterbox, tray: Tray, place: int) -> Made:
        """Move the polygons along and draw the maps of those that can be drawn."""
        inverse, params = invert(letterbox), self.recipe.params
        if params is None:
            return Made([], [], inverse, {})
        moved = letterbox.move([item.polygon for item in sample.instances])
        kept = _usable(moved)
        polygons = [moved[number] for number in kept]
        ignore = [sample.instances[number].ignore for number in kept]
        side = (letterbox.size, letterbox.size)
        shrink_map = self._shrunk.room(side)
        targets = build_targets(polygons, ignore, side, params, tray.targets(place, shrink_map))
        put_maps(targets, tray, place)
        return Made(polygons, ignore, inverse, targets.left_out() | _unusable(moved, kept))


def invert(letterbox: Letterbox) -> npt.NDArray[np.float64]:
    """Return ``(3, 3)``: from pixels ``(x, y, 1)`` of the square to those of the image."""
    left, top = letterbox.corner
    scale = letterbox.scale
    return np.array([[1 / scale, 0, -left / scale], [0, 1 / scale, -top / scale], [0, 0, 1]])


def _usable(polygons: Sequence[Polygon]) -> Sequence[int]:
    """Do what `usable_polygons` does, one by one only where not all of them are usable."""
    if polygons and min(map(len, polygons)) >= 3 and np.isfinite(np.concatenate(polygons)).all():
        return range(len(polygons))
    return usable_polygons(polygons)


def _unusable(polygons: Sequence[Polygon], kept: Sequence[int]) -> dict[str, int]:
    """Count the polygons that were not even handed to the kernel, by reason."""
    if len(kept) == len(polygons):
        return {}
    dropped = [polygons[number] for number in set(range(len(polygons))) - set(kept)]
    few = sum(len(polygon) < 3 for polygon in dropped)
    counts = {Outcome.TOO_FEW_POINTS: few, Outcome.NOT_FINITE: len(dropped) - few}
    return {outcome.name.lower(): count for outcome, count in counts.items() if count}
