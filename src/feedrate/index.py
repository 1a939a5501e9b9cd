"""The index: all samples of a dataset in one Parquet file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from feedrate.files import atomic_path
from feedrate.sample import Sample, TextInstance

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


def write_index(path: Path, samples: Sequence[Sample]) -> None:
    """Write samples, whole or not at all."""
    table = pa.Table.from_pylist([_to_row(sample) for sample in samples], schema=SCHEMA)
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary)


def read_index(path: Path) -> list[Sample]:
    """Read the samples of an index, in order.

    Raises:
        ValueError: The file is no index; the message names it.
    """
    try:
        table = pq.read_table(path)
        # A column that is missing would be read as nulls under a given schema.
        table = table.select(SCHEMA.names).cast(SCHEMA)
    except (pa.ArrowInvalid, pa.ArrowTypeError, KeyError) as error:
        raise ValueError(f"{path}: not an index of samples: {error}") from None
    return [_to_sample(row) for row in table.to_pylist()]


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
