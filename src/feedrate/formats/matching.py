"""Which image a file of one page belongs to, by the image's name in it and by its own.

The named image is looked for beside the file, then in the folders above it, then without the
leading folders of its name. Where it is not there, or none is named, an image of the same stem as
the name or as the file is taken, and that is told. A name that leads out is never looked for.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from feedrate.formats import is_plain_name

ABSOLUTE = re.compile(r"[/\\]|[A-Za-z]:|[A-Za-z][\w+.-]*:[/\\]")
"""A root, a drive of Windows, or a scheme like ``file:/``."""


@dataclass(frozen=True)
class Known:
    """The images there are: by path, and by path without suffix where that is unique."""

    names: Mapping[str, str]
    stems: Mapping[str, str]


@dataclass(frozen=True)
class Match:
    """What was found.

    Attributes:
        key: The image's; None where there is none.
        path: Where the name points to, inside the folder; "" where it names nothing there.
        safe: Whether the name stays in the folder.
        named: Whether the image is the one that is named, and not one of the same stem.
    """

    key: str | None
    path: str
    safe: bool = True
    named: bool = True


def index_images(keys: Iterable[str]) -> Known:
    """Make images findable by path and by path without suffix."""
    stems = dict[str, list[str]]()
    for key in keys:
        stems.setdefault(key.removesuffix(PurePosixPath(key).suffix), []).append(key)
    unique = {stem: found[0] for stem, found in stems.items() if len(found) == 1}
    return Known({key: key for found in stems.values() for key in found}, unique)


def match_image(name: str, stem: str, known: Known) -> Match:
    """Find the image of a file.

    Args:
        name: The image's name in the file, "" where it names none.
        stem: The file's path below the folder of the annotations, without suffix.
        known: The images.
    """
    folder, own_stem = posixpath.split(stem)
    own = _find(own_stem, folder, known.stems)
    if not name:
        return Match(own, "", named=False)
    path = posixpath.normpath(posixpath.join(folder, name))
    if ABSOLUTE.match(name) or not is_plain_name(path):
        return Match(own, "", safe=False, named=False)
    found = _find(name, folder, known.names)
    if found:
        return Match(found, path)
    tried = (_find(part, folder, known.stems) for part in (name, posixpath.splitext(name)[0]))
    return Match(next(filter(None, tried), own), path, named=False)


def _find(name: str, folder: str, known: Mapping[str, str]) -> str | None:
    above = [folder, *map(str, PurePosixPath(folder).parents)]
    paths = [posixpath.normpath(posixpath.join(up, name)) for up in above]
    parts = paths[0].split("/")
    tails = ("/".join(parts[start:]) for start in range(1, len(parts)))
    return next((known[path] for path in (*paths, *tails) if path in known), None)
