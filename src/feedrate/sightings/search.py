"""Which images belong to annotations: found by reading."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple

from feedrate.registry import Plugins, resolve
from feedrate.sample import Finding, Sample
from feedrate.sightings.recognition import Known, module_of

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


class _Tried(NamedTuple):
    """How well annotations and images fit: the more found and the fewer left over, the better."""

    found: int
    left_over: int
    sighting: Sighting

    @property
    def fit(self) -> tuple[int, int]:
        """The larger the better."""
        return self.found, -self.left_over


@dataclass(frozen=True)
class Search:
    """Looks for the images that belong to annotations.

    Attributes:
        folder: The search goes no further up.
        parents: All folders in it that hold images.
        plugins: The config's ``plugins:`` block.
    """

    folder: Path
    parents: Sequence[Path]
    plugins: Plugins

    def place(self, known: Sequence[Known]) -> list[Sighting]:
        """Find the images of annotations: of all of them together where that fits as well."""
        if not known:
            return []
        if module_of(known[0].format, self.plugins).SPREAD == "file":
            return [self._best(each).sighting for each in known]
        return [tried.sighting for tried in self._gather(known)]

    def _gather(self, known: Sequence[Known]) -> list[_Tried]:
        if len(known) == 1:
            return [self._best(known[0])]
        common = Path(os.path.commonpath([each.path for each in known]))
        branches = dict[str, list[Known]]()
        for each in known:
            branches.setdefault(str(each.path.relative_to(common).parts[:1]), []).append(each)
        together = self._best(replace(known[0], path=common))
        if len(branches) == 1:  # all of them lie in the same folder
            return [together]
        apart = [tried for branch in branches.values() for tried in self._gather(branch)]
        found, left_over = sum(t.found for t in apart), sum(t.left_over for t in apart)
        return [together] if together.fit >= (found, -left_over) else apart

    def _best(self, known: Known) -> _Tried:
        """Try the images nearest to the annotations first, and others only if none fit."""
        start = known.path if known.path.is_dir() else known.path.parent
        best: _Tried | None = None
        for near in (up for up in (start, *start.parents) if up.is_relative_to(self.folder)):
            for place in self._places(near):
                sighting = Sighting(known.format, place, known.path, known.evidence)
                tried = self._try(sighting)
                best = tried if best is None or tried.fit > best.fit else best
            if best and best.found:
                break
        nowhere = Sighting(known.format, self.folder, known.path, known.evidence)
        return best or _Tried(0, 0, nowhere)

    def _places(self, near: Path) -> list[Path]:
        """List the folders below one that may be the root of the images, the deepest first."""
        parents = {path for path in self.parents if path.is_relative_to(near)}
        if not parents:
            return []
        common = Path(os.path.commonpath(parents))
        if len(parents) > MOST_FOLDERS:
            parents = set()
        between = {up for path in parents for up in path.parents if up.is_relative_to(common)}
        places = {near, common, *parents, *between}
        return sorted(places, key=lambda path: (-len(path.parts), path))

    def _try(self, sighting: Sighting) -> _Tried:
        """Count; a broken file finds none, and says so when it is read."""
        read = resolve("formats", sighting.format, self.plugins)
        try:
            items = list(_outcomes(read(sighting.images, sighting.annotations)))
        except ValueError:
            items = []
        return _Tried(items.count(True), items.count(False), sighting)


def _outcomes(items: Iterable[Sample | Finding]) -> Iterator[bool]:
    """Yield True for an annotation with its image, False for an image without annotation."""
    for item in items:
        if isinstance(item, Sample):
            yield True
        elif item.check == "missing_annotation":
            yield False
