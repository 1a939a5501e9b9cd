"""The images re-encoded as JPEG at target size, a file each: little to read and little to decode.

Lossy, and by how much is measured: pixels are rounded once more, and polygons may come to lie up
to half a pixel elsewhere, for the sides of the small image are whole pixels.

An image is what the base's decoder and transform make of it, cut free of the padding. One that is
no larger than the target is kept byte for byte: to enlarge and encode it anew would cost bytes and
pixels.

Quality 95 with 4:2:0. Text is told by luma, which both keep at full resolution; 4:4:4 makes files
larger and decoding slower for colours that a receipt hardly has (docs/stores.md has figures).
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from feedrate.sample import Fetched, Image, Prepared, Sample, TextInstance
from feedrate.stores.layout import Originals, PrepareSample, Stored, files_of, find_entries

__all__ = ["LOSSY", "ORIGIN", "ResizedJpegStore", "files_of", "open_store", "write_store"]

ORIGIN = "file"
"""Where every image comes from inside an epoch; the exercise gate holds the store to it."""

LOSSY = True
"""Batches differ from those of the original files, by design."""

QUALITY, SUBSAMPLING = 95, "4:2:0"


@dataclass(frozen=True)
class ResizedJpegStore:
    """Paths of small files, opened and read anew each time."""

    paths: tuple[Path, ...]

    def __len__(self) -> int:
        return len(self.paths)

    def read(self, index: int) -> Fetched[bytes]:
        """Read one whole file."""
        data = self.paths[index].read_bytes()
        return Fetched(data, "file", len(data))


def open_store(
    samples: Sequence[Sample],
    prepare: Callable[[int, bytes], Prepared],
    folder: Path | None = None,
) -> ResizedJpegStore:
    """Look into the index; files are opened as they are read.

    Raises:
        feedrate.stores.layout.StoreError: The store is missing, stale or altered.
    """
    entries = find_entries(samples, folder).entries
    return ResizedJpegStore(tuple(Path(folder or "") / entry.file for entry in entries))


def write_store(folder: Path, originals: Originals, prepare: PrepareSample) -> Iterator[Stored]:
    """Write the small files; see `feedrate.stores.building.WriteStore`."""
    for number, (sample, data) in enumerate(originals):
        image = _without_padding(sample, data, prepare)
        ending = sample.image_path.suffix.lower() if image is None else ".jpg"
        kept, name = data if image is None else _encode(image), f"{number:06d}{ending}"
        (folder / name).write_bytes(kept)
        yield Stored(name, 0, len(kept), hashlib.sha256(kept).hexdigest())


def _without_padding(sample: Sample, data: bytes, prepare: PrepareSample) -> Image | None:
    """Cut the picture out of the padded square; None where it is no larger than the square.

    The picture's own corners go through the transform as a polygon does, and tell where it lies.
    """
    width, height = sample.width, sample.height
    corners = np.array([[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]])
    framed = replace(sample, instances=(TextInstance(corners),))
    prepared = prepare(framed, data)
    if max(width, height) <= max(prepared.image.shape[:2]):
        return None
    (left, top), (right, bottom) = np.rint(prepared.polygons[0][[0, 2]]).astype(int)
    return prepared.image[top : max(bottom, top + 1), left : max(right, left + 1)]


def _encode(image: Image) -> bytes:
    from PIL import Image as Pictures

    encoded = io.BytesIO()
    picture = Pictures.fromarray(np.ascontiguousarray(image))
    picture.save(encoded, "JPEG", quality=QUALITY, subsampling=SUBSAMPLING)
    return encoded.getvalue()
