"""Every decoder of the registry: the same pixels from the same bytes, or one ValueError."""

from __future__ import annotations

import importlib
import io
import struct
from collections import Counter
from types import ModuleType

import cv2
import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedrate.decoders import DIVISORS, Decode, Header, choose_divisor, divide, require_jpeg
from feedrate.registry import REGISTRIES, resolve
from feedrate.witness import ENTRY_POINTS, WitnessedDecode

# What libjpeg mends is a warning of PyTurboJPEG's; the filter that the decoder sets for good is
# undone by pytest after each test.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:turbojpeg")

SCALED = ("pillow_draft", "opencv_reduced", "simplejpeg_scaled")
HEIGHT, WIDTH = 201, 301


def photo(height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """A photograph's statistics: smooth light, dark strokes, a little sensor noise."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:height, :width]
    light = 150 + 60 * np.sin(x / 90) * np.cos(y / 70)
    strokes = 90 * ((x // 3 + y // 11) % 7 == 0)
    tint = np.array([1.0, 0.93, 0.85])
    noisy = (light - strokes)[..., None] * tint + rng.normal(0, 6, (height, width, 3))
    return noisy.clip(0, 255).astype(np.uint8)


def encode(mode: str = "RGB", pixels: np.ndarray | None = None, **options: object) -> bytes:
    stream = io.BytesIO()
    image = PIL.Image.fromarray(photo() if pixels is None else pixels)
    image.convert(mode).save(stream, "JPEG", **options)
    return stream.getvalue()


def png() -> bytes:
    stream = io.BytesIO()
    PIL.Image.fromarray(photo()).save(stream, "PNG")
    return stream.getvalue()


def rotated() -> bytes:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    return encode(quality=90, exif=exif)


def with_size(jpeg: bytes, width: int, height: int) -> bytes:
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]


def with_restarts_lost() -> bytes:
    """Damage in the middle: libjpeg mends it, with a warning that some libraries pass on."""
    data = encode(restart_marker_rows=1)
    return data.replace(b"\xff\xd3", b"\x12\x34", 1)


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
    "mended": with_restarts_lost(),
    "half, and an end": encode()[: len(encode()) // 2] + b"\xff\xd9",
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
    "PNG half": (png()[: len(png()) // 2], "truncated PNG"),
}


def module_of(name: str) -> ModuleType:
    return importlib.import_module(REGISTRIES["decoders"][name].partition(":")[0])


def usable(name: str) -> Decode:
    """The decoder; a test of one that cannot be used here is skipped, with the reason."""
    reason = getattr(module_of(name), "unavailable", lambda: None)()
    if reason:
        pytest.skip(f"{name}: {reason}")
    return resolve("decoders", name)


def is_exact(name: str) -> bool:
    return getattr(module_of(name), "EXACT", True)


@pytest.fixture(params=REGISTRIES["decoders"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def decode(name: str) -> Decode:
    return usable(name)


@pytest.mark.parametrize("case", ACCEPTED)
def test_pixels_are_those_of_pillows_rgb_conversion(decode: Decode, name: str, case: str) -> None:
    with PIL.Image.open(io.BytesIO(ACCEPTED[case])) as image:
        expected = np.asarray(image.convert("RGB"))
    pixels = decode(ACCEPTED[case])
    assert pixels.dtype == np.uint8
    assert pixels.shape == (HEIGHT, WIDTH, 3)
    if is_exact(name):
        np.testing.assert_array_equal(pixels, expected)
    else:  # another arithmetic, but the same picture: neither turned nor with channels swapped
        assert np.abs(pixels.astype(int) - expected).mean() < 3


@pytest.mark.parametrize("case", REFUSED)
def test_bad_data_raise_value_error_saying_why(decode: Decode, case: str) -> None:
    data, reason = REFUSED[case]
    for at_least in (None, 64):
        with pytest.raises(ValueError, match=reason):
            decode(data, at_least)


def test_a_png_is_decoded_whole_or_refused_by_name(decode: Decode, name: str) -> None:
    if name.startswith(("pillow", "opencv")):
        np.testing.assert_array_equal(decode(png(), at_least=64), photo())
    else:
        with pytest.raises(ValueError, match="reads JPEG only, this is PNG; use pillow or opencv"):
            decode(png())


@pytest.mark.parametrize("case", ACCEPTED)
def test_enough_is_the_whole_image(decode: Decode, case: str) -> None:
    whole = decode(ACCEPTED[case])
    for at_least in (WIDTH, WIDTH + 1, 10_000):
        np.testing.assert_array_equal(decode(ACCEPTED[case], at_least), whole)


@pytest.mark.parametrize("case", ACCEPTED)
def test_a_smaller_scale_is_never_smaller_than_asked(decode: Decode, case: str) -> None:
    """The sides of libjpeg's scales, rounded up: 301 / 2 is 151, 301 / 4 is 76, 301 / 8 is 38."""
    for at_least in (1, 37, 38, 39, 75, 76, 77, 150, 151, 152, 300):
        height, width, channels = decode(ACCEPTED[case], at_least).shape
        assert at_least <= width <= WIDTH
        assert height <= HEIGHT
        assert channels == 3
        # Both sides are divided by the same number, and either may be rounded.
        assert abs(height / HEIGHT - width / WIDTH) <= 1 / HEIGHT


@pytest.mark.parametrize("scaled", SCALED)
@pytest.mark.parametrize(("at_least", "divisor"), [(152, 1), (151, 2), (77, 2), (76, 4), (38, 8)])
def test_a_scaled_decoder_scales(scaled: str, at_least: int, divisor: int) -> None:
    image = usable(scaled)(ACCEPTED["4:2:0"], at_least)
    assert image.shape == (divide(HEIGHT, divisor), divide(WIDTH, divisor), 3)


@pytest.mark.parametrize("scaled", SCALED)
@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("at_least", [150, 75, 37])
def test_a_scaled_image_is_the_same_picture_smaller(scaled: str, mode: str, at_least: int) -> None:
    """Of soft shades, for strokes as thin as pixels depend on how a picture is made small."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    shades = np.stack([x * 0.8, y * 0.6, 100 + 0 * x], axis=2).astype(np.uint8)
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    data = encode(mode, shades, quality=95, exif=exif)
    image = usable(scaled)(data, at_least)
    whole = usable("pillow")(data)
    small = cv2.resize(whole, image.shape[1::-1], interpolation=cv2.INTER_AREA).astype(int)
    assert np.abs(image - small).mean() < 2
    assert np.abs(image[::-1] - small).mean() > 10
    if mode == "RGB":
        assert np.abs(image[..., ::-1] - small).mean() > 10


@pytest.mark.parametrize("scaled", SCALED)
@pytest.mark.parametrize("size", [(1000, 3), (3, 1000), (1, 1), (9, 17)])
def test_an_image_of_a_few_pixels_across_is_scaled_as_well(
    scaled: str, size: tuple[int, int]
) -> None:
    height, width = usable(scaled)(encode(pixels=photo(*size)), at_least=8).shape[:2]
    assert max(height, width) >= min(8, max(size))
    assert 0 < height <= size[0]
    assert 0 < width <= size[1]


@settings(max_examples=200, deadline=None)
@given(width=st.integers(1, 20_000), height=st.integers(1, 20_000), at_least=st.integers(1, 20_000))
def test_the_divisor_is_the_largest_that_leaves_enough(
    width: int, height: int, at_least: int
) -> None:
    longer = max(width, height)
    divisor = choose_divisor(Header("JPEG", width, height), at_least)
    assert divisor == 1 or divide(longer, divisor) >= at_least
    assert all(divide(longer, larger) < at_least for larger in DIVISORS if larger > divisor)
    assert choose_divisor(Header("PNG", width, height), at_least) == 1
    assert choose_divisor(Header("JPEG", width, height), None) == 1


def test_a_jpeg_tells_its_size_as_stored() -> None:
    assert require_jpeg(ACCEPTED["orientation 6"], "this") == ("JPEG", WIDTH, HEIGHT)


def test_the_library_it_declares_is_the_one_that_decodes(decode: Decode, name: str) -> None:
    counted = Counter[str]()

    class Told:
        def count(self, counter: str, amount: int = 1) -> None:
            counted[counter] += amount

    watched = WitnessedDecode(decode, Told())
    library = module_of(name).LIBRARY
    for decodes, at_least in enumerate((None, 151, 38), start=1):
        watched(ACCEPTED["4:2:0"], at_least)
        assert counted == {f"decoded_by_{library}": decodes}


def test_every_library_has_an_entry_point() -> None:
    for name in REGISTRIES["decoders"]:
        assert ENTRY_POINTS[module_of(name).LIBRARY], name


def test_a_decoder_that_cannot_be_used_refuses_to(name: str) -> None:
    """It neither decodes by other means nor calls the data damaged."""
    reason = getattr(module_of(name), "unavailable", lambda: None)()
    if not reason:
        pytest.skip(f"{name} can be used here")
    with pytest.raises(RuntimeError) as raised:
        resolve("decoders", name)(ACCEPTED["4:2:0"])
    assert str(raised.value)
