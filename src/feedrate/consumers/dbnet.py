"""A real consumer: the forward pass of DBNet with ResNet-18 on the CPU, random weights."""

from __future__ import annotations

import torch
from torch.nn.utils import convert_conv2d_weight_memory_format

from feedrate.consumers import Consumer, HasImages, require_no_argument
from feedrate.dbnet import build_model


def build(argument: str | None = None) -> Consumer:
    """Build a consumer that runs one forward pass a batch and drops the maps.

    The weights are random, for time does not depend on them. Channels last, because it
    is about a third faster on a CPU.
    """
    require_no_argument("dbnet", argument)
    model = build_model()
    convert_conv2d_weight_memory_format(model, torch.channels_last)

    def consume(batch: HasImages) -> None:
        with torch.inference_mode():
            model(batch.images.contiguous(memory_format=torch.channels_last))

    return consume
