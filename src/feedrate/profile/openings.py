"""Lazy openings: calls that look like loading a file and read little more than its header.

`np.load` of an archive reads its directory, `PIL.Image.open` the header of an image, and a mapped
file nothing at all; the work waits for whoever touches the values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image

from feedrate.maps import PolygonsOf, build_shard
from feedrate.profile.levels import STORED
from feedrate.registry import resolve
from feedrate.sample import Sample
from feedrate.targets.codecs.archive import KEYS
from feedrate.targets.layout import find_files
from feedrate.targets.params import TargetParams

MAPPED = "mapped"
"""Folder of the maps as plain arrays, which can be mapped into memory."""


@dataclass(frozen=True)
class Opening:
    """One way to open a file, and to load what is in it.

    Attributes:
        what: The call, as one would write it.
        files: What it is called with.
        open: Opens one; whoever calls closes it, if it can be closed.
        load: Takes what `open` returned to arrays.
    """

    what: str
    files: Sequence[Path]
    open: Callable[[Path], Any]
    load: Callable[[Any], Any]


def store_maps(
    samples: Sequence[Sample],
    polygons_of: PolygonsOf,
    folder: Path,
    size: tuple[int, int],
    params: TargetParams,
) -> None:
    """Store the maps of some samples in every codec that is profiled, and as plain arrays."""
    for name in STORED:
        codec = resolve("codecs", name)
        build_shard(samples, polygons_of, folder / name / "0", codec, size, params, "profile")
    paths = find_files([item.key for item in samples], folder / "npz_raw", size, params)
    for number, path in enumerate(paths.values()):
        with np.load(path) as archive:
            target = folder / MAPPED / f"{number}.npy"
            target.parent.mkdir(exist_ok=True)
            np.save(target, np.stack([archive[key] for key in KEYS]))


def openings(
    samples: Sequence[Sample], folder: Path, size: tuple[int, int], params: TargetParams
) -> list[Opening]:
    """List the openings that are profiled, over the images and what `store_maps` stored."""
    keys = [item.key for item in samples]
    found: Mapping[str, list[Path]] = {
        name: list(find_files(keys, folder / name, size, params).values())
        for name in ("npz", "npz_raw")
    }
    mapped = sorted((folder / MAPPED).glob("*.npy"))
    images = [item.image_path for item in samples]
    return [
        Opening("np.load of a compressed .npz", found["npz"], np.load, _index_all),
        Opening("np.load of an uncompressed .npz", found["npz_raw"], np.load, _index_all),
        Opening("np.load of a .npy, mmap_mode='r'", mapped, _map_file, np.asarray),
        Opening("PIL.Image.open", images, PIL.Image.open, _pixels),
    ]


def _map_file(path: Path) -> Any:
    return np.load(path, mmap_mode="r")


def _index_all(archive: Any) -> dict[str, Any]:
    return {key: archive[key] for key in KEYS}


def _pixels(image: PIL.Image.Image) -> Any:
    return np.asarray(image.convert("RGB"))
