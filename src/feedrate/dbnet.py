"""DBNet: the text detector whose input pipeline is measured.

Liao, Wan, Yao, Chen, Bai: "Real-time Scene Text Detection with Differentiable Binarization",
AAAI 2020 (arXiv:1911.08947). The backbone is ResNet-18 (He et al. 2016) with the parameter names
of torchvision, so that its published weights load as they are.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

STRIDE = 32
"""The deepest feature map is this many times smaller than the input."""


class Maps(NamedTuple):
    """What DBNet predicts, each ``(B, 1, H, W)`` in 0..1 at the input's size."""

    probability: Tensor
    threshold: Tensor
    binary: Tensor


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut: ``(B, C_in, H, W)`` to ``(B, C, H/s, W/s)``."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Module | None = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Add the shortcut to the residual."""
        shortcut = x if self.downsample is None else self.downsample(x)
        residual = functional.relu(self.bn1(self.conv1(x)))
        return functional.relu(self.bn2(self.conv2(residual)) + shortcut)


class ResNet18(nn.Module):
    """``(B, 3, H, W)`` to four maps of 64, 128, 256, 512 channels at 1/4, 1/8, 1/16, 1/32."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = _stage(64, 64, stride=1)
        self.layer2 = _stage(64, 128, stride=2)
        self.layer3 = _stage(128, 256, stride=2)
        self.layer4 = _stage(256, 512, stride=2)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the maps, finest first."""
        x = functional.relu(self.bn1(self.conv1(x)))
        x = functional.max_pool2d(x, 3, 2, padding=1)
        maps = []
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = stage(x)
            maps.append(x)
        return maps


def _stage(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(BasicBlock(inputs, outputs, stride), BasicBlock(outputs, outputs, 1))


class FeaturePyramid(nn.Module):
    """Four maps to one of `channels` channels at 1/4: each level gives a quarter of them."""

    def __init__(self, inputs: tuple[int, ...], channels: int) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(nn.Conv2d(n, channels, 1, bias=False) for n in inputs)
        self.smooth = nn.ModuleList(
            nn.Conv2d(channels, channels // len(inputs), 3, padding=1, bias=False) for _ in inputs
        )

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Add from the coarsest down, smooth, bring all to the finest size, concatenate."""
        levels = [lateral(x) for lateral, x in zip(self.lateral, maps, strict=True)]
        for fine in range(len(levels) - 2, -1, -1):
            levels[fine] = levels[fine] + functional.interpolate(levels[fine + 1], scale_factor=2)
        size = levels[0].shape[-2:]
        smoothed = [smooth(x) for smooth, x in zip(self.smooth, levels, strict=True)]
        return torch.cat([functional.interpolate(x, size=size) for x in smoothed], dim=1)


def _head(channels: int) -> nn.Sequential:
    """``(B, C, H/4, W/4)`` to ``(B, 1, H, W)`` in 0..1: a convolution, two doublings."""
    quarter = channels // 4
    return nn.Sequential(
        nn.Conv2d(channels, quarter, 3, padding=1, bias=False),
        nn.BatchNorm2d(quarter),
        nn.ReLU(),
        nn.ConvTranspose2d(quarter, quarter, 2, 2),
        nn.BatchNorm2d(quarter),
        nn.ReLU(),
        nn.ConvTranspose2d(quarter, 1, 2, 2),
        nn.Sigmoid(),
    )


class DBNet(nn.Module):
    """ResNet-18, feature pyramid, and two heads joined by the differentiable binarisation.

    Attributes:
        steepness: k of equation 2, ``B = 1 / (1 + exp(-k (P - T)))``.
    """

    def __init__(self, channels: int = 256, steepness: float = 50.0) -> None:
        super().__init__()
        self.steepness = steepness
        self.backbone = ResNet18()
        self.neck = FeaturePyramid((64, 128, 256, 512), channels)
        self.probability = _head(channels)
        self.threshold = _head(channels)

    def forward(self, images: Tensor) -> Maps:
        """Predict the three maps of ``(B, 3, H, W)`` float32 images.

        Raises:
            ValueError: A side is no multiple of 32.
        """
        height, width = images.shape[-2:]
        if height % STRIDE or width % STRIDE:
            raise ValueError(
                f"DBNet: input of {width} x {height} px; sides must be multiples of 32"
            )
        features = self.neck(self.backbone(images))
        probability, threshold = self.probability(features), self.threshold(features)
        binary = torch.sigmoid(self.steepness * (probability - threshold))
        return Maps(probability, threshold, binary)


def build_model(seed: int = 0) -> DBNet:
    """Build a DBNet in eval mode; equal seeds give equal weights (the global seed is untouched)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = DBNet()
        for module in model.backbone.modules():
            if isinstance(module, nn.Conv2d):
                # He et al. 2015: keeps the scale of activations through the layers.
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return model.eval()
