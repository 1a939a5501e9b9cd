"""An albumentations transform, operation by operation, as `Compose` itself would run it.

Works for every transform plug-in that keeps its operations as attributes, in the order of use:
ours, and a user's own.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import Any

import numpy as np

from feedrate.sample import Image, Polygon

KEYPOINTS = "keypoints in and out"
"""Points into albumentations' own form and back, with the checks of the input."""

CHECKS = "checks between operations"

Part = Any
"""An operation of albumentations, or a `Compose` of them; the library has no types."""


def parts_of(transform: object) -> list[Part]:
    """List the operations and compositions that a transform holds.

    Raises:
        ValueError: It holds none.
    """
    from albumentations import BaseCompose, BasicTransform

    parts = [
        value
        for value in vars(transform).values()
        if isinstance(value, BaseCompose | BasicTransform)
    ]
    if not parts:
        raise ValueError(
            f"{type(transform).__name__} keeps no operation of albumentations as an attribute"
        )
    return parts


def walk(
    parts: Sequence[Part], image: Image, polygons: Sequence[Polygon]
) -> Generator[str, None, Any]:
    """Run the parts one after the other, one step of one operation between two yields.

    Args:
        parts: From `parts_of`.
        image: ``(H, W, 3)`` uint8.
        polygons: Their points are carried along as keypoints.

    Yields:
        The name of the step just done. A name may come several times an image.

    Returns:
        The image as the last part leaves it.
    """
    points = np.concatenate([np.empty((0, 2)), *polygons])
    for part in parts:
        if hasattr(part, "transforms"):
            data: dict[str, Any] = {"image": image}
            if "keypoints" in part.processors:
                data["keypoints"] = points
            yield from _compose(part, data)
            image = data["image"]
        else:
            image = part(image=image)["image"]
            yield type(part).__name__
    return image


def _compose(compose: Part, data: dict[str, Any]) -> Iterator[str]:
    """Do what ``Compose.__call__`` does; `data` holds the outcome."""
    compose.preprocess(data)
    yield KEYPOINTS
    for operation in compose.transforms:
        data |= operation(**data)
        yield type(operation).__name__
        data |= compose.check_data_post_transform(data)
        yield CHECKS
    data |= compose.postprocess(data)
    yield KEYPOINTS
