"""What becomes of a sample's texts: after the resize, and in the target maps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from feedrate.sample import Polygon, Sample
from feedrate.targets.params import Mask, Outcome, Targets
from feedrate.validation.limits import Limits
from feedrate.validation.outlines import Outlines
from feedrate.validation.polygons import Found


@dataclass(frozen=True, eq=False)
class Texts:
    """What became of the texts of one sample.

    Attributes:
        sides: Shorter side of each not ignored text's bounding box after the resize, in pixels.
        too_small: ``(instances,)``, texts, not ignored, too small after the resize.
        outcomes: ``(instances,)`` uint8, the `Outcome` of each in the maps.
        shrink_map: Square uint8 map, valid until the next sample's; None where the size of the
            image is unknown.
    """

    sides: tuple[float, ...] = ()
    too_small: npt.NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))
    outcomes: npt.NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, np.uint8))
    shrink_map: Mask | None = None

    @property
    def lost(self) -> npt.NDArray[np.bool_]:
        """``(instances,)``, which are large enough, not ignored, and not in the maps."""
        taught = np.isin(self.outcomes, (Outcome.DRAWN, Outcome.IGNORE_TAG))
        lost: npt.NDArray[np.bool_] = ~taught & ~self.too_small
        return lost


def follow_texts(
    sample: Sample, outlines: Outlines, size: tuple[int, int], limits: Limits
) -> Texts:
    """Resize the polygons of a sample and draw its maps.

    Args:
        sample: With all its polygons.
        outlines: Those of them that can be measured.
        size: The image's ``(width, height)``, zeros while unknown.
        limits: The side of the maps, and how they are made.
    """
    if not all(size):
        return Texts()
    ignore = np.array([item.ignore for item in sample.instances], np.bool_)
    sides = np.full(len(ignore), np.inf)
    sides[outlines.numbers - 1] = outlines.sides * (limits.image_size / max(size))
    measured = sides[~ignore & np.isfinite(sides)]
    drawn = _draw([item.polygon for item in sample.instances], ignore.tolist(), size, limits)
    outcomes = np.zeros(0, np.uint8) if drawn.outcomes is None else drawn.outcomes
    shrink_map = np.asarray(drawn.shrink_map, np.uint8)
    too_small = ~ignore & (sides < limits.params.min_text_side)
    return Texts(tuple(measured.tolist()), too_small, outcomes, shrink_map)


def check_texts(sample: Sample, texts: Texts, limits: Limits) -> Iterator[Found]:
    """Yield what is lost of a sample's texts, and whether there were any."""
    count = len(sample.instances)
    if not count:
        yield "no_instances", "no text at all", 0
    elif all(item.ignore for item in sample.instances):
        yield "only_ignored", f"texts ignored: all of {count}", 0
    at = f"at {limits.image_size} px"
    if small := int(texts.too_small.sum()):
        least = f"the smallest has {min(texts.sides):.2g}"
        message = f"texts below {limits.params.min_text_side:g} px {at}: {small} of {count}"
        yield "text_too_small", f"{message}, {least}", 0
    if texts.lost.any():
        reasons = Counter(
            Outcome(code).name.lower().replace("_", " ") for code in texts.outcomes[texts.lost]
        )
        told = ", ".join(f"{number} {reason}" for reason, number in sorted(reasons.items()))
        message = f"texts not in the maps {at}: {int(texts.lost.sum())} of {count} ({told})"
        yield "lost_instance", message, 0


def fit_polygons(
    polygons: Sequence[Polygon], size: tuple[int, int], image_size: int
) -> list[Polygon]:
    """Move polygons as the resize and the padding move their picture.

    The longer side comes to `image_size`, the shorter is rounded to whole pixels and centred.

    Args:
        polygons: Each ``(N, 2)`` in the frame of the image; left as they are.
        size: The image's ``(width, height)``, not zero.
        image_size: Side of the square that the picture is padded to.
    """
    scale = image_size / max(size)
    left, top = ((image_size - max(1, round(side * scale))) // 2 for side in size)
    return [polygon * scale + (left, top) for polygon in polygons]


def _draw(
    polygons: Sequence[Polygon], ignore: Sequence[bool], size: tuple[int, int], limits: Limits
) -> Targets:
    # Imported with the first sample: the table of checks is read without compiling anything.
    from feedrate.targets.kernel import build_targets

    moved = fit_polygons(polygons, size, limits.image_size)
    square = (limits.image_size, limits.image_size)
    return build_targets(moved, ignore, square, limits.params, out=_buffers(limits.image_size))


@lru_cache(maxsize=1)
def _buffers(side: int) -> Targets:
    from feedrate.targets.kernel import empty_targets

    return empty_targets((side, side))
