"""What the seconds of the published way of timing were spent on, drawn and said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl

from feedrate import phrases
from feedrate.figures import BAD, MUTED, POINT, STYLE, canvas, to_svg

PARTS = {
    "imports_s": ("imports", MUTED, 0.75),
    "preload_s": ("preload of the maps", BAD, 1.0),
    "sanity_s": ("sanity check", POINT, 1.0),
    "validation_s": ("validation", POINT, 0.65),
    "test_s": ("test pass", POINT, 0.35),
    "rest_s": ("start and end", MUTED, 0.35),
}
"""What an arm's time is made of: how the legend calls it, its colour and how solid that is."""

NAMES = {"warm_up": "warm-up", "disk": "maps from disk", "ram": "maps in RAM"}

Arm = Mapping[str, Any]


def draw_arms(artefact: Mapping[str, Any], width_in: float) -> str:
    """Draw what the seconds of both arms were spent on, as SVG text."""
    arms, brief = arms_of(artefact), width_in < 5
    with mpl.rc_context(STYLE):
        figure, axes = canvas(width_in, 2.7 if brief else 2.3)
        for height, name in enumerate(("disk", "ram")):
            arm, start = arms[name], 0.0
            for key, (label, colour, alpha) in PARTS.items():
                length = arm[key]
                named = label if height == 0 and arms["ram"][key] > 0 else None
                axes.barh(
                    -height, length, 0.42, start, color=colour, alpha=alpha, lw=0, label=named
                )
                start += length
            text = f"{NAMES[name]}: {phrases.seconds(arm['wall_s'])}, {say_validated(arm)}"
            axes.text(0, -height + 0.36, text, transform=axes.get_yaxis_transform(), va="center")
        axes.set_ylim(-1.4, 0.6)
        axes.set_yticks([])
        axes.set_xlabel("seconds of the whole process")
        figure.legend(loc="outside upper left", ncols=2 if brief else 3, frameon=False)
        return to_svg(figure)


def arms_of(artefact: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the arms by name, each with the seconds that no part accounts for."""
    return {
        arm["arm"]: {**arm, "rest_s": arm["wall_s"] - sum(arm.get(key, 0.0) for key in PARTS)}
        for arm in artefact["arms"]
    }


def say_validated(arm: Arm) -> str:
    """Say how many batches of the validation ran: ``0 of 26 validation batches``."""
    return f"{arm['validation_batches']} of {arm['validation_batches_expected']} validation batches"


def say_arms(arms: Mapping[str, Arm]) -> str:
    """Say what the drawing shows, for those who cannot see it."""
    return "; ".join(
        f"{NAMES[name]}: {phrases.seconds(arms[name]['wall_s'])}, of it "
        f"{phrases.seconds(arms[name]['preload_s'])} preload"
        for name in ("disk", "ram")
    )
