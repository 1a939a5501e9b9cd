"""How a network computes: number format, memory format and device; ``dbnet`` and ``dbnet_train``.

What is not asked for is torch's default: float32, contiguous. An accelerator is used where torch
finds one.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils import convert_conv2d_weight_memory_format

from feedrate.dbnet import DBNet

CHOICES = {
    None: (False, False),
    "bf16": (True, False),
    "channels_last": (False, True),
    "bf16-channels_last": (True, True),
}
"""Argument of the consumer: whether it computes in bfloat16, whether channels lie last."""


@dataclass(frozen=True)
class Precision:
    """What a network's step shares with every other.

    Attributes:
        bf16: Whether matrix products are computed in bfloat16 (autocast), not in float32.
        channels_last: Whether weights and images lie in memory with the channels last.
        device: Where it is computed.
    """

    bf16: bool
    channels_last: bool
    device: torch.device

    @classmethod
    def parse(cls, name: str, argument: str | None) -> Precision:
        """Read the argument of the consumer of this name.

        Raises:
            ValueError: The argument is none of `CHOICES`.
        """
        if argument not in CHOICES:
            allowed = ", ".join(f"{name}:{choice}" if choice else name for choice in CHOICES)
            raise ValueError(
                f"consumer {name}:{argument}: {argument!r} is unknown; write {allowed}"
            )
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        return cls(*CHOICES[argument], device)

    def autocast(self) -> torch.autocast:
        """Return the context in which the network is called."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16)

    def place_model(self, model: DBNet) -> DBNet:
        """Move a model to the device, in the memory format; returns the model."""
        convert_conv2d_weight_memory_format(model.to(self.device), self._format())
        return model

    def place_images(self, images: Tensor) -> Tensor:
        """Return ``(B, 3, H, W)`` images on the device in the memory format; a view if they are."""
        placed = images.to(self.device, non_blocking=True)
        return placed.contiguous(memory_format=self._format())

    def finish(self) -> None:
        """Wait for the device: kernels of an accelerator run on after the call that starts them."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def _format(self) -> torch.memory_format:
        return torch.channels_last if self.channels_last else torch.contiguous_format
