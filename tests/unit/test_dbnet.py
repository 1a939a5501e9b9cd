from __future__ import annotations

import pytest
import torch

from feedrate.dbnet import DBNet, build_model

BLOCK = ["conv1.weight", *(f"bn1.{name}" for name in ("weight", "bias"))]
BLOCK += ["conv2.weight", *(f"bn2.{name}" for name in ("weight", "bias"))]
SHORTCUT = ["downsample.0.weight", "downsample.1.weight", "downsample.1.bias"]


@pytest.fixture(scope="module")
def model() -> DBNet:
    return build_model()


def test_backbone_has_the_parameters_of_torchvisions_resnet18(model: DBNet) -> None:
    expected = ["conv1.weight", "bn1.weight", "bn1.bias"]
    for layer in (1, 2, 3, 4):
        first = [*BLOCK, *(SHORTCUT if layer > 1 else [])]
        expected += [f"layer{layer}.0.{name}" for name in first]
        expected += [f"layer{layer}.1.{name}" for name in BLOCK]
    assert [name for name, _ in model.backbone.named_parameters()] == expected
    assert len(model.backbone.state_dict()) == 120  # torchvision's 122 less fc.weight, fc.bias
    assert sum(p.numel() for p in model.backbone.parameters()) == 11_176_512


def test_backbone_shapes(model: DBNet) -> None:
    with torch.inference_mode():
        maps = model.backbone(torch.zeros(2, 3, 64, 96))
    shapes = [(2, 64, 16, 24), (2, 128, 8, 12), (2, 256, 4, 6), (2, 512, 2, 3)]
    assert [tuple(x.shape) for x in maps] == shapes


def test_whole_model_has_the_size_of_the_published_one(model: DBNet) -> None:
    neck = 256 * (64 + 128 + 256 + 512) + 4 * 256 * 64 * 9
    head = 256 * 64 * 9 + 2 * 64 + 64 * 64 * 4 + 64 + 2 * 64 + 64 * 4 + 1
    assert sum(p.numel() for p in model.parameters()) == 11_176_512 + neck + 2 * head


def test_maps_have_the_inputs_size_and_obey_equation_2(model: DBNet) -> None:
    images = torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        maps = model(images)
    for x in maps:
        assert x.shape == (2, 1, 64, 96)
        assert x.isfinite().all()
        assert x.min() >= 0
        assert x.max() <= 1
    expected = 1 / (1 + torch.exp(-50.0 * (maps.probability - maps.threshold)))
    torch.testing.assert_close(maps.binary, expected)
    assert maps.probability.std() > 0


def test_images_of_a_batch_do_not_mix(model: DBNet) -> None:
    images = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        both, alone = model(images), model(images[1:])
    torch.testing.assert_close(both.probability[1:], alone.probability, rtol=1e-4, atol=1e-5)


def test_weights_depend_on_the_seed_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    weights = [build_model(seed).probability[0].weight for seed in (1, 1, 2)]
    assert torch.equal(torch.rand(3), expected)  # the caller's random stream is untouched
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_eval_mode_leaves_the_statistics_alone(model: DBNet) -> None:
    before = model.backbone.bn1.running_mean.clone()
    with torch.inference_mode():
        model(torch.rand(1, 3, 64, 64))
    assert not any(module.training for module in model.modules())
    assert torch.equal(model.backbone.bn1.running_mean, before)


def test_an_impossible_size_is_named(model: DBNet) -> None:
    with pytest.raises(ValueError, match="100 x 64 px"):
        model(torch.zeros(1, 3, 64, 100))
