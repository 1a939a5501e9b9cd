"""Maps made elsewhere: is there one for every image, and is it what the annotation gives?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt

from feedrate.formats.listing import list_files
from feedrate.targets.codecs.npz import CODEC
from feedrate.targets.params import Mask
from feedrate.validation.findings import Trouble, visible
from feedrate.validation.limits import Limits

SUFFIX = CODEC.suffix
TOLERATED = 0.05
"""Share of the text pixels of either map that may differ: Clipper and OpenCV round in other ways
from release to release. The same preset gives the same map; one pixel aside is 25 % and more."""


@dataclass
class Shelf:
    """The maps of a folder and below, handed out to the samples they belong to.

    Attributes:
        folder: Where they lie; None where no maps are to be checked.

    Raises:
        FileNotFoundError: There is no such folder.
    """

    folder: Path | None
    _maps: dict[str, Path] = field(init=False)
    _taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._maps = {} if self.folder is None else list_files(self.folder, SUFFIX)

    def take(self, key: str) -> Path | None:
        """Find the map of a sample: nested like its key, or by the image's name alone.

        Returns:
            The file, which need not be there; None where no maps are to be checked.
        """
        if self.folder is None:
            return None
        path = PurePosixPath(key)
        names = (path.with_suffix("").as_posix(), key, path.stem, path.name)
        name = next((name for name in names if name in self._maps), names[0])
        self._taken.add(name)
        return self._maps.get(name, self.folder / f"{name}{SUFFIX}")

    def orphans(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield key, check, message and location of the maps that no sample took."""
        for name in sorted(self._maps.keys() - self._taken):
            message = "no sample has this map: delete it, or find its image"
            yield f"{name}{SUFFIX}", "orphan_map", message, str(self._maps[name])


def check_map(path: Path, drawn: Mask | None, limits: Limits) -> Iterator[Trouble]:
    """Hold a sample's map against its annotation.

    Args:
        path: The map's file.
        drawn: The shrink map that the annotation gives; None where that cannot be told.
        limits: Its size, and how it should have been made.
    """
    side = limits.image_size
    try:
        stored = CODEC.decode(path.read_bytes(), (side, side), limits.params).shrink_map > 0.5
    except FileNotFoundError:
        yield "missing_map", "no such map; make it, or check the dataset without `maps`"
    except (OSError, ValueError, MemoryError) as error:
        yield "stale_map", visible(" ".join(str(error).split()))
    else:
        share = 0.0 if drawn is None else _differing(stored, drawn > 0)
        if share > TOLERATED:
            rule = f"the annotation and the preset {limits.params.preset!r} put it at {side} px"
            message = f"{share:.0%} of its text is not where {rule}; tolerated are {TOLERATED:.0%}"
            yield "stale_map", message


def _differing(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> float:
    """Return the share of the pixels set in either that are not set in both."""
    return float((one ^ other).sum() / max(1, (one | other).sum()))
