"""Transforms: from a decoded image to the network's input, with its polygons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from feedrate.cell import split_level
from feedrate.registry import Plugins, resolve
from feedrate.sample import Image, Polygon, Prepared

Frame = tuple[int, int]
"""Height and width (px) that polygons refer to."""


class Transform(Protocol):
    """The contract of a transform; a plug-in's ``build(size, argument)`` returns one, made once.

    The argument is what stands behind the colon of its level (``opencv:area``), or None.

    The two halves are apart because a decoded store keeps what lies between them.

    Attributes:
        random: Whether two calls of `fit` may move the same polygons differently. The module of a
            random plug-in says so too, by `RANDOM = True`: the exercise gate then lets batches
            differ that are equal otherwise.
    """

    random: bool

    def fit(
        self, image: Image, polygons: Sequence[Polygon], frame: Frame | None = None
    ) -> Prepared:
        """Resize and pad to ``(S, S, 3)`` uint8; move every polygon along, clip and drop none.

        Args:
            image: ``(H, W, 3)`` uint8 RGB of any size.
            polygons: ``(N, 2)`` float64 pixels ``(x, y)`` each; may lie outside of the image.
            frame: Size of the image that the polygons refer to, where a decoder or a store handed
                over a smaller copy of it; None: the image's own.
        """

    def normalise(self, image: Image) -> npt.NDArray[np.float32]:
        """Turn ``(S, S, 3)`` uint8 into ``(S, S, 3)`` float32 of about zero mean, unit variance."""


def build_transform(level: str, size: int, plugins: Plugins | None = None) -> Any:
    """Build the transform that a level names, with its argument if it has one.

    Raises:
        feedrate.registry.UnknownPluginError: The level names no transform.
        ValueError: It takes no such argument.
    """
    name, argument = split_level(level)
    build = resolve("transforms", name, plugins)
    return build(size) if argument is None else build(size, argument)


CURES = {
    "maps": "choose `targets: kernel`, which draws the maps of each outcome",
    "images": "choose `images: disk` or `ram`, which have each image brought to size anew",
}
"""What may be stored, and what to choose in its place."""


def require_repeatable(transform: object, name: str, stored: str = "maps") -> None:
    """Refuse a transform that what is stored cannot follow.

    Maps stored for one outcome of a random flip, beside an image flipped anew, teach a network
    mirrored targets without any error. Images stored after it show one outcome for ever.

    Args:
        transform: What a plug-in's ``build`` returned.
        name: Its level, for the message.
        stored: A key of `CURES`.

    Raises:
        ValueError: It is random, or does not say.
    """
    random = getattr(transform, "random", None)
    if random is False:
        return
    cure = CURES[stored]
    if random is None:
        cure = f"give it the attribute `random = False` if it is not, else {cure}"
    trouble = "does not say whether it is random" if random is None else "is random"
    raise ValueError(
        f"transform {name!r} {trouble}, and stored {stored} fit one outcome only; {cure}"
    )
