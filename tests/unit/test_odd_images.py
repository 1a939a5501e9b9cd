"""Decoders on odd, damaged and real files: equal pixels from all, or ValueError."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from feedrate.decoders import MAX_PIXELS, require_decodable
from feedrate.decoders.opencv import decode as decode_opencv
from feedrate.decoders.pillow import decode as decode_pillow
from feedrate.decoders.simplejpeg import decode as decode_simplejpeg

DATA = Path(os.environ.get("FEEDRATE_DATA", Path(__file__).parents[3] / "shared" / "data"))
ODD = DATA / "odd_images"
RECEIPTS = DATA / "sroie" / "img"
NO_IMAGE = {".md", ".tsv", ".txt"}
DECODERS = {
    "pillow": decode_pillow,
    "opencv": decode_opencv,
    "simplejpeg": decode_simplejpeg,
}


def odd_files() -> list[Path]:
    return sorted(p for p in ODD.rglob("*") if p.is_file() and p.suffix not in NO_IMAGE)


def outcomes(data: bytes) -> dict[str, np.ndarray | ValueError]:
    found: dict[str, np.ndarray | ValueError] = {}
    for name, decode in DECODERS.items():
        try:
            found[name] = decode(data)
        except ValueError as error:
            found[name] = error
    return found


def pixels(data: bytes) -> list[np.ndarray]:
    """Decode with all, assert that those which succeed agree, return what they returned."""
    images = [x for x in outcomes(data).values() if isinstance(x, np.ndarray)]
    for image in images:
        np.testing.assert_array_equal(image, images[0])
    return images


def noise_jpeg(size: tuple[int, int] = (120, 90), **options: object) -> bytes:
    rng = np.random.default_rng(0)
    small = PIL.Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    stream = io.BytesIO()
    small.resize(size).save(stream, "JPEG", **options)
    return stream.getvalue()


def png(depth: int, colour_type: int, side: int = 16, declared: int | None = None) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour_type]
    rng = np.random.default_rng(1)
    rows = (b"\0" + rng.bytes((side * channels * depth + 7) // 8) for _ in range(side))
    size = declared or side
    header = struct.pack(">IIBBBBB", size, size, depth, colour_type, 0, 0, 0)
    palette = chunk(b"PLTE", rng.bytes(3 * 2**depth)) if colour_type == 3 else b""
    body = palette + chunk(b"IDAT", zlib.compress(b"".join(rows))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body


@pytest.mark.parametrize(
    ("depth", "colour_type"),
    [(1, 0), (2, 0), (4, 0), (8, 0), (8, 2), (16, 2), (4, 3), (8, 3), (8, 4), (16, 4), (8, 6)],
)
def test_png_gives_the_same_pixels_where_png_is_read(depth: int, colour_type: int) -> None:
    found = outcomes(png(depth, colour_type))
    assert isinstance(found["pillow"], np.ndarray)
    np.testing.assert_array_equal(found["pillow"], found["opencv"])
    assert found["pillow"].shape == (16, 16, 3)
    assert "reads JPEG only, this is PNG; use pillow or opencv" in str(found["simplejpeg"])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (png(16, 0), "16-bit grey"),
        (png(8, 2, declared=60_000), "60000 x 60000 pixels"),
        (png(8, 2)[:30], "neither JPEG nor PNG"),
        (b"GIF89a" + bytes(40), "neither JPEG nor PNG"),
    ],
)
def test_what_cannot_be_read_alike_is_refused_by_all(data: bytes, reason: str) -> None:
    for outcome in outcomes(data).values():
        assert reason in str(outcome)


def test_truncated_png_is_refused() -> None:
    for keep in (34, 200, 600):
        assert pixels(png(8, 2)[:keep]) == []


def test_the_limit_is_pillows_own() -> None:
    assert PIL.Image.MAX_IMAGE_PIXELS is not None
    assert MAX_PIXELS == 2 * PIL.Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_cut_anywhere_is_refused_by_all(progressive: bool) -> None:
    data = noise_jpeg(quality=90, progressive=progressive)
    for keep in range(0, len(data) - 1, 37):
        found = outcomes(data[:keep])
        assert all(isinstance(outcome, ValueError) for outcome in found.values()), keep


def test_a_thumbnails_end_does_not_hide_a_truncated_image() -> None:
    exif = b"Exif\0\0" + noise_jpeg((16, 12))
    data = noise_jpeg(quality=90, exif=exif)
    assert len(pixels(data)) == 3
    assert pixels(data[:-300]) == []


@pytest.mark.parametrize("progressive", [False, True])
def test_damaged_bytes_never_make_decoders_disagree(progressive: bool) -> None:
    data = noise_jpeg(quality=90, progressive=progressive)
    rng = np.random.default_rng(2)
    decoded = 0
    for _ in range(150):
        broken = bytearray(data)
        broken[rng.integers(len(data) // 4, len(data) - 2)] = rng.integers(256)
        decoded += len(pixels(bytes(broken)))
    assert decoded > 150  # libjpeg mends most of it


def test_what_libjpeg_mends_is_decoded_by_all() -> None:
    data = noise_jpeg(quality=90)
    assert len(pixels(data[: len(data) // 2] + b"\xff\xd9")) == 3


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's remarks about odd metadata
@pytest.mark.parametrize("path", odd_files() or [None], ids=lambda p: p.name if p else "absent")
def test_odd_files(path: Path | None) -> None:
    if path is None:
        pytest.skip(f"odd images are absent: {ODD}")
    images = pixels(path.read_bytes())
    for image in images:
        assert image.dtype == np.uint8
        assert image.shape[2] == 3
        assert image.shape[0] * image.shape[1] <= MAX_PIXELS


def test_orientation_of_real_cameras_is_not_applied() -> None:
    if not ODD.is_dir():
        pytest.skip(f"odd images are absent: {ODD}")
    data = (ODD / "exif-orientation-examples" / "Landscape_6.jpg").read_bytes()
    assert [image.shape for image in pixels(data)] == [(1800, 1200, 3)] * 3


def receipts() -> Iterator[Path]:
    yield from sorted(RECEIPTS.glob("*.jpg"))[::80]


def test_real_receipts_give_the_same_pixels() -> None:
    if not RECEIPTS.is_dir():
        pytest.skip(f"real receipts are absent: {RECEIPTS}")
    for path in receipts():
        data = path.read_bytes()
        assert require_decodable(data) == "JPEG"
        assert len(pixels(data)) == 3, path.name
