"""Consumers: what takes the batches of a loader; each stands for a kind of training step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # a consumer that needs no torch must not load it
    import torch


class HasImages(Protocol):
    """All that a consumer asks of a batch, so that a user's own loader needs no class of ours."""

    @property
    def images(self) -> torch.Tensor:
        """``(B, 3, H, W)`` float32."""


Consumer = Callable[[HasImages], None]
"""The contract: ``build(argument)`` returns one. `argument` is what follows the level's colon."""


def require_no_argument(name: str, argument: str | None) -> None:
    """Refuse an argument on behalf of a consumer that takes none.

    Raises:
        ValueError: There is one.
    """
    if argument is not None:
        raise ValueError(f"consumer {name}:{argument}: {name!r} takes no argument; write {name!r}")
