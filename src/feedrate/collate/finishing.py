"""What the consumer's side does to a batch before the network takes it: normalise, if that is left.

A batch of uint8 is a quarter of the bytes through the loader's queues; somebody has to normalise
it all the same, and that is clocked as ``transfer``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from feedrate.pipeline import Pipeline

Finish = Callable[[Any], Any]
"""Takes a batch as it arrived, and returns it as a consumer wants it."""


def build_finish(pipeline: Pipeline) -> Finish:
    """Build what brings a pipeline's batches to normalised float32 ``(B, 3, S, S)``."""
    if pipeline.payload == "float32":
        return _as_it_is
    from feedrate.transforms.lookup import look_up, table_of

    table = table_of(pipeline.transform)
    look_up(np.zeros((1, 1, 3), np.uint8), table, np.zeros((3, 1, 1), np.float32))

    def finish(batch: Any) -> Any:
        pixels = batch.images.permute(0, 2, 3, 1).numpy()
        count, height, width, channels = pixels.shape
        images = np.empty((count, channels, height, width), np.float32)
        for place in range(count):
            look_up(pixels[place], table, images[place])
        return batch._replace(images=torch.from_numpy(images))

    return finish


def _as_it_is(batch: Any) -> Any:
    return batch
