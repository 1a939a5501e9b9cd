"""The loss against values worked out by hand."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
import torch

from feedrate.dbloss import Truth, balanced_cross_entropy, db_loss, dice, masked_l1
from feedrate.dbnet import Maps

ONES = torch.ones(1, 1, 2, 4)


def shaped(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float32).reshape(1, 1, 2, 4)


def test_cross_entropy_takes_three_negatives_for_each_positive_the_hardest_first() -> None:
    truth = shaped(1, 0, 0, 0, 0, 0, 0, 0)
    predicted = shaped(0.5, 0.9, 0.1, 0.8, 0.2, 0.7, 0.3, 0.05)
    expected = -(math.log(0.5) + math.log(0.1) + math.log(0.2) + math.log(0.3)) / 4
    assert balanced_cross_entropy(predicted, truth, ONES).item() == pytest.approx(expected)


def test_what_is_masked_counts_neither_as_positive_nor_as_negative() -> None:
    truth = shaped(1, 1, 0, 0, 0, 0, 0, 0)
    predicted = shaped(0.5, 0.01, 0.99, 0.8, 0.2, 0.7, 0.3, 0.05)
    mask = shaped(1, 0, 0, 1, 1, 0, 0, 0)
    expected = -(math.log(0.5) + math.log(0.2) + math.log(0.8)) / 3
    assert balanced_cross_entropy(predicted, truth, mask).item() == pytest.approx(expected)


def test_dice_of_equal_half_equal_and_disjoint_maps() -> None:
    truth = shaped(1, 1, 0, 0, 0, 0, 0, 0)
    assert dice(truth, truth, ONES).item() == pytest.approx(0, abs=1e-6)
    assert dice(1 - truth, truth, ONES).item() == pytest.approx(1)
    assert dice(shaped(1, 0, 1, 0, 0, 0, 0, 0), truth, ONES).item() == pytest.approx(0.5)
    assert dice(1 - truth, truth, truth).item() == pytest.approx(1)  # nothing predicted in there
    assert dice(torch.ones_like(truth), truth, truth).item() == pytest.approx(0, abs=1e-6)


def test_l1_is_a_mean_inside_its_mask() -> None:
    predicted, truth = shaped(0.5, 0.5, 9, 9, 9, 9, 9, 9), shaped(0.3, 0.6, 0, 0, 0, 0, 0, 0)
    mask = shaped(1, 1, 0, 0, 0, 0, 0, 0)
    assert masked_l1(predicted, truth, mask).item() == pytest.approx(0.15)


def test_the_whole_is_weighted_as_published() -> None:
    shrink, inside = shaped(1, 0, 0, 0, 0, 0, 0, 0), shaped(1, 1, 0, 0, 0, 0, 0, 0)
    maps = Maps(shaped(*[0.5] * 8), shaped(*[0.5] * 8), shaped(*[0.25] * 8))
    truth = Truth(shrink, shaped(*[0.3] * 8), ONES, inside)
    expected = math.log(2) + 1.0 * (1 - 2 * 0.25 / (8 * 0.25 + 1)) + 10.0 * 0.2
    assert db_loss(maps, truth).item() == pytest.approx(expected, rel=1e-5)


def test_images_without_text_give_a_finite_loss_and_gradient() -> None:
    nothing, flat = torch.zeros_like(ONES), torch.full_like(ONES, 0.3)
    predicted = torch.full_like(ONES, 0.4).requires_grad_()
    maps = Maps(predicted, predicted * 1, predicted * 1)
    loss = db_loss(maps, Truth(nothing, flat, ONES, nothing))
    torch.autograd.backward(loss)
    assert loss.isfinite()
    assert predicted.grad is not None
    assert predicted.grad.isfinite().all()


def test_half_precision_maps_are_judged_in_full() -> None:
    truth = Truth(ONES, ONES, ONES, ONES)
    rough = Maps(*(torch.full_like(ONES, 0.5, dtype=torch.bfloat16) for _ in range(3)))
    assert db_loss(rough, truth).dtype == torch.float32


def test_a_batch_without_masks_counts_every_pixel() -> None:
    maps = torch.zeros(2, 1, 4, 4)
    mask = torch.zeros(2, 4, 4, dtype=torch.uint8)
    bare = Truth.of(SimpleNamespace(shrink_maps=maps, threshold_maps=maps))
    assert bare.shrink_mask.eq(1).all()
    assert bare.threshold_mask.eq(1).all()
    given = Truth.of(
        SimpleNamespace(
            shrink_maps=maps, threshold_maps=maps, shrink_masks=mask, threshold_masks=None
        )
    )
    assert given.shrink_mask.shape == maps.shape
    assert given.shrink_mask.eq(0).all()
    assert given.threshold_mask.eq(1).all()


def test_a_batch_without_maps_is_told_where_to_get_them() -> None:
    with pytest.raises(ValueError, match="no target maps") as told:
        Truth.of(SimpleNamespace(shrink_maps=None, threshold_maps=None))
    assert "npz_ram" in str(told.value)
    assert "none" not in str(told.value)
