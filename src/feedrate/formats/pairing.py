"""Which annotation belongs to which image."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from feedrate.formats import is_plain_name, missing_annotation, missing_image, unsafe_name
from feedrate.formats.listing import Listing, list_files, list_images, locate
from feedrate.sample import Finding, Sample

T = TypeVar("T")

Read = Iterator[Sample | Finding]


def pair_files(
    images: Path,
    annotations: Path,
    suffix: str,
    stems_of: Callable[[str], Sequence[str]],
    read_one: Callable[[str, Path, Path], Read],
) -> Read:
    """Read a dataset of one annotation file an image, which belong together by name.

    Args:
        images: Folder of the images.
        annotations: Folder of the annotations.
        suffix: Of the annotations, ``.txt``.
        stems_of: From an image's path without suffix ("sub/img_1") to the paths that its
            annotation may have, without suffix ("sub/gt_img_1"); all that are there are read.
        read_one: From key, image and annotation to a sample and findings.

    Raises:
        FileNotFoundError: A folder is absent.
    """
    listing, files = list_images(images), list_files(annotations, suffix)
    yield from listing.refused
    taken = set[str]()
    for key, path in listing.images.items():
        wanted = stems_of(key.removesuffix(Path(key).suffix))
        found = [stem for stem in wanted if stem in files]
        for stem in found:
            yield from read_one(key, path, files[stem])
        if not found:
            yield missing_annotation(key, annotations, wanted[0] + suffix)
        taken.update(found)
    for stem in sorted(files.keys() - taken):
        yield missing_image(stem + suffix, images, str(files[stem]))


def pair_entries(
    images: Path,
    annotations: Path,
    entries: Iterable[tuple[str, T]],
    read_one: Callable[[str, Path, T, str], Read],
) -> Read:
    """Read a dataset whose annotations name their images.

    Args:
        images: Folder of the images.
        annotations: The file of the entries, or the folder of their files, for messages.
        entries: The image's name as the annotation has it, and what it says of the image.
        read_one: From key, image, entry and location to a sample and findings.

    Raises:
        FileNotFoundError: The folder of the images is absent.
    """
    listing = list_images(images)
    yield from listing.refused
    refused = {finding.key for finding in listing.refused}
    named = dict[str, list[tuple[str, T]]]()
    for written, entry in entries:
        name = written.removeprefix("./")
        named.setdefault(_key_of(name, listing), []).append((name, entry))
    for key in sorted(listing.images.keys() | named.keys()):
        if key not in named:
            yield missing_annotation(key, annotations, f"entry {key!r}")
        for name, entry in named.get(key, []):
            if key in listing.images:
                yield from read_one(key, listing.images[key], entry, f"{annotations}: {name}")
            elif not is_plain_name(name):
                yield unsafe_name(name, str(annotations))
            elif name not in refused:
                yield missing_image(name, images, str(annotations))


def _key_of(name: str, listing: Listing) -> str:
    found = locate(name, listing) if is_plain_name(name) else None
    return found or name
