"""A drop-in for the usual collate function of a DBNet, its maps made by the kernel.

The usual one draws each image's maps in numpy and pyclipper, inside the collate function, and
stacks copies of them. Here the kernel writes each map where it belongs in the batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import default_collate, get_worker_info

from feedrate.sample import Polygon
from feedrate.targets.kernel import build_targets, warm
from feedrate.targets.params import DEFAULT_PARAMS, TargetParams, Targets

Item = Mapping[str, Any]


class DBCollate:
    """Collate function of a `torch.utils.data.DataLoader`; give it an instance.

    An item is a dictionary with

    * ``image``: ``(3, H, W)`` tensor, all of a batch equally large;
    * ``polygons``: arrays ``(N, 2)`` or ``(1, N, 2)`` of any number type, pixels ``(x, y)`` in the
      frame of the image; None counts as no polygons;
    * ``ignore`` (optional): one flag a polygon, true where the text takes no part in the loss;
    * anything else.

    A batch is a dictionary with

    * ``images``: ``(B, 3, H, W)``;
    * ``prob_maps``, ``thresh_maps``: ``(B, 1, H, W)`` float32, the shrink and threshold maps;
    * ``prob_mask``, ``thresh_mask``: ``(B, 1, H, W)`` uint8, 1 where a map counts in the loss,
      under the names by which the usual loss asks for them;
    * ``left_out``: for each image, how many polygons were not drawn, by reason;
    * every other key of the items, as a list.

    The kernel is compiled, or loaded from numba's cache, when an instance is made, before workers
    fork; a worker that is spawned loads it when it unpickles the instance.

    Attributes:
        params: How the maps are made.
        inference_mode: True: no maps, no masks, and no polygons needed.
    """

    def __init__(self, params: TargetParams = DEFAULT_PARAMS) -> None:
        self.params = params
        self.inference_mode = False
        warm()

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore an instance in a spawned worker, with the kernel loaded."""
        self.__dict__.update(state)
        warm()

    def __call__(self, items: Sequence[Item]) -> dict[str, Any]:
        """Make a batch.

        Raises:
            ValueError: An item lacks a key that the first one has, or its polygons or flags are
                not as described above; the message names the item.
        """
        columns = {
            key: [_field(items, place, key) for place in range(len(items))] for key in items[0]
        }
        batch = {"images": default_collate(columns.pop("image")), **columns}
        return batch if self.inference_mode else batch | self._draw(items, batch["images"].shape)

    def _draw(self, items: Sequence[Item], shape: torch.Size) -> dict[str, Any]:
        """Make the maps of all images, each in its place of tensors for the whole batch."""
        count, _, height, width = shape
        size = (height, width)
        prob_maps, thresh_maps = (_allocate(count, size, torch.float32) for _ in range(2))
        prob_mask, thresh_mask = (_allocate(count, size, torch.uint8) for _ in range(2))
        shrink_map = np.empty(size, dtype=np.uint8)  # stays in the processor's cache
        left_out = []
        for place in range(count):
            slices = (tensor[place, 0].numpy() for tensor in (prob_mask, thresh_maps, thresh_mask))
            targets = self._build(items, place, Targets(shrink_map, *slices))
            prob_maps[place, 0].numpy()[...] = shrink_map
            left_out.append(targets.left_out())
        return {
            "prob_maps": prob_maps,
            "thresh_maps": thresh_maps,
            "prob_mask": prob_mask,
            "thresh_mask": thresh_mask,
            "left_out": left_out,
        }

    def _build(self, items: Sequence[Item], place: int, out: Targets) -> Targets:
        outlines, ignore = _field(items, place, "polygons"), items[place].get("ignore")
        try:
            polygons = [] if outlines is None else [_points(outline) for outline in outlines]
            flags = [False] * len(polygons) if ignore is None else [bool(flag) for flag in ignore]
            return build_targets(polygons, flags, out.threshold_map.shape, self.params, out)
        except ValueError as error:
            raise ValueError(f"{_name(items, place)}: {error}") from error


def _field(items: Sequence[Item], place: int, key: str) -> Any:
    if key not in items[place]:
        raise ValueError(f"{_name(items, place)} has no {key!r}, only {', '.join(items[place])}")
    return items[place][key]


def _name(items: Sequence[Item], place: int) -> str:
    known = items[place].get("image_filename")
    return f"item {place} of the batch" + (f" ({known})" if known else "")


def _points(polygon: npt.ArrayLike) -> Polygon:
    """Drop the leading 1 of ``(1, N, 2)``; any other shape is the kernel's to judge."""
    points = np.asarray(polygon, dtype=np.float64)
    return points[0] if points.ndim == 3 and len(points) == 1 else points


def _allocate(count: int, size: tuple[int, int], dtype: torch.dtype) -> torch.Tensor:
    """Make room for the maps of a batch: ``(count, 1, *size)``, contents undefined.

    In a worker it lies in shared memory from the start, where torch would have to copy it to
    later; `default_collate` is the public way to get there.
    """
    if get_worker_info() is None:
        return torch.empty((count, 1, *size), dtype=dtype)
    room: torch.Tensor = default_collate([torch.empty((1, *size), dtype=dtype)] * count)
    return room
