"""Decoders: encoded bytes to ``(H, W, 3)`` uint8 RGB, and what all of them accept.

One file a library. One decision for all, so that a dataset is valid or not whatever the decoder of
a cell:

* EXIF orientation is never applied: pixels come as stored (annotations refer to them).
* Grey becomes RGB; an alpha channel is dropped.
* CMYK JPEG and 16-bit grey PNG are refused: the libraries disagree on their pixels.
* A JPEG without its end marker is refused. Some libraries would return grey rows for what is
  missing and say nothing. Damage in the middle, which libjpeg mends, gives the same pixels in all.
* A PNG without its end chunk is refused: for a chunk that claims to be longer than the file, OpenCV
  takes as much memory as it claims.
* Images above Pillow's limit of 179 megapixels are refused before memory is taken for them.
* A library that reads JPEG only refuses PNG; none is handed on to another library.

The look at the header costs a few microseconds and belongs to the time of decoding.
"""

from __future__ import annotations

import struct
from typing import Literal, NamedTuple, Protocol

from feedrate.sample import Image

MAX_PIXELS = 178_956_970
"""Twice ``PIL.Image.MAX_IMAGE_PIXELS``: above it Pillow speaks of a decompression bomb."""

DIVISORS = (8, 4, 2)
"""libjpeg decodes at 1/8, 1/4 and 1/2 with fewer and shorter transforms, vectorised like the whole.
It has scales between them, in eighths; those are not vectorised, and cost more than they save."""

START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
START_OF_SCAN = 0xDA
BARE_MARKERS = frozenset({0x00, 0x01, 0xFF, *range(0xD0, 0xDA)})
"""Bytes after 0xFF that no length follows: stuffing, padding, restarts, start and end of image."""

Kind = Literal["JPEG", "PNG"]


class Header(NamedTuple):
    """What an encoded image says of itself: its kind, and its size (px) as stored."""

    kind: Kind
    width: int
    height: int


class Decode(Protocol):
    """The contract of a decoder."""

    def __call__(self, data: bytes, at_least: int | None = None) -> Image:
        """Decode one image.

        Args:
            data: The encoded file.
            at_least: The longer side (px) that is enough. A hint: a decoder that can decode at a
                smaller scale may return fewer pixels, never fewer than this.

        Returns:
            ``(H, W, 3)`` uint8, RGB, not rotated. It may be read-only.

        Raises:
            ValueError: The data are damaged, or no image that this decoder reads.
        """


def require_decodable(data: bytes) -> Kind:
    """Return the kind of an encoded image that every decoder would read alike.

    Raises:
        ValueError: It is neither JPEG nor PNG, too large, cut off, CMYK or 16-bit grey.
    """
    return read_header(data).kind


def require_jpeg(data: bytes, library: str) -> Header:
    """Return the header of a JPEG, for a library that reads nothing else.

    Raises:
        ValueError: It is not decodable, see `require_decodable`, or a PNG.
    """
    header = read_header(data)
    if header.kind != "JPEG":
        raise ValueError(f"{library} reads JPEG only, this is {header.kind}; use pillow or opencv")
    return header


def read_header(data: bytes) -> Header:
    """Read the header of an encoded image, and refuse what `require_decodable` refuses."""
    if data.startswith(b"\xff\xd8\xff"):
        return _checked(Header("JPEG", *_jpeg_size(data)))
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 33:
        return _checked(Header("PNG", *_png_size(data)))
    raise ValueError(f"neither JPEG nor PNG: {len(data)} bytes, starting with {data[:8]!r}")


def choose_divisor(header: Header, at_least: int | None) -> int:
    """Choose by what to divide both sides of an image while it is decoded.

    Args:
        header: Of the image. A PNG has no smaller scales.
        at_least: The longer side (px) that is enough, None for the whole image.

    Returns:
        The largest of `DIVISORS` that leaves the longer side (rounded up, as libjpeg does) at
        least that long; 1 where none does.
    """
    if at_least is None or header.kind != "JPEG":
        return 1
    longer = max(header.width, header.height)
    return next((each for each in DIVISORS if divide(longer, each) >= at_least), 1)


def divide(side: int, divisor: int) -> int:
    """Return the side (px) of an image decoded at one over this divisor: a rest counts whole."""
    return -(-side // divisor)


def _checked(header: Header) -> Header:
    if not 0 < header.width * header.height <= MAX_PIXELS:
        raise ValueError(
            f"its header says {header.width} x {header.height} pixels; between 1 and {MAX_PIXELS}"
            " are decoded"
        )
    return header


def _png_size(data: bytes) -> tuple[int, int]:
    width, height, depth, colour_type = struct.unpack_from(">IIBB", data, 16)
    if (depth, colour_type) == (16, 0):
        raise ValueError("PNG with 16-bit grey; save it with 8 bits a channel")
    _require_end_chunk(data)
    return width, height


def _require_end_chunk(data: bytes) -> None:
    """Walk the chunks of a PNG: each has a length, a name, its content, a checksum of 4 bytes."""
    at, name = 8, b""
    while name != b"IEND" and at + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        at += 12 + length
    if name != b"IEND" or at > len(data):
        raise ValueError(f"truncated PNG: no end chunk within its {len(data)} bytes")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Walk the segments up to the first scan (ITU-T T.81, annex B) and look for the end."""
    frame, at = None, data.find(b"\xff", 2)
    while 0 <= at <= len(data) - 10 and data[at + 1] != START_OF_SCAN:
        marker, (length,) = data[at + 1], struct.unpack_from(">H", data, at + 2)
        if marker in START_OF_FRAME:
            frame = struct.unpack_from(">HHB", data, at + 5)
        at = data.find(b"\xff", at + (1 if marker in BARE_MARKERS else 2 + length))
    if frame is None or at < 0 or data.rfind(b"\xff\xd9", at) < 0:
        raise ValueError(f"truncated JPEG: no end-of-image marker within its {len(data)} bytes")
    height, width, channels = frame
    if channels not in (1, 3):
        raise ValueError(f"JPEG with {channels} channels (CMYK?); save it as RGB or grey")
    return width, height
