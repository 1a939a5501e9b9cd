"""The index: all samples of a dataset in one Parquet file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from feedrate.files import atomic_path
from feedrate.sample import Sample, TextInstance

T = TypeVar("T")

SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("image_path", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("polygons", pa.list_(pa.list_(pa.float64()))),
        ("ignore", pa.list_(pa.bool_())),
        ("text", pa.list_(pa.string())),
        ("annotation", pa.string()),
        ("declared_size", pa.list_(pa.int32())),
    ]
)
"""A row a sample; a polygon is flat, x1, y1, x2, y2 and so on."""

ROWS_AT_ONCE = 1024
"""A thousand pages of fifty texts take some megabytes."""


def write_index(path: Path, samples: Iterable[Sample]) -> int:
    """Write samples as they come, whole or not at all; return how many there were."""
    count = 0
    with atomic_path(path) as temporary, pq.ParquetWriter(temporary, SCHEMA) as writer:
        for group in batched(samples, ROWS_AT_ONCE):
            writer.write_table(pa.Table.from_pylist([_to_row(s) for s in group], schema=SCHEMA))
            count += len(group)
    return count


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Divide into lists of `size`, the last shorter; Python 3.12 has it in itertools."""
    rest = iter(items)
    return iter(lambda: list(islice(rest, size)), [])


def stream_index(path: Path) -> Iterator[Sample]:
    """Yield the samples of an index, in order; a thousand at a time are in memory.

    Raises:
        ValueError: The file is no index; the message names it.
    """
    with _opened(path) as file:
        for batch in file.iter_batches(ROWS_AT_ONCE, columns=SCHEMA.names):
            yield from map(_to_sample, batch.to_pylist())


@dataclass(frozen=True)
class Index:
    """The samples of an index, for those who go through them more than once.

    Attributes:
        path: The file; it is read anew each time.
    """

    path: Path

    def __iter__(self) -> Iterator[Sample]:
        return stream_index(self.path)

    def __len__(self) -> int:
        return count_samples(self.path)


def read_index(path: Path) -> list[Sample]:
    """Read all samples of an index; see `stream_index`."""
    return list(stream_index(path))


def count_samples(path: Path) -> int:
    """Count the samples of an index without reading them.

    Raises:
        ValueError: The file is no index; the message names it.
    """
    with _opened(path) as file:
        return int(file.metadata.num_rows)


def read_places(path: Path, places: Sequence[int]) -> list[Sample]:
    """Read the samples at some places of an index, and only the row groups they lie in.

    Args:
        path: The index.
        places: Ascending, from 0.

    Raises:
        ValueError: The file is no index; the message names it.
        IndexError: There is no such place.
    """
    found, start, wanted = list[Sample](), 0, list(places)
    with _opened(path) as file:
        if wanted and not 0 <= wanted[0] <= wanted[-1] < file.metadata.num_rows:
            raise IndexError(f"{path}: {file.metadata.num_rows} samples, {wanted[-1]} asked for")
        for group in range(file.num_row_groups):
            end = start + file.metadata.row_group(group).num_rows
            inside = [place - start for place in wanted if start <= place < end]
            if inside:
                rows = file.read_row_group(group, columns=SCHEMA.names).take(inside)
                found += map(_to_sample, rows.to_pylist())
            start = end
    return found


@contextmanager
def _opened(path: Path) -> Iterator[pq.ParquetFile]:
    try:
        file = pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise ValueError(f"{path}: not an index of samples: {error}") from None
    with file:
        if not file.schema_arrow.equals(SCHEMA):
            raise ValueError(f"{path}: not an index of samples: its columns are others")
        yield file


def _to_row(sample: Sample) -> dict[str, Any]:
    return {
        "key": sample.key,
        "image_path": str(sample.image_path),
        "width": sample.width,
        "height": sample.height,
        "polygons": [item.polygon.ravel() for item in sample.instances],
        "ignore": [item.ignore for item in sample.instances],
        "text": [item.text for item in sample.instances],
        "annotation": sample.annotation,
        "declared_size": sample.declared_size,
    }


def _to_sample(row: dict[str, Any]) -> Sample:
    instances = tuple(
        TextInstance(np.asarray(flat, np.float64).reshape(-1, 2), ignore, text)
        for flat, ignore, text in zip(row["polygons"], row["ignore"], row["text"], strict=True)
    )
    size = row["declared_size"]
    return Sample(
        key=row["key"],
        image_path=Path(row["image_path"]),
        width=row["width"],
        height=row["height"],
        instances=instances,
        annotation=row["annotation"],
        declared_size=(size[0], size[1]) if size else None,
    )
