"""A real consumer: the forward pass of DBNet with ResNet-18, random weights."""

from __future__ import annotations

import torch

from feedrate.consumers import Consumer, HasImages
from feedrate.consumers.precision import Precision
from feedrate.dbnet import build_model


def build(argument: str | None = None) -> Consumer:
    """Build a consumer that runs one forward pass a batch and drops the maps.

    The weights are random, for time does not depend on them.

    Args:
        argument: None for float32, or one of `feedrate.consumers.precision.CHOICES`.

    Raises:
        ValueError: The argument is another.
    """
    precision = Precision.parse("dbnet", argument)
    model = precision.place_model(build_model())

    def consume(batch: HasImages) -> None:
        with torch.inference_mode(), precision.autocast():
            model(precision.place_images(batch.images))
        precision.finish()

    return consume
