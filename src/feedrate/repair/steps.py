"""One outline: the steps of its repair, in order.

They follow each other so that none makes work for an earlier one: a repaired outline is left as it
is by a second repair. One that still crosses itself is neither cut nor turned round.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from feedrate.repair.clipping import clip
from feedrate.repair.dropping import drop_useless
from feedrate.repair.mending import mend
from feedrate.repair.ordering import run_clockwise, untangle
from feedrate.repair.outlines import Outcome, Size
from feedrate.repair.rows import LEFT_ALONE, Deed, show
from feedrate.sample import Polygon

Step = Callable[[Polygon, Size | None], Outcome | None]
STEPS: tuple[tuple[str, Step], ...] = (
    ("drop", drop_useless),
    ("reorder", untangle),
    ("mend", mend),
    ("clip", clip),
    ("reorder", run_clockwise),
    ("drop", drop_useless),
)
"""The action that a step belongs to, and what it does."""


def repair_polygon(
    polygon: Polygon, size: Size | None, allowed: Collection[str]
) -> tuple[list[Polygon], list[Deed]]:
    """Take an outline through the steps.

    Args:
        polygon: ``(N, 2)`` float64 pixels.
        size: The frame's ``(width, height)``; without it nothing is clipped.
        allowed: The actions that may be done.

    Returns:
        What stands in its place: one outline as a rule, none or several; and what was done.
    """
    parts, deeds = [polygon], list[Deed]()
    for action, step in STEPS:
        taken = [(part, step(part, size)) for part in parts]
        done = [
            act(action, outcome, part, allowed) if outcome else ((part,), None)
            for part, outcome in taken
        ]
        parts = [new for replaced, _ in done for new in replaced]
        deeds += [deed for _, deed in done if deed and deed not in deeds]
    return parts, deeds


def act(
    action: str, outcome: Outcome, polygon: Polygon, allowed: Collection[str]
) -> tuple[tuple[Polygon, ...], Deed]:
    """Do what a step proposes, where there is something to do and it is allowed."""
    before, reason = show(polygon), outcome.reason
    if outcome.parts is not None and action in allowed:
        after = " | ".join(show(part) for part in outcome.parts)
        return outcome.parts, Deed(action, outcome.check, before, after, reason)
    if outcome.parts is not None:
        reason = f"{reason}; {action} is switched off"
    return (polygon,), Deed(LEFT_ALONE, outcome.check, before, "", reason)
