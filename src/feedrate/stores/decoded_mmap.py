"""Images decoded, resized and padded, in one memory-mapped file: 1.2 MB each at 640 px.

``images.npy`` is a plain numpy array ``(images, S, S, 3)`` uint8, RGB; ``polygons.npz`` holds the
polygons in the frame of its images. They are what the base's decoder and transform made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from feedrate.sample import Fetched, Polygon, Prepared, Sample
from feedrate.stores.layout import (
    Entry,
    Originals,
    PrepareSample,
    Recipe,
    Stored,
    StoreError,
    files_of,
    find_entries,
)

__all__ = [
    "DECODED",
    "MAPPED",
    "ORIGIN",
    "DecodedMmapStore",
    "files_of",
    "open_store",
    "write_store",
]

ORIGIN = "file"
"""Where every image comes from inside an epoch: a map is a file, whatever the page cache holds."""

DECODED = True
"""Images are handed over as pixels: nothing is left to decode inside an epoch."""

MAPPED = True
"""Files are read through a memory map: the kernel counts no read calls for it."""

IMAGES, POLYGONS = "images.npy", "polygons.npz"


class DecodedMmapStore:
    """Views of a map: a pixel is read from the file when somebody looks at it.

    The map is a private one (``mmap_mode="c"``): who writes into an image changes a copy of its
    page, never the file.

    Attributes:
        folder: Where the store lies.
        rows: Which image of the file belongs to each sample.
        polygons: The polygons of each sample in the frame of its image.
    """

    def __init__(
        self,
        folder: Path,
        rows: tuple[int, ...],
        polygons: tuple[tuple[Polygon, ...], ...],
    ) -> None:
        self.folder, self.rows, self.polygons = folder, rows, polygons
        self._images: npt.NDArray[np.uint8] = np.asarray(
            np.load(folder / IMAGES, mmap_mode="c") if rows else np.empty((0, 0, 0, 3), np.uint8)
        )

    def __len__(self) -> int:
        return len(self.rows)

    def __reduce__(
        self,
    ) -> tuple[
        type[DecodedMmapStore],
        tuple[Path, tuple[int, ...], tuple[tuple[Polygon, ...], ...]],
    ]:
        # Else pickling would send every pixel; a worker maps the file itself.
        return type(self), (self.folder, self.rows, self.polygons)

    def read(self, index: int) -> Fetched[Prepared]:
        """Hand over one image as a view of the map; nothing is copied, so write into none."""
        image = self._images[self.rows[index]]
        return Fetched(Prepared(image, self.polygons[index]), "file", image.nbytes)


def open_store(
    samples: Sequence[Sample],
    prepare: Callable[[int, bytes], Prepared],
    folder: Path | None = None,
) -> DecodedMmapStore:
    """Map the file and read the polygons. The first image is prepared anew, to be compared.

    Raises:
        feedrate.stores.layout.StoreError: The store is missing, stale or altered, or this cell's
            decoder, transform or size makes other pixels.
    """
    recipe, entries = find_entries(samples, folder)
    root = Path(folder or "")
    if entries:
        image = prepare(0, samples[0].image_path.read_bytes()).image
        _require_same(image, entries[0], recipe, samples[0], root)
    rows = tuple(entry.number for entry in entries)
    return DecodedMmapStore(root, rows, _read_polygons(root, rows))


def write_store(folder: Path, originals: Originals, prepare: PrepareSample) -> Iterator[Stored]:
    """Write pixels and polygons; see `feedrate.stores.building.WriteStore`.

    Raises:
        StoreError: The transform gives images of different sizes.
    """
    found: list[tuple[Polygon, ...]] = []
    shape: tuple[int, ...] = (0, 0, 3)
    with (folder / IMAGES).open("wb") as stream:
        for number, (sample, data) in enumerate(originals):
            prepared = prepare(sample, data)
            image = np.ascontiguousarray(prepared.image)
            if number == 0:
                shape = image.shape
                _write_header(stream, (len(originals), *shape))
            if image.shape != shape:
                raise StoreError(
                    f"{sample.key}: the transform makes an image of {image.shape}, the first one "
                    f"is {shape}; a map holds images of one size"
                )
            found.append(prepared.polygons)
            offset = stream.tell()
            stream.write(image.reshape(-1).data)
            yield Stored(IMAGES, offset, image.nbytes, _hash(image))
        if not found:
            _write_header(stream, (0, *shape))
    _write_polygons(folder, found)


def _write_header(stream: BinaryIO, shape: tuple[int, ...]) -> None:
    facts = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, facts)


def _write_polygons(folder: Path, found: Sequence[tuple[Polygon, ...]]) -> None:
    every = [polygon for polygons in found for polygon in polygons]
    np.savez(
        folder / POLYGONS,
        points=np.concatenate([np.empty((0, 2)), *every]),
        lengths=np.array([len(polygon) for polygon in every], np.int64),
        counts=np.array([len(polygons) for polygons in found], np.int64),
    )


def _read_polygons(folder: Path, rows: Sequence[int]) -> tuple[tuple[Polygon, ...], ...]:
    with np.load(folder / POLYGONS) as kept:
        points, lengths, counts = (kept[name] for name in ("points", "lengths", "counts"))
    ends, lasts = np.cumsum(lengths), np.cumsum(counts)
    return tuple(
        tuple(
            points[ends[place] - lengths[place] : ends[place]]
            for place in range(lasts[row] - counts[row], lasts[row])
        )
        for row in rows
    )


def _require_same(
    image: npt.NDArray[np.uint8], entry: Entry, recipe: Recipe, sample: Sample, folder: Path
) -> None:
    if _hash(np.ascontiguousarray(image)) != entry.sha256:
        raise StoreError(
            f"{folder}: holds other pixels of {sample.key!r} than this cell makes; it was built "
            f"with decoder {recipe.decoder}, transform {recipe.transform} and image_size "
            f"{recipe.image_size}: choose those levels, or build it again"
        )


def _hash(image: npt.NDArray[np.uint8]) -> str:
    return hashlib.sha256(image.reshape(-1).data).hexdigest()
