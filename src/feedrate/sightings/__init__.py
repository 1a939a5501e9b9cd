"""What a folder holds: which annotations, in which format, of which images.

Each format is asked whether it knows a file (`feedrate.formats.Recognise`); which images belong to
it is found by reading: of the folders nearest to the annotations, the one under which most of them
find their image and fewest images are left over. Folders of annotations that fit one folder of
images together are one dataset.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from feedrate.formats.listing import list_images
from feedrate.registry import AUTO, Plugins, names
from feedrate.sightings.recognition import know_folder, recognise_one
from feedrate.sightings.search import Search, Sighting

__all__ = ["Sighting", "find_dataset", "find_datasets"]


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
        known = recognise_one(annotations, asked, plugins)
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
    parents = {path.parent for path in list_images(folder).images.values()}
    known = know_folder(folder, asked, plugins)
    search = Search(folder, sorted(parents), plugins)
    found = [
        sighting
        for name in asked
        for sighting in search.place([each for each in known if each.format == name])
    ]
    return sorted(found, key=lambda item: (asked.index(item.format), str(item.annotations)))


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
