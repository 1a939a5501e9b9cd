"""What a folder holds: which annotations, in which format, of which images.

Each format is asked whether it knows a file (`feedrate.formats.Recognise`); which images belong to
it is found by reading: the folder under which most annotations find their image is theirs.
"""

from __future__ import annotations

import importlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from feedrate.formats.listing import IMAGE_SUFFIXES, list_images, require_folder, walk
from feedrate.formats.text import BOMS
from feedrate.registry import AUTO, Plugins, names, resolve, target_of
from feedrate.sample import Sample

HEAD_BYTES = 1 << 16
ASKED = 32
"""Files of one folder that are looked at: the others will be as they are."""
MOST_FOLDERS = 16
"""Folders of images that are tried one by one; more of them are parts of one dataset."""


@dataclass(frozen=True)
class Sighting:
    """Annotations that were found, and the images that belong to them.

    Attributes:
        format: Name of the format.
        images: Folder of the images.
        annotations: Folder or file of the annotations.
        evidence: What gave the format away.
    """

    format: str
    images: Path
    annotations: Path
    evidence: str

    def describe(self) -> str:
        """Say it in one line."""
        return f"{self.format} ({self.evidence}) in {self.annotations}, images in {self.images}"

    def to_json(self) -> dict[str, str]:
        """Return it as plain data."""
        return {name: str(value) for name, value in asdict(self).items()}


def find_dataset(
    format_name: str,
    folder: Path | None,
    images: Path | None,
    annotations: Path | None,
    plugins: Plugins | None = None,
) -> Sighting:
    """Settle where one dataset lies and in which format, looking for what was not said.

    Raises:
        OSError: A folder or file does not exist.
        ValueError: There is no dataset, or more than one; the message lists what was seen.
    """
    plugins = plugins or {}
    asked = names("formats", plugins) if format_name == AUTO else [format_name]
    if images and annotations:
        if format_name != AUTO:
            return Sighting(format_name, images, annotations, "as the config says")
        known = _recognise_one(annotations, asked, plugins)
        return Sighting(known.format, images, annotations, known.evidence)
    if folder is None:
        raise ValueError("give `folder`, or both `images` and `annotations`")
    seen = find_datasets(folder, asked, plugins)
    seen = [s for s in seen if s.annotations == (annotations or s.annotations)]
    if len(seen) != 1:
        raise ValueError(_describe(folder, seen, asked))
    return seen[0]


def find_datasets(
    folder: Path, formats: Sequence[str] | None = None, plugins: Plugins | None = None
) -> list[Sighting]:
    """Find all annotations in a folder, and the images that belong to them.

    Args:
        folder: Looked through with all below it.
        formats: Names of formats to look for; None for all.
        plugins: The config's ``plugins:`` block.

    Returns:
        What was found, in the order of formats and paths.

    Raises:
        FileNotFoundError: There is no such folder.
    """
    plugins = plugins or {}
    asked = list(formats or names("formats", plugins))
    places = _image_folders(folder)
    known = _know_folder(folder, asked, plugins)
    found = [
        sighting
        for name in asked
        for sighting in _place([k for k in known if k.format == name], places, plugins)
    ]
    return sorted(found, key=lambda item: (asked.index(item.format), str(item.annotations)))


@dataclass(frozen=True)
class _Known:
    """An annotation file, or a folder of them, whose format is known."""

    format: str
    path: Path
    evidence: str


def _recognise_one(annotations: Path, formats: Sequence[str], plugins: Plugins) -> _Known:
    if annotations.is_file():
        files = [annotations]
    else:
        require_folder(annotations, "annotations")
        files = [path for _, path in walk(annotations) if _may_annotate(path)]
    known = [answer for path in files[:ASKED] for answer in _ask(path, formats, plugins)]
    if not known:
        raise ValueError(f"{annotations}: recognised as none of the formats {', '.join(formats)}")
    return _most_frequent(known)


