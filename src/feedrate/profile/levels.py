"""What is profiled: the base pipeline without workers, and other levels of three of its stages.

Imports nothing heavy: the Snakemake process loads it.
"""

from __future__ import annotations

from feedrate.cell import Cell
from feedrate.matrix import plugin_modules
from feedrate.registry import STORED_MAPS

STAGE_OF = {"targets": "targets", "decoder": "decode", "transform": "transform"}
"""Factors whose levels are profiled beside each other, and the stage that each of them is."""

ALTERNATIVES = {
    "targets": ("reference", "kernel", "npz", "npz_raw", "npz_ram", "packed", "polygons"),
    "decoder": (
        "pillow",
        "pillow_draft",
        "opencv",
        "opencv_reduced",
        "simplejpeg",
        "simplejpeg_scaled",
        "turbojpeg",
    ),
    "transform": (
        "albumentations",
        "albumentations:area",
        "opencv",
        "opencv:area",
        "fused",
        "torch_antialias",
        "augment",
        "augment_albumentations",
    ),
}
"""The levels, besides the base pipeline's own."""

FORWARD = "dbnet"
"""The consumer whose forward pass stands for a detector's."""

OPENED = ("npz", "npz_raw")
"""Codecs of the files that are opened lazily beside being loaded."""

STORED = tuple(
    dict.fromkeys([*(STORED_MAPS[name] for name in ALTERNATIVES["targets"] if name in STORED_MAPS)])
    | dict.fromkeys(OPENED)
)
"""Codecs in which the maps of the profiled images are stored anew, in a folder of the profile."""


def alone(base: Cell) -> Cell:
    """Return the base pipeline as it is profiled: files in memory, in one process, for nobody."""
    return base.with_levels({"workers": 0, "consumer": "none", "page_cache": "warm"})


def alternatives(base: Cell) -> dict[str, Cell]:
    """Name every alternative, ``targets~kernel``, and give its cell; the base's levels too."""
    beside = {"transform": {"targets": "none"}}  # random ones move what stored maps would show
    return {
        f"{factor}~{level}": alone(base).with_levels({**beside.get(factor, {}), factor: level})
        for factor, levels in ALTERNATIVES.items()
        for level in dict.fromkeys([*levels, getattr(base, factor)])
        if level != "none"
    }


def profiled_modules(base: Cell, plugins: dict[str, dict[str, str]]) -> list[str]:
    """List the modules of all plug-ins that a profile of this base cell runs."""
    cells = [alone(base), base.with_levels({"consumer": FORWARD}), *alternatives(base).values()]
    return sorted({name for cell in cells for name in plugin_modules(cell, plugins)})
