"""What a cell costs before its first epoch, when that is paid back, and its memory."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from feedrate import phrases


def say_price(rows: Mapping[str, Mapping[str, Any]], images: int) -> str:
    """Say what a cell costs: start-up, break-even, memory.

    Args:
        rows: Of its summary, by estimand.
        images: Delivered by an epoch of it.
    """
    epoch, whole, memory = rows["epoch_s"], rows["epoch_with_startup_s"], rows["pss_bytes"]
    included = f"One epoch with its start-up included is {phrases.ratio(whole['ratio'])} as fast."
    text = f"{_startup(epoch, images)} {included}"
    if not math.isfinite(memory["cell_median"]):
        return text
    return (
        f"{text} Memory: {phrases.megabytes(memory['cell_median'])} against "
        f"{phrases.megabytes(memory['reference_median'])} (PSS)."
    )


def _startup(epoch: Mapping[str, Any], images: int) -> str:
    extra = epoch["extra_startup_s"]
    after, passes = (phrases.epochs(epoch[f"break_even_{unit}"]) for unit in ("epochs", "passes"))
    if extra <= 0:
        return "It costs no start-up."
    if math.isinf(epoch["break_even_epochs"]):
        return f"It costs {phrases.seconds(extra)} more at the start, which no epoch pays back."
    bounds = [phrases.epochs(epoch[key]) for key in ("break_even_low", "break_even_high")]
    return (
        f"It costs {phrases.seconds(extra)} more at the start, paid back after "
        f"{after} epochs of the measured {images} images "
        f"(interval {bounds[0]} to {bounds[1]}), and after {passes} passes "
        f"over a dataset of any size if the preload grows with it."
    )
