"""Headers of damaged files, decoders that disagree, and files that memory is not meant for."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest
from tiny import make_samples

from feedrate.decoders.pillow import decode
from feedrate.sample import Image
from feedrate.validation import Limits, decodings
from feedrate.validation.decodings import decode_with_all, digest_pixels
from feedrate.validation.headers import read_header
from feedrate.validation.images import check_image


def encoded(kind: str = "JPEG", mode: str = "RGB", **options: object) -> bytes:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (600, 20, 3), np.uint8)
    stream = io.BytesIO()
    PIL.Image.fromarray(pixels).convert(mode).save(stream, kind, **options)
    return stream.getvalue()


@pytest.fixture
def third_decoder(monkeypatch: pytest.MonkeyPatch) -> list[Image | Exception]:
    """A decoder that delivers, or raises, what a test puts here."""
    answers: list[Image | Exception] = []

    def answer(data: bytes) -> Image:
        if isinstance(answers[-1], Exception):
            raise answers[-1]
        return answers[-1]

    resolved = {"pillow": decode, "own": answer}
    monkeypatch.setattr(decodings, "JUDGES", tuple(resolved))
    monkeypatch.setattr(decodings, "resolve", lambda kind, name: resolved[name])
    monkeypatch.setattr(decodings, "_reads", lambda name, kind: True)
    return answers


def test_other_pixels_are_measured(third_decoder: list[Image | Exception]) -> None:
    data = encoded()
    other = decode(data).copy()
    other[500, 3, 1] ^= 128
    third_decoder.append(other)
    digest, ((check, message),) = decode_with_all(data, "JPEG")
    assert check == "decoders_disagree"
    assert message == (
        "read by pillow, but own delivers other pixels (mean difference 0.00356, largest 128)"
    )
    assert digest == digest_pixels(decode(data)) != digest_pixels(other)


def test_another_size_is_told(third_decoder: list[Image | Exception]) -> None:
    third_decoder.append(decode(encoded())[:, :10])
    _, ((_, message),) = decode_with_all(encoded(), "JPEG")
    assert message.endswith("own delivers 10 x 600, not 20 x 600")


def test_equal_pixels_are_agreement(third_decoder: list[Image | Exception]) -> None:
    third_decoder.append(decode(encoded()))
    assert decode_with_all(encoded(), "JPEG")[1] == []


def test_a_refusal_is_told_without_control_characters(
    third_decoder: list[Image | Exception],
) -> None:
    third_decoder.append(ValueError("\x1b[31m"))
    _, ((_, message),) = decode_with_all(encoded(), "JPEG")
    assert message == "read by pillow, but own refuses it: \\x1b[31m"


def test_a_decoder_of_jpeg_alone_does_not_disagree_on_png() -> None:
    assert decode_with_all(encoded("PNG"), "PNG")[1] == []


def test_too_little_memory_is_a_finding(
    tmp_path: Path, third_decoder: list[Image | Exception]
) -> None:
    third_decoder.append(MemoryError())
    (sample,) = make_samples(tmp_path, 1)
    _, ((check, message),) = check_image(sample, Limits())
    assert check == "unreadable_image"
    assert "not enough memory" in message


def test_digests_tell_shapes_apart() -> None:
    flat = np.zeros((2, 6, 3), np.uint8)
    assert digest_pixels(flat) != digest_pixels(flat.reshape(3, 4, 3))
    assert digest_pixels(flat) == digest_pixels(flat[::-1])


def test_a_header_is_read_without_the_pixels() -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    for kind in ("JPEG", "PNG"):
        data = encoded(kind, exif=exif)
        header = read_header(io.BytesIO(data[: len(data) // 2]))
        assert (header.kind, header.mode, header.width, header.height) == (kind, "RGB", 20, 600)
        assert (header.orientation, header.trouble) == (6, "")


def test_an_orientation_that_is_no_number_turns_nothing() -> None:
    entry = struct.pack(">HHI4s", 0x0112, 2, 2, b"6\0\0\0")  # as ASCII, not as a short
    exif = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4)
    assert read_header(io.BytesIO(encoded(exif=exif))).orientation == 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"])
@pytest.mark.filterwarnings("ignore")  # Pillow's remarks about odd metadata and large images
def test_damaged_headers_never_raise(kind: str) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    data = encoded(kind, **({} if kind in {"GIF", "BMP"} else {"exif": exif}))
    rng = np.random.default_rng(3)
    kinds = set()
    for _ in range(300):
        broken = bytearray(data)
        for at in rng.integers(0, min(len(data), 200), 4):
            broken[at] = rng.integers(256)
        kinds.add(read_header(io.BytesIO(bytes(broken[: rng.integers(1, len(data))]))).kind)
    assert kind in kinds


def test_a_file_far_larger_than_its_pixels_is_refused(tmp_path: Path) -> None:
    (sample,) = make_samples(tmp_path, 1)
    with sample.image_path.open("r+b") as stream:
        stream.truncate(20_000_000)  # a hole: no block of it is on disk
    _, ((check, message),) = check_image(sample, Limits(max_megapixels=0.2))
    assert check == "oversized_image"
    assert message == "a file of 20000000 bytes; the limit is 0.2 megapixels"


def test_a_chunk_that_claims_gigabytes_is_never_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenCV takes the memory before it looks whether the file holds as much."""
    data = bytearray(encoded("PNG"))
    at = data.index(b"IDAT") - 4
    data[at : at + 4] = struct.pack(">I", 1 << 31)
    assert decode_with_all(encoded("PNG"), "PNG")[1] == []
    monkeypatch.setattr(cv2, "imdecode", None)
    monkeypatch.setattr(PIL.Image, "open", None)
    digest, ((check, message),) = decode_with_all(bytes(data), "PNG")
    assert (digest, check) == ("", "truncated_image")
    assert message == f"truncated PNG: no end chunk within its {len(data)} bytes"
