"""A real consumer: a training step of DBNet (forward, loss, backward, update), random weights.

The optimiser is the paper's (arXiv:1911.08947, "Implementation details"): SGD with a momentum of
0.9 and a weight decay of 1e-4, at the initial learning rate of 0.007. The rate's decay over epochs
is left out: it changes numbers, not time.
"""

from __future__ import annotations

from typing import Any

from torch import autograd
from torch.optim import SGD

from feedrate.consumers import Consumer
from feedrate.consumers.precision import Precision
from feedrate.dbloss import Truth, db_loss
from feedrate.dbnet import build_model

LEARNING_RATE, MOMENTUM, WEIGHT_DECAY = 0.007, 0.9, 1e-4


def build(argument: str | None = None) -> Consumer:
    """Build a consumer that trains on each batch once.

    Args:
        argument: None for float32, or one of `feedrate.consumers.precision.CHOICES`.

    Raises:
        ValueError: The argument is another; or, when it is called, a batch has no maps.
    """
    precision = Precision.parse("dbnet_train", argument)
    model = precision.place_model(build_model()).train()
    optimiser = SGD(model.parameters(), LEARNING_RATE, MOMENTUM, weight_decay=WEIGHT_DECAY)

    def consume(batch: Any) -> None:
        truth = Truth.of(batch).to(precision.device)
        optimiser.zero_grad()
        with precision.autocast():
            maps = model(precision.place_images(batch.images))
        autograd.backward(db_loss(maps, truth))
        optimiser.step()
        precision.finish()

    return consume
