"""The header of an image file: all that is known of it before memory is taken for its pixels."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

import PIL.Image
from PIL.ExifTags import Base

from feedrate.decoders import BARE_MARKERS, START_OF_FRAME

START_BYTES = 32
SEARCHED_BYTES = 1 << 16
"""How far into a file that Pillow takes for a bomb its size is looked for."""

MAGIC = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"\0\0\0\x0cjP  ": "JPEG2000",
    b"\xff\x4f\xff\x51": "JPEG2000",
}


@dataclass(frozen=True)
class Header:
    """What an image file says of itself.

    Attributes:
        kind: Pillow's name of the format; ``JPEG`` for MPO, too; empty where it has none.
        mode: Pillow's mode; empty where the header cannot be read.
        width: Pixels as stored; 0 where unknown.
        height: Pixels as stored; 0 where unknown.
        depth: Bits a channel, where a PNG says so, else 8.
        channels: Samples a pixel.
        alpha: Whether it has an alpha channel, or a colour that counts as transparent.
        progressive: Whether it is a progressive JPEG.
        pictures: How many pictures it holds.
        orientation: EXIF's (or XMP's) word on how a viewer turns it, 1 where it has none.
        trouble: Why the header cannot be read; empty where it can.
        bomb: Whether Pillow speaks of a decompression bomb.
    """

    kind: str
    mode: str = ""
    width: int = 0
    height: int = 0
    depth: int = 8
    channels: int = 3
    alpha: bool = False
    progressive: bool = False
    pictures: int = 1
    orientation: int = 1
    trouble: str = ""
    bomb: bool = False


def read_header(stream: BinaryIO) -> Header:
    """Read the header of an image file, with Pillow's limit in force; no pixel is decoded."""
    start = stream.read(START_BYTES)
    kind = _kind_of(start)
    stream.seek(0)
    try:
        with PIL.Image.open(stream) as image:
            return _describe(image, start)
    except PIL.Image.DecompressionBombError as error:
        stream.seek(0)
        width, height = _claimed_size(kind, stream.read(SEARCHED_BYTES))
        return Header(kind, width=width, height=height, trouble=str(error), bomb=True)
    except PIL.UnidentifiedImageError:  # its message holds a memory address
        return Header(kind, trouble=f"its header is damaged: it begins with {start[:12]!r}")
    except (OSError, SyntaxError, ValueError) as error:
        return Header(kind, trouble=f"its header is damaged: {error}")


def _kind_of(start: bytes) -> str:
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WEBP"
    return next((kind for magic, kind in MAGIC.items() if start.startswith(magic)), "")


def _describe(image: Any, start: bytes) -> Header:
    kind = "JPEG" if image.format == "MPO" else image.format
    return Header(
        kind=kind,
        mode=image.mode,
        width=image.width,
        height=image.height,
        depth=start[24] if kind == "PNG" else 8,
        channels=len(image.getbands()),
        alpha=image.has_transparency_data,
        progressive=bool(image.info.get("progressive")),
        # Of other formats the number is known only after a walk through the file.
        pictures=getattr(image, "n_frames", 1) if image.format in {"MPO", "PNG"} else 1,
        orientation=_orientation(image),
    )


def _orientation(image: Any) -> int:
    try:
        # Not image.getexif(): that of PNG decodes the pixels to reach what may follow them.
        value = PIL.Image.Image.getexif(image).get(Base.Orientation, 1)
    except (OSError, SyntaxError, ValueError, struct.error):
        return 1  # metadata that cannot be read turn an image in no viewer
    return value if isinstance(value, int) else 1


def _claimed_size(kind: str, data: bytes) -> tuple[int, int]:
    """Find ``(width, height)`` where Pillow told only their product; zeros where they are not."""
    places = {"PNG": (">II", 16), "GIF": ("<HH", 6), "BMP": ("<Ii", 18)}
    if kind == "JPEG":
        return _claimed_by_frame(data)
    form, at = places.get(kind, ("", len(data)))
    if len(data) < at + 8:
        return 0, 0
    width, height = struct.unpack_from(form, data, at)
    return width, abs(height)  # a BMP stored from top to bottom has a negative height


def _claimed_by_frame(data: bytes) -> tuple[int, int]:
    """Walk the segments of a JPEG up to its frame (ITU-T T.81, annex B)."""
    at = data.find(b"\xff", 2)
    while 0 <= at <= len(data) - 9:
        marker, (length,) = data[at + 1], struct.unpack_from(">H", data, at + 2)
        if marker in START_OF_FRAME:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        at = data.find(b"\xff", at + (1 if marker in BARE_MARKERS else 2 + length))
    return 0, 0
