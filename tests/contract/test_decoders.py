"""Every decoder of the registry: the same pixels from the same bytes, or one ValueError."""

from __future__ import annotations

import importlib
import io
import struct
from collections import Counter

import numpy as np
import PIL.Image
import pytest

from feedrate.decoders import Decode
from feedrate.registry import REGISTRIES, resolve
from feedrate.witness import WitnessedDecode


def photo(height: int = 201, width: int = 301) -> np.ndarray:
    """A photograph's statistics: smooth light, dark strokes, a little sensor noise."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:height, :width]
    light = 150 + 60 * np.sin(x / 90) * np.cos(y / 70)
    strokes = 90 * ((x // 3 + y // 11) % 7 == 0)
    tint = np.array([1.0, 0.93, 0.85])
    noisy = (light - strokes)[..., None] * tint + rng.normal(0, 6, (height, width, 3))
    return noisy.clip(0, 255).astype(np.uint8)


def encode(mode: str = "RGB", **options: object) -> bytes:
    stream = io.BytesIO()
    PIL.Image.fromarray(photo()).convert(mode).save(stream, "JPEG", **options)
    return stream.getvalue()


def rotated() -> bytes:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    return encode(quality=90, exif=exif)


def with_size(jpeg: bytes, width: int, height: int) -> bytes:
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]


ACCEPTED = {
    "4:2:0": encode(quality=90, subsampling=2),
    "4:2:2": encode(quality=90, subsampling=1),
    "4:4:4": encode(quality=90, subsampling=0),
    "4:1:1": encode(quality=90, subsampling="4:1:1"),
    "progressive": encode(quality=80, progressive=True),
    "restart markers": encode(restart_marker_rows=1),
    "stored as RGB": encode(keep_rgb=True),
    "grey": encode("L"),
    "orientation 6": rotated(),
    "trailing bytes": encode() + b"\0" * 100,
}

REFUSED = {
    "empty": (b"", "neither JPEG nor PNG: 0 bytes"),
    "text": (b"not an image at all, but longer", "neither JPEG nor PNG: 31 bytes"),
    "signature only": (b"\xff\xd8\xff", "truncated JPEG"),
    "half": (encode()[: len(encode()) // 2], "truncated JPEG"),
    "no end marker": (encode()[:-2], "truncated JPEG"),
    "progressive half": (encode(progressive=True)[:4000], "truncated JPEG"),
    "half, trailing text": (encode()[:5000] + b"<html>", "truncated JPEG"),
    "CMYK": (encode("CMYK"), "4 channels"),
    "bomb": (with_size(encode(), 65500, 65500), "65500 x 65500 pixels"),
    "no pixels": (with_size(encode(), 0, 201), "0 x 201 pixels"),
}


@pytest.fixture(params=REGISTRIES["decoders"])
def decode(request: pytest.FixtureRequest) -> Decode:
    return resolve("decoders", request.param)


@pytest.mark.parametrize("name", ACCEPTED)
def test_pixels_are_those_of_pillows_rgb_conversion(decode: Decode, name: str) -> None:
    with PIL.Image.open(io.BytesIO(ACCEPTED[name])) as image:
        expected = np.asarray(image.convert("RGB"))
    pixels = decode(ACCEPTED[name])
    assert pixels.dtype == np.uint8
    assert pixels.shape == (201, 301, 3)
    np.testing.assert_array_equal(pixels, expected)


@pytest.mark.parametrize("name", REFUSED)
def test_bad_data_raise_value_error_saying_why(decode: Decode, name: str) -> None:
    data, reason = REFUSED[name]
    with pytest.raises(ValueError, match=reason):
        decode(data)


def test_a_smaller_scale_is_never_smaller_than_asked(decode: Decode) -> None:
    assert max(decode(ACCEPTED["4:2:0"], at_least=100).shape[:2]) >= 100


@pytest.mark.parametrize("name", REGISTRIES["decoders"])
def test_the_library_it_declares_is_the_one_that_decodes(name: str) -> None:
    module = importlib.import_module(REGISTRIES["decoders"][name].partition(":")[0])
    counted = Counter[str]()

    class Told:
        def count(self, counter: str, amount: int = 1) -> None:
            counted[counter] += amount

    WitnessedDecode(resolve("decoders", name), Told())(ACCEPTED["4:2:0"])
    assert counted == {f"decoded_by_{module.LIBRARY}": 1}
