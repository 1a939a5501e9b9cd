"""Images in memory, decoded, resized and padded: 1.2 MB each at 640 px."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from feedrate.sample import Fetched, Prepared, Sample

ORIGIN = "memory"
"""Where every image comes from inside an epoch; the exercise gate holds the store to it."""

DECODED = True
"""Images are handed over as pixels: nothing is left to decode inside an epoch."""


@dataclass(frozen=True)
class DecodedRamStore:
    """One prepared image per sample; forked workers share the pixels."""

    images: tuple[Prepared, ...]

    def __len__(self) -> int:
        return len(self.images)

    def read(self, index: int) -> Fetched[Prepared]:
        """Hand over one prepared image; nothing is copied, so nobody may write into it."""
        return Fetched(self.images[index], "memory")


def open_store(
    samples: Sequence[Sample],
    prepare: Callable[[int, bytes], Prepared],
    folder: Path | None = None,
) -> DecodedRamStore:
    """Read, decode and resize every image: the preload."""
    return DecodedRamStore(
        tuple(
            _owned(prepare(index, sample.image_path.read_bytes()))
            for index, sample in enumerate(samples)
        )
    )


def _owned(prepared: Prepared) -> Prepared:
    # A view would keep the full-size image behind it alive for the whole trial.
    image = prepared.image
    whole = image.flags.owndata and image.flags.c_contiguous
    return prepared if whole else replace(prepared, image=image.copy())
