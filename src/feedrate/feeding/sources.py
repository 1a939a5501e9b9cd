"""What a training loop has of its data becomes samples."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from feedrate.index import read_index
from feedrate.registry import AUTO, resolve
from feedrate.sample import Finding, Polygon, Sample, TextInstance
from feedrate.sightings import find_dataset

LOG = logging.getLogger("feedrate")

Source = str | Path | Sequence[Sample] | Sequence[str | Path]
"""A folder or an index, samples, or the images of lists."""


def gather_samples(
    source: Source,
    polygons: Sequence[Sequence[Any] | None] | None = None,
    ignore: Sequence[Sequence[bool] | None] | None = None,
    need_polygons: bool = True,
) -> list[Sample]:
    """Turn what `feedrate.build_loader` takes into samples.

    Raises:
        OSError: A folder or file does not exist.
        ValueError: There is nothing, more than one dataset, or lists that do not fit together.
    """
    if isinstance(source, str | Path):
        _refuse_lists(polygons, ignore, "a folder or an index has its own")
        samples = _read(Path(source))
    elif source and all(isinstance(item, Sample) for item in source):
        _refuse_lists(polygons, ignore, "samples have their own")
        samples = [item for item in source if isinstance(item, Sample)]
    else:
        paths = [Path(item) for item in source if not isinstance(item, Sample)]
        if len(paths) != len(source):
            raise ValueError("give either samples or paths of images, not both in one list")
        if polygons is None and need_polygons:
            raise ValueError(
                "images without polygons: give `polygons`, one list an image, empty where there is"
                " no text; or `targets=False`"
            )
        samples = list(_combine(paths, polygons, ignore))
    if not samples:
        raise ValueError("there are no images to load")
    return samples


def _refuse_lists(polygons: object, ignore: object, reason: str) -> None:
    if polygons is not None or ignore is not None:
        raise ValueError(f"`polygons` and `ignore` belong to a list of image paths; {reason}")


def _read(path: Path) -> list[Sample]:
    """Read an index, or a folder in any format that is known."""
    if path.is_file():
        return read_index(path)
    found = find_dataset(AUTO, path, None, None)
    samples, findings = dict[str, Sample](), list[Finding]()
    for item in resolve("formats", found.format)(found.images, found.annotations):
        if isinstance(item, Finding):
            findings.append(item)
        elif item.key in samples:
            findings.append(_second_annotation(item))
        else:
            samples[item.key] = item
    _tell(path, findings)
    return list(samples.values())


def _second_annotation(sample: Sample) -> Finding:
    return Finding(
        sample.key,
        "duplicate_annotation",
        "warning",
        "annotated more than once; the first annotation is used",
        sample.annotation,
    )


def _tell(path: Path, findings: Iterable[Finding]) -> None:
    """Log what was wrong, so that nothing is left out in silence."""
    wrong = [each for each in findings if each.severity != "info"]
    if wrong:
        first = wrong[0]
        LOG.warning(
            "%s: %d findings while reading, the first: %s: %s (%s); `feedrate validate` lists all",
            *(path, len(wrong), first.key, first.message, first.location),
        )


def _combine(
    paths: Sequence[Path],
    polygons: Sequence[Sequence[Any] | None] | None,
    ignore: Sequence[Sequence[bool] | None] | None,
) -> Iterator[Sample]:
    """Make samples of lists; their sizes are found out when they are loaded."""
    outlines = [None] * len(paths) if polygons is None else polygons
    flags = [None] * len(paths) if ignore is None else ignore
    if not len(paths) == len(outlines) == len(flags):
        raise ValueError(
            f"{len(paths)} images, {len(outlines)} lists of polygons and {len(flags)} of ignore"
            " flags; give one of each an image"
        )
    for path, own, ignored in zip(paths, outlines, flags, strict=True):
        try:
            yield Sample(path.name, path, 0, 0, tuple(_instances(own, ignored)))
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error


def _instances(
    polygons: Sequence[Any] | None, ignore: Sequence[bool] | None
) -> Iterator[TextInstance]:
    points = [_points(polygon) for polygon in ([] if polygons is None else polygons)]
    flags = [False] * len(points) if ignore is None else [bool(flag) for flag in ignore]
    if len(points) != len(flags):
        raise ValueError(f"{len(points)} polygons but {len(flags)} ignore flags")
    for each, flag in zip(points, flags, strict=True):
        yield TextInstance(each, flag)


def _points(polygon: Any) -> Polygon:
    """Take ``(N, 2)``, or ``(1, N, 2)`` as albumentations chains have them."""
    points = np.asarray(polygon, np.float64)
    points = points[0] if points.ndim == 3 and len(points) == 1 else points
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"a polygon has the shape {points.shape}, must be (N, 2)")
    return points
