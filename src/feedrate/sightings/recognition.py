"""Which annotation files there are, and in which formats."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from feedrate.formats.listing import IMAGE_SUFFIXES, require_folder, walk
from feedrate.formats.text import BOMS
from feedrate.registry import Plugins, target_of

HEAD_BYTES = 1 << 16
ASKED = 32
"""Files of one folder that are looked at: the others will be as they are."""


@dataclass(frozen=True)
class Known:
    """An annotation file, or a folder of them, whose format is known."""

    format: str
    path: Path
    evidence: str


def recognise_one(annotations: Path, formats: Sequence[str], plugins: Plugins) -> Known:
    """Ask about one file or folder of annotations.

    Raises:
        FileNotFoundError: It is not there.
        ValueError: No format knows it.
    """
    if annotations.is_file():
        files = [annotations]
    else:
        require_folder(annotations, "annotations")
        files = [path for _, path in walk(annotations) if _may_annotate(path)]
    known = [answer for path in files[:ASKED] for answer in _ask(path, formats, plugins)]
    if not known:
        raise ValueError(f"{annotations}: recognised as none of the formats {', '.join(formats)}")
    return _most_frequent(known)


def know_folder(folder: Path, formats: Sequence[str], plugins: Plugins) -> list[Known]:
    """Ask about all files; those of one folder and suffix, one an image, are of one format."""
    require_folder(folder, "dataset")
    files = sorted((path for _, path in walk(folder) if _may_annotate(path)), key=_kind)
    found = list[Known]()
    for (parent, _), group in groupby(files, key=_kind):
        known = [a for path in list(group)[:ASKED] for a in _ask(path, formats, plugins)]
        found += [a for a in known if module_of(a.format, plugins).SPREAD == "file"]
        spread = [a for a in known if module_of(a.format, plugins).SPREAD == "folder"]
        if spread:
            found.append(replace(_most_frequent(spread), path=Path(parent)))
    return found


def _kind(path: Path) -> tuple[str, str]:
    return str(path.parent), path.suffix.lower()


def _may_annotate(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and path.suffix.lower() not in IMAGE_SUFFIXES


def _most_frequent(known: Sequence[Known]) -> Known:
    votes = Counter(answer.format for answer in known)
    return max(known, key=lambda answer: votes[answer.format])


def _ask(path: Path, formats: Sequence[str], plugins: Plugins) -> Iterator[Known]:
    """Yield the formats that know a file."""
    with path.open("rb") as stream:
        data = stream.read(HEAD_BYTES)
    mark = next((mark for mark in BOMS if data.startswith(mark)), b"")
    # Torn at its end, perhaps, or in no encoding that a reader would take: it then says so.
    head = data[len(mark) :].decode(BOMS.get(mark, "utf-8"), errors="replace")
    for name in formats:
        recognise = getattr(module_of(name, plugins), "recognise", None)
        evidence = recognise(path, head) if recognise else None
        if evidence:
            yield Known(name, path, evidence)


def module_of(name: str, plugins: Plugins) -> Any:
    """The module of a format; a user's own may lack `recognise`, and is then never guessed."""
    return importlib.import_module(target_of("formats", name, plugins).partition(":")[0])
