"""The fixed work of a trial: what it is told, which images it delivers, in which order."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feedrate.cell import split_level
from feedrate.files import sha256_of
from feedrate.registry import BUILT_STORES, Plugins, target_of

if TYPE_CHECKING:  # the Snakemake process loads this module, and no numpy
    from feedrate.sample import Sample


@dataclass(frozen=True)
class TrialSpec:
    """Everything a trial needs to know; plain values, for it travels as JSON.

    Attributes:
        levels: The cell's level of every factor.
        index: The accepted samples (`feedrate.index`).
        maps_dir: Folder of the stored maps, None where the cell reads none.
        image_size: Side of the square input (px).
        params: Fields of `TargetParams`.
        images: Distinct images.
        deliver: Images to deliver, in batches of the cell's size; more than the distinct ones
            loop them.
        seed: Draws the images and their order.
        plugins: The config's own plug-ins.
        keep: Where to keep what the batches hold for comparison, None to keep nothing.
        observe: Whether to read the memory of all processes at every batch, which takes time.
        store_dir: Folder of the built store of images, None where the cell reads none.
    """

    levels: Mapping[str, str | int]
    index: str
    maps_dir: str | None
    image_size: int
    params: Mapping[str, Any]
    images: int
    deliver: int
    seed: int
    plugins: Plugins
    keep: str | None = None
    observe: bool = False
    store_dir: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain data."""
        return asdict(self)


def files_of(spec: TrialSpec) -> list[Path]:
    """List every file that a trial may read: its images, and their stored maps.

    Raises:
        FileNotFoundError: A stored map is missing; the message names it.
    """
    from feedrate.index import count_samples, read_places
    from feedrate.targets.layout import find_files
    from feedrate.targets.params import TargetParams

    index = Path(spec.index)
    chosen, _ = work_order(count_samples(index), spec.images, 0, spec.seed)
    samples = read_places(index, chosen)
    paths = _image_files(spec, samples)
    if spec.maps_dir:
        size = (spec.image_size, spec.image_size)
        keys = [sample.key for sample in samples]
        paths += find_files(keys, Path(spec.maps_dir), size, TargetParams(**spec.params)).values()
    return paths


def _image_files(spec: TrialSpec, samples: Sequence[Sample]) -> list[Path]:
    """List the files that a cell's store reads: its own, or the images themselves."""
    level = str(spec.levels["images"])
    if level not in BUILT_STORES:
        return [sample.image_path for sample in samples]
    module = import_module(target_of("images", level, spec.plugins).partition(":")[0])
    found: list[Path] = module.files_of(samples, Path(str(spec.store_dir)))
    return found


def content_hash(paths: Sequence[Path]) -> str:
    """Hash the content of files, in their order: 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(bytes.fromhex(sha256_of(path)))
    return digest.hexdigest()[:16]


def work_order(available: int, images: int, count: int, seed: int) -> tuple[list[int], list[int]]:
    """Draw the images of a study's trials, and the order in which a trial delivers them.

    The same seed gives the same images in the same order to every cell.

    Returns:
        Places of the images in the index, and `count` positions among them, looped.

    Raises:
        ValueError: Fewer images are available than asked for.
    """
    if images > available:
        raise ValueError(f"work.images: {images} asked for, but the dataset has {available}")
    chosen = random.Random(seed).sample(range(available), images)  # noqa: S311  no secret
    return sorted(chosen), [place % images for place in range(count)]


def is_network(consumer: str) -> bool:
    """Whether a consumer's level is a network: slow on a CPU, and it may use every core."""
    return split_level(consumer)[0] in ("dbnet", "dbnet_train")
