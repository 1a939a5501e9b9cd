"""Checks on the image file of a sample: its header first, its pixels only where that allows."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader

from feedrate.sample import Sample
from feedrate.validation.decodings import decode_with_all
from feedrate.validation.findings import Trouble, visible
from feedrate.validation.headers import Header, read_header
from feedrate.validation.limits import Limits
from feedrate.validation.orientation import check_orientation

SUPPORTED = ("JPEG", "PNG")
SIXTEEN_BIT = ("I", "F")
"""What Pillow's modes of more than 8 bits a channel begin with."""
GREY = ("1", "L", "LA", "La", "I", "F")
UNDECODED = {
    *("oversized_image", "unsupported_image", "cmyk_image", "unreadable_image", "truncated_image")
}
"""Checks after which the pixels are not looked at."""
DEFLATED = 1032
"""Bytes that deflate packs into one at best."""
BLOCK_PIXELS = 512
"""Pixels to a byte of JPEG at best: a block of 8 x 8 takes a bit (ITU-T T.81, Huffman coding)."""


@dataclass(frozen=True)
class Picture:
    """What was seen of an image file.

    Attributes:
        header: What it says of itself.
        bytes: Its size.
        sha256: Hash of its content; empty where only the header was read.
        pixels: Digest of its pixels; empty where they were not decoded.
    """

    header: Header
    bytes: int = 0
    sha256: str = ""
    pixels: str = ""


def check_image(sample: Sample, limits: Limits) -> tuple[Picture, list[Trouble]]:
    """Look at one image file."""
    try:
        with sample.image_path.open("rb") as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # large but allowed, or odd metadata
            return _look(sample, stream, limits)
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
    except MemoryError:
        reason = "there is not enough memory to decode it; set a lower limit of megapixels"
    return Picture(Header("")), [("unreadable_image", reason)]


def _look(sample: Sample, stream: BufferedReader, limits: Limits) -> tuple[Picture, list[Trouble]]:
    size, header = os.fstat(stream.fileno()).st_size, read_header(stream)
    troubles = list(_check_header(sample, header, size, limits))
    if limits.header_only:
        return Picture(header, size), troubles
    stream.seek(0)
    sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    if UNDECODED & dict(troubles).keys() or header.mode.startswith(SIXTEEN_BIT):
        return Picture(header, size, sha256), troubles
    stream.seek(0)
    pixels, refused = decode_with_all(stream.read(), header.kind)
    return Picture(header, size, sha256, pixels), troubles + refused


def _check_header(sample: Sample, header: Header, size: int, limits: Limits) -> Iterator[Trouble]:
    yield from _check_size(header, size, limits)
    if header.mode and size < (fewest := _fewest_bytes(header)):
        shown = f"{header.width} x {header.height} pixels"
        yield "truncated_image", f"{size} bytes cannot hold {shown}: it takes {fewest}"
    if header.kind not in ("", *SUPPORTED):
        yield "unsupported_image", f"{header.kind}; save it as JPEG or PNG"
    elif header.trouble and not header.bomb and (limits.header_only or not header.kind):
        # Else the decoders have the word: one of them may read it all the same.
        yield "unreadable_image", visible(header.trouble)
    if header.mode:
        yield from _check_mode(header)
        yield from _check_stated_size(sample, header)
        yield from check_orientation(sample, header)


def _check_size(header: Header, size: int, limits: Limits) -> Iterator[Trouble]:
    megapixels = header.width * header.height / 1e6
    allowed = f"the limit is {limits.max_megapixels:g}"
    if megapixels > limits.max_megapixels:
        shown = f"{header.width} x {header.height}, {megapixels:.4g} megapixels"
        yield "oversized_image", f"its header says {shown}; {allowed}"
    elif header.bomb:
        yield "oversized_image", f"{visible(header.trouble)}; {allowed} megapixels"
    elif size > 8e6 * limits.max_megapixels + (1 << 24):  # 16-bit RGBA, uncompressed, and a profile
        yield "oversized_image", f"a file of {size} bytes; {allowed} megapixels"


def _fewest_bytes(header: Header) -> int:
    """Bound the size of a file from below: a smaller one is cut, or claims what it never held."""
    pixels = header.width * header.height
    if header.kind == "JPEG":
        return pixels // BLOCK_PIXELS
    return pixels * header.channels * header.depth // 8 // DEFLATED if header.kind == "PNG" else 0


def _check_mode(header: Header) -> Iterator[Trouble]:
    mode, kind = header.mode, header.kind
    if mode == "CMYK":
        yield "cmyk_image", "CMYK; save it as RGB"
    if mode.startswith(SIXTEEN_BIT):
        yield "sixteen_bit_image", f"grey of more than 8 bits ({mode}); save it with 8 bits"
    elif header.depth > 8:
        yield "sixteen_bit_image", f"{mode} of {header.depth} bits a channel; save it with 8"
    if header.alpha:
        yield "alpha_image", f"{mode} with transparency; it is dropped: save it as RGB"
    if mode.startswith("P"):
        yield "palette_image", f"{kind} with a palette"
    if mode.split(";")[0] in GREY:
        yield "grey_image", f"grey {kind} (mode {mode})"
    if header.progressive:
        yield "progressive_image", "progressive JPEG: decoded in several passes"
    if header.pictures > 1:
        yield "several_pictures", f"{header.pictures} pictures in one file; the first is used"


def _check_stated_size(sample: Sample, header: Header) -> Iterator[Trouble]:
    width, height = header.width, header.height
    stated = {"its annotation": sample.declared_size, "the index": (sample.width, sample.height)}
    for source, size in stated.items():
        if size not in (None, (width, height)):
            message = f"{source} says {size[0]} x {size[1]}, the image is {width} x {height}"
            yield "size_mismatch", message
