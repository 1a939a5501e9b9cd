"""The loss that DBNet is trained with.

Liao et al., "Real-time Scene Text Detection with Differentiable Binarization" (arXiv:1911.08947),
section "Optimization": ``L = L_s + alpha L_b + beta L_t`` with alpha = 1 and beta = 10. L_s is the
cross entropy of the probability map, with the hardest negatives, three for every positive; L_t is
the mean absolute error of the threshold map inside the dilated texts. For the binary map the paper
writes the cross entropy too; here, as in its authors' code, L_b is the Dice loss
(Milletari et al. 2016, arXiv:1606.04797).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from feedrate.dbnet import Maps
from feedrate.registry import REGISTRIES

BINARY_FACTOR, THRESHOLD_FACTOR = 1.0, 10.0
"""alpha and beta."""

NEGATIVES_A_POSITIVE = 3.0
_TINY = 1e-6  # keeps an empty sum from dividing by zero


class Truth(NamedTuple):
    """What the maps should be, each ``(B, 1, H, W)`` float32.

    Attributes:
        shrink_map: 1 inside shrunk texts.
        threshold_map: The borders of the texts.
        shrink_mask: 1 where the shrink map counts in the loss.
        threshold_mask: 1 where the threshold map counts.
    """

    shrink_map: Tensor
    threshold_map: Tensor
    shrink_mask: Tensor
    threshold_mask: Tensor

    @classmethod
    def of(cls, batch: Any) -> Truth:
        """Take the maps out of a batch; where it has no masks, every pixel counts.

        Raises:
            ValueError: It has no maps.
        """
        shrink, threshold = (
            getattr(batch, name, None) for name in ("shrink_maps", "threshold_maps")
        )
        if shrink is None or threshold is None:
            having = ", ".join(name for name in REGISTRIES["targets"] if name != "none")
            raise ValueError(
                "consumer dbnet_train: the batch has no target maps to train on; "
                f"levels of targets that have them: {having}"
            )
        masks = [_mask(batch, name, shrink) for name in ("shrink_masks", "threshold_masks")]
        return cls(shrink.float(), threshold.float(), *masks)

    def to(self, device: torch.device) -> Truth:
        """Return the maps on a device."""
        return Truth(*(each.to(device, non_blocking=True) for each in self))


def _mask(batch: Any, name: str, like: Tensor) -> Tensor:
    mask: Tensor | None = getattr(batch, name, None)
    if mask is None:
        return torch.ones_like(like, dtype=torch.float32)
    return mask.reshape(like.shape).float()


def db_loss(maps: Maps, truth: Truth) -> Tensor:
    """Return L, a scalar, of predicted maps of any precision; it is computed in float32."""
    probability, threshold, binary = (each.float() for each in maps)
    return (
        balanced_cross_entropy(probability, truth.shrink_map, truth.shrink_mask)
        + BINARY_FACTOR * dice(binary, truth.shrink_map, truth.shrink_mask)
        + THRESHOLD_FACTOR * masked_l1(threshold, truth.threshold_map, truth.threshold_mask)
    )


def balanced_cross_entropy(predicted: Tensor, truth: Tensor, mask: Tensor) -> Tensor:
    """L_s: the mean cross entropy of all positives and of the hardest negatives.

    Where the mask leaves no positive it is 0, as in the authors' code.
    """
    losses = functional.binary_cross_entropy(predicted, truth, reduction="none")
    positives, negatives = truth * mask, (1 - truth) * mask
    count = int(positives.sum())
    hard = min(int(negatives.sum()), int(count * NEGATIVES_A_POSITIVE))
    hardest = (losses * negatives).flatten().topk(hard).values
    return ((losses * positives).sum() + hardest.sum()) / (count + hard + _TINY)


def dice(predicted: Tensor, truth: Tensor, mask: Tensor) -> Tensor:
    """L_b: 0 where both maps agree inside the mask, 1 where they share nothing."""
    shared = (predicted * truth * mask).sum()
    return 1 - 2 * shared / ((predicted * mask).sum() + (truth * mask).sum() + _TINY)


def masked_l1(predicted: Tensor, truth: Tensor, mask: Tensor) -> Tensor:
    """L_t: the mean absolute error inside the mask; 0 where that is empty."""
    return ((predicted - truth).abs() * mask).sum() / (mask.sum() + _TINY)