def _know_folder(folder: Path, formats: Sequence[str], plugins: Plugins) -> list[_Known]:
    """Ask about all files; those of one folder and suffix, one an image, are of one format."""
    require_folder(folder, "dataset")
    files = sorted((path for _, path in walk(folder) if _may_annotate(path)), key=_kind)
    found = list[_Known]()
    for (parent, _), group in groupby(files, key=_kind):
        known = [a for path in list(group)[:ASKED] for a in _ask(path, formats, plugins)]
        found += [a for a in known if _module(a.format, plugins).SPREAD == "file"]
        spread = [a for a in known if _module(a.format, plugins).SPREAD == "folder"]
        if spread:
            found.append(replace(_most_frequent(spread), path=Path(parent)))
    return found


def _kind(path: Path) -> tuple[str, str]:
    return str(path.parent), path.suffix.lower()


def _may_annotate(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and path.suffix.lower() not in IMAGE_SUFFIXES


def _most_frequent(known: Sequence[_Known]) -> _Known:
    votes = Counter(answer.format for answer in known)
    return max(known, key=lambda answer: votes[answer.format])


def _ask(path: Path, formats: Sequence[str], plugins: Plugins) -> Iterator[_Known]:
    """Yield the formats that know a file."""
    with path.open("rb") as stream:
        data = stream.read(HEAD_BYTES)
    mark = next((mark for mark in BOMS if data.startswith(mark)), b"")
    # Torn at its end, perhaps, or in no encoding that a reader would take: it then says so.
    head = data[len(mark) :].decode(BOMS.get(mark, "utf-8"), errors="replace")
    for name in formats:
        recognise = getattr(_module(name, plugins), "recognise", None)
        evidence = recognise(path, head) if recognise else None
        if evidence:
            yield _Known(name, path, evidence)


def _module(name: str, plugins: Plugins) -> Any:
    """The module of a format; a user's own may lack `recognise`, and is then never guessed."""
    return importlib.import_module(target_of("formats", name, plugins).partition(":")[0])


def _image_folders(folder: Path) -> list[Path]:
    """List the folders that may be the root of a dataset's images, the deepest first."""
    parents = {path.parent for path in list_images(folder).images.values()}
    common = Path(os.path.commonpath(parents)) if parents else folder
    if len(parents) > MOST_FOLDERS:
        parents = set()
    between = {up for path in parents for up in path.parents if up.is_relative_to(common)}
    return sorted({folder, common, *parents, *between}, key=lambda path: (-len(path.parts), path))


def _place(known: Sequence[_Known], places: Sequence[Path], plugins: Plugins) -> list[Sighting]:
    """Find the images of annotations: of all of them together where that finds as many."""
    apart = [_best(each, places, plugins) for each in known]
    if len(known) > 1 and _module(known[0].format, plugins).SPREAD == "folder":
        common = Path(os.path.commonpath([each.path for each in known]))
        count, together = _best(replace(known[0], path=common), places, plugins)
        if count >= sum(count for count, _ in apart):
            return [together]
    return [sighting for _, sighting in apart]


def _best(known: _Known, places: Sequence[Path], plugins: Plugins) -> tuple[int, Sighting]:
    tried = [Sighting(known.format, place, known.path, known.evidence) for place in places]
    counted = [(_count(sighting, plugins), sighting) for sighting in tried]
    return max(counted, key=lambda item: item[0])


def _count(sighting: Sighting, plugins: Plugins) -> int:
    """Count the annotations that find their image; a broken file has none, and says so later."""
    read = resolve("formats", sighting.format, plugins)
    try:
        return sum(isinstance(item, Sample) for item in read(sighting.images, sighting.annotations))
    except ValueError:
        return 0


def _describe(folder: Path, seen: Iterable[Sighting], asked: Sequence[str]) -> str:
    lines = [sighting.describe() for sighting in seen]
    if not lines:
        return (
            f"{folder}: no images with annotations in it that are recognised as"
            f" {', '.join(asked)}; give `format`, `images` and `annotations`"
        )
    return (
        f"{folder}: holds {len(lines)} datasets: {'; '.join(lines)}; give the `format` or the"
        " `annotations` of one of them"
    )
