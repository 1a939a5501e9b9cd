"""Pictures a person can judge: an image with its polygons, and the target maps made from them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from feedrate import panels
from feedrate.decoders.pillow import decode
from feedrate.generators.signs import make_sign, sign_name
from feedrate.index import Index
from feedrate.panels import Panel
from feedrate.sample import Image, Polygon, Sample, TextInstance
from feedrate.targets.params import Outcome, TargetParams, Targets
from feedrate.targets.reference import build_reference
from feedrate.transforms import Transform

COLUMNS = 3
SIGNS_SEED = 7


def draw_preview(
    path: Path, sample: Sample, image: Image, transform: Transform, params: TargetParams
) -> None:
    """Write a PNG of one sample: picture, shrink map, threshold map, and where the loss counts.

    The maps are the reference's; `verify_maps` holds the stored ones against it.

    Args:
        path: The picture to write.
        sample: The sample, for its instances.
        image: Its decoded pixels.
        transform: Brings image and polygons to the target size.
        params: How the maps are drawn.
    """
    prepared = transform.fit(image, [item.polygon for item in sample.instances])
    ignore = [item.ignore for item in sample.instances]
    height, width = prepared.image.shape[:2]
    maps = build_reference(prepared.polygons, ignore, (height, width), params)
    panels.write_sheet(path, show_targets(prepared.image, prepared.polygons, maps, params), COLUMNS)


def show_targets(
    image: Image, polygons: Sequence[Polygon], maps: Targets, params: TargetParams, times: int = 1
) -> list[Panel]:
    """Return six panels: the picture, the maps and masks, and all of them on the picture.

    Args:
        image: ``(h, w, 3)`` uint8 RGB in the frame of the maps.
        polygons: In the same frame, in the order in which the maps' outcomes are.
        maps: From the reference, so that their outcomes are known.
        params: What the maps were made with.
        times: How often every pixel is magnified.
    """
    drawn = drawn_of(maps)
    span = f"{params.thresh_min:g} black, {params.thresh_max:g} white"
    large = panels.magnify(image, times)
    shown = {
        name: panels.magnify(each, times)
        for name, each in {
            "shrink": panels.grey(maps.shrink_map),
            "threshold": panels.grey(_share(maps, params)),
            "overlay": _overlay(image, maps, params),
        }.items()
    }
    counts = f"{sum(drawn)} drawn: green"
    if not all(drawn):
        counts += f"; {len(drawn) - sum(drawn)} left out: orange, struck out"
    return [
        Panel("picture", counts, panels.outline(large, polygons, drawn, times)),
        Panel("shrink map", "white 1: inside the shrunk text", shown["shrink"]),
        _mask("shrink mask", maps.shrink_mask, times),
        Panel("all on the picture", _reasons(maps), shown["overlay"]),
        Panel("threshold map", span, shown["threshold"]),
        _mask("threshold mask", maps.threshold_mask, times),
    ]


def choose_sample(samples: Sequence[Sample] | Index) -> Sample:
    """Choose the sample whose number of instances is nearest the dataset's median."""
    median = float(np.median([len(sample.instances) for sample in samples]))
    return min(samples, key=lambda sample: (abs(len(sample.instances) - median), sample.key))


def sign_sample(number: int) -> tuple[Sample, Image]:
    """Make a street picture: quads in perspective for an even number, bent words for an odd one."""
    data, words = make_sign(SIGNS_SEED, number)
    image = decode(data)
    instances = tuple(
        TextInstance(np.array(word["points"]), word.get("ignore", False), word["text"])
        for word in words.values()
    )
    name, (height, width) = sign_name(number), image.shape[:2]
    return Sample(name, Path(name), width, height, instances), image


def drawn_of(maps: Targets) -> list[bool]:
    """Say of each polygon whether it was drawn.

    Raises:
        ValueError: The maps do not know; stored ones do not.
    """
    if maps.outcomes is None:
        raise ValueError("outcomes are None: a preview needs maps made from polygons, not stored")
    return [code == Outcome.DRAWN for code in maps.outcomes.tolist()]


def _share(maps: Targets, params: TargetParams) -> panels.Plane:
    """Stretch the threshold map to 0 to 1."""
    return (maps.threshold_map - params.thresh_min) / (params.thresh_max - params.thresh_min)


def _overlay(image: Image, maps: Targets, params: TargetParams) -> Image:
    """Shrink map green, threshold map blue, what does not count orange, on a greyed picture."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64) / 255
    canvas = panels.grey(0.4 + 0.6 * grey)
    canvas = panels.tint(canvas, 0.75 * _share(maps, params), panels.LESS)
    canvas = panels.tint(canvas, 0.65 * maps.shrink_map, panels.DRAWN)
    if maps.shrink_mask is not None:
        canvas = panels.tint(canvas, 0.65 * (1 - maps.shrink_mask.astype(float)), panels.LEFT_OUT)
    return canvas


def _mask(title: str, mask: panels.Plane | None, times: int) -> Panel:
    if mask is None:
        raise ValueError(f"{title}: the preset makes none; a preview needs both masks")
    return Panel(title, "white: counts in the loss", panels.magnify(panels.grey(mask), times))


def _reasons(maps: Targets) -> str:
    counts = maps.left_out()
    named = [f"{number} {reason.replace('_', ' ')}" for reason, number in counts.items()]
    return f"left out: {', '.join(named)}" if named else "nothing left out"
