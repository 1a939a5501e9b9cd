"""Shapes on which the presets part ways, and pictures of where they do.

Every shape is of a kind that public implementations of the same maps treat differently; see the
table of presets in ``docs/targets.md``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_args

import numpy as np

from feedrate import panels
from feedrate.panels import Panel
from feedrate.preview import COLUMNS, show_targets
from feedrate.sample import Polygon
from feedrate.targets.params import DEFAULT_PARAMS, MAPS, Outcome, Preset, TargetParams, Targets
from feedrate.targets.presets import PRESETS as CHOICES
from feedrate.targets.reference import build_reference

LOW = DEFAULT_PARAMS.thresh_min
SPAN = DEFAULT_PARAMS.thresh_max - LOW

SIZE = (232, 336)
"""``(height, width)`` of the frame in pixels, small enough to show each of them."""

TIMES = 2
"""How often each pixel is magnified."""

PRESETS: tuple[Preset, ...] = tuple(name for name in get_args(Preset) if name != "feedrate")
"""What is held against `feedrate`."""

REASONS = {code: code.name.lower().replace("_", " ") for code in Outcome}

TOLERANCE = 1e-3
"""Smaller differences of the threshold map are not counted: float32 makes them."""


@dataclass(frozen=True, eq=False)
class Exhibit:
    """One shape.

    Attributes:
        name: What it is called in the picture.
        points: Its corners, pixels ``(x, y)``.
        label: Where its name stands, pixels ``(x, y)``.
        ignore: Its ignore tag.
    """

    name: str
    points: tuple[tuple[float, float], ...]
    label: tuple[float, float]
    ignore: bool = False

    @property
    def polygon(self) -> Polygon:
        """Its corners as ``(N, 2)`` float64."""
        return np.array(self.points, np.float64)


def _box(left: float, top: float, right: float, bottom: float) -> tuple[tuple[float, float], ...]:
    return ((left, top), (right, top), (right, bottom), (left, bottom))


EXHIBITS = (
    Exhibit(
        "dumbbell",
        (
            *((16, 34), (52, 34), (52, 49), (78, 49), (78, 38), (106, 38)),
            *((106, 66), (78, 66), (78, 55), (52, 55), (52, 70), (16, 70)),
        ),
        (61, 90),
    ),
    Exhibit(
        "C-shape",
        (
            *((134, 20), (200, 20), (200, 46), (186, 46), (186, 34), (148, 34), (148, 74)),
            *((186, 74), (186, 56), (200, 56), (200, 88), (134, 88)),
        ),
        (167, 104),
    ),
    Exhibit("bow-tie", ((226, 34), (290, 66), (290, 34), (226, 66)), (258, 90)),
    Exhibit("too small", _box(16, 136, 46, 141), (36, 156)),
    Exhibit("ignored", _box(84, 128, 128, 146), (106, 168), ignore=True),
    Exhibit(
        "fractions",
        ((166.9, 128.9), (226.4, 124.6), (228.3, 145.7), (168.6, 149.8)),
        (197, 168),
    ),
    Exhibit("half outside", _box(296, 126, 376, 150), (296, 168)),
    Exhibit("a plain word", _box(16, 186, 86, 206), (51, 222)),
    Exhibit("small but drawn", _box(120, 188, 168, 198), (144, 214)),
)


def arc(sides: int = 7) -> Polygon:
    """Return a bent word of ``2 * sides`` vertices, as curved text is annotated."""
    angles = np.linspace(-0.95, 0.95, sides)
    middle, rims = np.array([168.0, 222.0]), ((178.0, angles), (124.0, angles[::-1]))
    rows = [middle + r * np.column_stack([np.sin(a), -np.cos(a)]) for r, a in rims]
    return np.concatenate(rows)


def draw_exhibits(path: Path) -> None:
    """Write the shapes with their names, and the maps that `feedrate` makes of them."""
    params, polygons = DEFAULT_PARAMS, [each.polygon for each in EXHIBITS]
    paper = np.full((*SIZE, 3), panels.PAPER, np.uint8)
    shown = show_targets(paper, polygons, _maps(params), params, TIMES)
    names = [(each.name, (each.label[0] * TIMES, each.label[1] * TIMES)) for each in EXHIBITS]
    named = Panel(shown[0].title, shown[0].note, panels.write_words(shown[0].image, names))
    panels.write_sheet(path, [named, *shown[1:]], COLUMNS)


def draw_differences(path: Path, preset: Preset) -> None:
    """Write where the maps of a preset are more or less than those of `feedrate`."""
    ours, theirs = _maps(DEFAULT_PARAMS), _maps(TargetParams(preset=preset))
    polygons = [each.polygon for each in EXHIBITS]
    shown = [compare(name, preset, ours, theirs, polygons) for name in MAPS]
    panels.write_sheet(path, shown, columns=len(MAPS))


def draw_distances(path: Path) -> None:
    """Write the threshold map of a bent word by both distances, and their difference."""
    polygons = [arc()]
    either = {
        name: build_reference(polygons, [False], SIZE, TargetParams(distance=name))
        for name in ("thales", "segment")
    }
    shown = [
        Panel(
            f"threshold map, {name}",
            note,
            panels.magnify(panels.grey((either[name].threshold_map - LOW) / SPAN), TIMES),
        )
        for name, note in (("thales", "the published rule"), ("segment", "the true distance"))
    ]
    last = compare(
        "threshold_map", "thales", either["segment"], either["thales"], polygons, "segment"
    )
    panels.write_sheet(path, [*shown, last], COLUMNS)


def choices_table() -> str:
    """Return what every preset chooses as CSV: a row a choice, a column a preset."""
    presets = [asdict(CHOICES[name]) for name in get_args(Preset)]
    rows = [[choice, *(_word(preset[choice]) for preset in presets)] for choice in presets[0]]
    return _csv([["choice", *get_args(Preset)], *rows])


def outcomes_table() -> str:
    """Return what becomes of every exhibit as CSV: a row an exhibit, a column a preset."""
    columns = [_maps(TargetParams(preset=name)).outcomes for name in get_args(Preset)]
    rows = [
        [each.name, *(REASONS[Outcome(column[place])] for column in columns if column is not None)]
        for place, each in enumerate(EXHIBITS)
    ]
    return _csv([["exhibit", *get_args(Preset)], *rows])


def compare(
    name: str,
    theirs_called: str,
    ours: Targets,
    theirs: Targets,
    polygons: Sequence[Polygon],
    ours_called: str = "feedrate",
) -> Panel:
    """Show one map's signed difference: brown where theirs is more, blue where it is less.

    Args:
        name: A field of `Targets`.
        theirs_called: For the label.
        ours: What is subtracted.
        theirs: What it is subtracted from.
        polygons: Traced, for finding one's way.
        ours_called: For the label.
    """
    title = f"{name.replace('_', ' ')}: {theirs_called} minus {ours_called}"
    difference = subtract(getattr(theirs, name), getattr(ours, name))
    note = "no pixel differs"
    if difference.any():
        more, less = int((difference > 0).sum()), int((difference < 0).sum())
        most = float(np.abs(difference).max())
        note = f"{more} px more (brown), {less} px less (blue), at most {most:.2g}"
    full = SPAN if name == "threshold_map" else 1.0
    large = panels.magnify(panels.diverge(difference, full), TIMES)
    return Panel(title, note, panels.trace(large, polygons, TIMES))


def subtract(theirs: panels.Plane, ours: panels.Plane) -> panels.Plane:
    """Subtract one map from another; what is not above `TOLERANCE` is zero."""
    difference = theirs.astype(np.float64) - ours.astype(np.float64)
    return np.where(np.abs(difference) > TOLERANCE, difference, 0.0)


def _maps(params: TargetParams) -> Targets:
    ignore = [each.ignore for each in EXHIBITS]
    return build_reference([each.polygon for each in EXHIBITS], ignore, SIZE, params)


def _word(choice: object) -> str:
    if choice is None:
        return "min_text_side"
    if isinstance(choice, bool):
        return "yes" if choice else "no"
    return f"{choice:g}" if isinstance(choice, float) else str(choice)


def _csv(rows: Sequence[Sequence[object]]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()
