"""PyTorch's antialiased resize of uint8 pixels: what torchvision's transforms v2 call.

Bilinear as OpenCV's, but every pixel of the image counts, whatever it is shrunk by: the triangle
grows with the scale (as in Pillow). It costs a fraction of ``INTER_AREA``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from torch.nn.functional import interpolate
from torch.utils.dlpack import from_dlpack

from feedrate.sample import Image, Polygon, Prepared
from feedrate.transforms import Frame
from feedrate.transforms.imagenet import normalise
from feedrate.transforms.letterbox import fit_letterbox


class TorchTransform:
    """The letterbox of the other transforms, painted by `torch.nn.functional.interpolate`."""

    random = False

    def __init__(self, size: int) -> None:
        self._size = size

    def fit(
        self, image: Image, polygons: Sequence[Polygon], frame: Frame | None = None
    ) -> Prepared:
        """Resize and pad; see `feedrate.transforms.Transform`."""
        return fit_letterbox(image, polygons, frame, self._size, resize_with_torch)

    def normalise(self, image: Image) -> npt.NDArray[np.float32]:
        """Subtract the mean and divide by the standard deviation, channel by channel."""
        return normalise(image)


def resize_with_torch(image: Image, out: Image) -> None:
    """Resize an image into another one, a part of a larger one as well."""
    # By DLPack: from_numpy warns of images that are read-only, as Pillow's are; it is only read.
    pixels = from_dlpack(image).permute(2, 0, 1)[None]  # channels last in memory: fast
    resized = interpolate(
        pixels, out.shape[:2], mode="bilinear", align_corners=False, antialias=True
    )
    out[...] = resized[0].permute(1, 2, 0).numpy()


def build(size: int) -> TorchTransform:
    """Build the transform for a square input of `size` pixels."""
    return TorchTransform(size)
