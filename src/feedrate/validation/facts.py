"""The facts of a dataset: what the validation saw, a row a sample, in one Parquet file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from feedrate.files import atomic_path
from feedrate.index import ROWS_AT_ONCE
from feedrate.sample import Sample

SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("width", pa.int64()),  # what a bomb claims fits no less
        ("height", pa.int64()),
        ("bytes", pa.int64()),
        ("kind", pa.string()),
        ("mode", pa.string()),
        ("sha256", pa.string()),
        ("pixels", pa.string()),
        ("outlines", pa.string()),
        ("instances", pa.int32()),
        ("ignored", pa.int32()),
        ("drawn", pa.int32()),
        ("too_small", pa.int32()),
        ("lost", pa.int32()),
        ("text_sides", pa.list_(pa.float64())),
    ]
)


@dataclass(frozen=True)
class ImageFacts:
    """What was seen of one sample.

    Attributes:
        key: The sample's key.
        width: Pixels, as the header says; 0 where it cannot be read.
        height: Pixels, as the header says; 0 where it cannot be read.
        bytes: Size of the file; 0 where there is none.
        kind: ``JPEG``, ``PNG``, ``TIFF`` and so on, by Pillow's names; empty where unknown.
        mode: Pillow's mode (``RGB``, ``L``, ``P``); empty where unknown.
        sha256: Hash of the file; empty where only the header was read.
        pixels: Digest of the pixels as RGB; empty where they were not decoded.
        outlines: Digest of the polygons and their ignore tags, whatever their order.
        instances: How many text instances there are.
        ignored: How many of them have an ignore tag.
        drawn: How many are in the target maps.
        too_small: Texts, not ignored, too small after the resize.
        lost: Texts, not ignored and large enough, that are not in the maps.
        text_sides: Shorter side of each not ignored text's bounding box after the resize, pixels.
    """

    key: str
    width: int
    height: int
    bytes: int
    kind: str
    mode: str
    sha256: str
    pixels: str
    outlines: str
    instances: int
    ignored: int
    drawn: int
    too_small: int
    lost: int
    text_sides: tuple[float, ...]


def write_facts(path: Path, facts: Iterable[ImageFacts]) -> None:
    """Write facts as they come, whole or not at all."""
    with facts_writer(path) as write:
        for item in facts:
            write(item)


@contextmanager
def facts_writer(path: Path) -> Iterator[Callable[[ImageFacts], None]]:
    """Open a file of facts for writing, one at a time; it appears when the block ends well."""
    rows = list[ImageFacts]()
    with atomic_path(path) as temporary, pq.ParquetWriter(temporary, SCHEMA) as writer:

        def write(facts: ImageFacts) -> None:
            rows.append(facts)
            if len(rows) == ROWS_AT_ONCE:
                flush()

        def flush() -> None:
            writer.write_table(pa.Table.from_pylist([asdict(row) for row in rows], schema=SCHEMA))
            rows.clear()

        yield write
        flush()


def stream_facts(path: Path) -> Iterator[ImageFacts]:
    """Yield the facts of a dataset in the order of its index, a thousand in memory at a time.

    Raises:
        OSError: There is no such file.
        ValueError: It holds no facts; the message names it.
    """
    try:
        file = pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise ValueError(f"{path}: not the facts of a dataset: {error}") from None
    with file:
        if not file.schema_arrow.equals(SCHEMA):
            raise ValueError(f"{path}: not the facts of a dataset: its columns are others")
        for batch in file.iter_batches(ROWS_AT_ONCE):
            for row in batch.to_pylist():
                yield ImageFacts(**{**row, "text_sides": tuple(row["text_sides"])})


def digest_outlines(sample: Sample) -> str:
    """Hash what a sample teaches a detector: its outlines and which are ignored, in any order."""
    rows = sorted(
        bytes([item.ignore]) + np.ascontiguousarray(item.polygon, "<f8").tobytes()
        for item in sample.instances
    )
    digest = hashlib.blake2b(digest_size=16)
    for row in rows:
        digest.update(len(row).to_bytes(8, "little") + row)
    return digest.hexdigest()
