"""Consumers: what takes the batches of a loader; each stands for a kind of training step."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # a consumer that needs no torch must not load it
    import torch


class HasImages(Protocol):
    """All that most consumers ask of a batch, so that a user's own loader needs no class of ours.

    ``dbnet_train`` also asks for ``shrink_maps`` and ``threshold_maps``, and takes their masks
    where there are any; see `feedrate.dbloss.Truth`.
    """

    @property
    def images(self) -> torch.Tensor:
        """``(B, 3, H, W)`` float32."""


Consumer = Callable[[Any], None]
"""The contract: ``build(argument)`` returns one, which takes a batch (`HasImages`).

`argument` is what follows the level's colon. A consumer leaves the batch alone, and returns when
its work is done: one that uses an accelerator waits for it.
"""


def require_no_argument(name: str, argument: str | None) -> None:
    """Refuse an argument on behalf of a consumer that takes none.

    Raises:
        ValueError: There is one.
    """
    if argument is not None:
        raise ValueError(f"consumer {name}:{argument}: {name!r} takes no argument; write {name!r}")


def parse_milliseconds(name: str, argument: str | None) -> float:
    """Read the argument of a consumer that takes milliseconds a batch, such as ``"20"``.

    Raises:
        ValueError: The argument is missing or no number of milliseconds.
    """
    try:
        milliseconds = float(argument or "")
    except ValueError:
        milliseconds = math.nan
    if not 0 <= milliseconds < math.inf:
        raise ValueError(
            f"consumer {name}: {argument!r} is no number of milliseconds; write '{name}:20'"
        )
    return milliseconds
