"""Where the time of one image goes, in words: every sentence computed from the profile."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from feedrate import phrases
from feedrate.shares import Contention, side_by_side
from feedrate.tables import records

Stages = Mapping[str, Any]
"""Content of ``results/stages/{dataset}.json``."""

CLAIM_EVIDENCE = "stages: targets~npz"
"""The evidence of the claim that says how long loading a stored map takes."""

_CLAIMED = re.compile(r"([\d.]+)\s*-\s*([\d.]+)\s*ms")
_WAITED = 1.1
"""Wall time over processor time from which waiting for a core is worth a word."""


def say_stages(stages: Stages, trials: pd.DataFrame) -> str:
    """Say how long an image takes alone and inside the workers, and which stage is the largest."""
    table = side_by_side(stages, trials)
    alone_ms = float(table["ms"].sum())
    top = max(records(table), key=lambda row: float(row["ms"]))
    text = (
        f"Alone, a process loads an image in {phrases.milliseconds(alone_ms)}, "
        f"{phrases.percent(top['ms'] / alone_ms)} of it {top['stage']}"
    )
    inside_ms = float(table["worker_ms"].sum(skipna=False))
    if math.isnan(inside_ms):
        return f"{text}."
    return (
        f"{text}; inside the workers the same stages take {phrases.milliseconds(inside_ms)}, "
        f"{phrases.digits(inside_ms / alone_ms)} times as long."
    )


def say_contention(seen: Contention | None) -> str:
    """Explain the difference between a stage alone and inside workers, by what was counted."""
    if seen is None:
        return "No trial of this study ran the pipeline that was profiled."
    where = (
        f"{seen.workers} worker{'s' if seen.workers > 1 else ''} and the process that takes the "
        f"batches share {seen.cores} core{'s' if seen.cores > 1 else ''}"
        if seen.workers
        else "The trials load in one process"
    )
    text = (
        f"{where} ({seen.trials} reference trials). An image costs a trial "
        f"{phrases.milliseconds(seen.cpu_ms)} of processor time, handing over included, against "
        f"{phrases.milliseconds(seen.alone_cpu_ms)} alone "
        f"({phrases.digits(seen.labour)} times); {_waited(seen)}"
    )
    return (
        f"{text} Page faults an image: {phrases.digits(seen.faults)} in a trial, "
        f"{phrases.digits(seen.alone_faults)} alone."
    )


def say_closure(stages: Stages) -> str:
    """Say how much of the wall time the stages explain, and what the checksums cost."""
    low, high = stages["closure_interval"]
    reading_ms = sum(stages["checksum_ms"].values())
    return (
        f"The stages add up to {_share(stages['closure'])} ({_share(low)} to {_share(high)}) of "
        f"the time that passed, over {stages['processes']} fresh processes of {stages['images']} "
        f"images. Every stage hands over its result read to the last byte, so that nothing lazy "
        f"is paid for later; that reading, {phrases.milliseconds(reading_ms)} an image, is taken "
        f"off."
    )


def say_openings(stages: Stages) -> str:
    """Say what opening a stored map hides."""
    if not stages["lazy"]:
        return "No openings were profiled."
    first = stages["lazy"][0]
    return (
        f"{first['what']} returns after {phrases.milliseconds(first['lazy_ms'])}; with its arrays "
        f"read it takes {phrases.milliseconds(first['loaded_ms'])}, "
        f"{phrases.digits(first['factor'])} times as long."
    )


def say_claimed_opening(stages: Stages, claims: pd.DataFrame) -> str:
    """Say whether a claimed time to load a map fits its opening or its loading, and the factors.

    Args:
        stages: The profile.
        claims: With the columns ``quote evidence``; the claim about stored maps is looked up.
    """
    factors = [
        f"{phrases.digits(row['factor'])} ({between(row['factor_low'], row['factor_high'])}) for "
        f"{row['what']}"
        for row in stages["lazy"]
    ]
    told = (
        f"Times as long when read to the last byte: {phrases.listing(factors)}." if factors else ""
    )
    chosen = claims[claims["evidence_cell"] == CLAIM_EVIDENCE]
    quote = "" if chosen.empty else str(chosen.iloc[0]["claim"])
    claimed = _CLAIMED.search(quote)
    if not claimed or not factors:
        return told if factors else ""
    low, high = (float(each) for each in claimed.groups())
    row = stages["lazy"][0]
    lazy, loaded = (_times_off(row[key], low, high) for key in ("lazy_ms", "loaded_ms"))
    fits, other = ("opening", "loading") if lazy < loaded else ("loading", "opening")
    return (
        f"The write-up's “{quote}” is nearer to the {fits} ({_off(min(lazy, loaded))}) than to "
        f"the {other} ({_off(max(lazy, loaded))}). {told}"
    )


def say_operations(stages: Stages) -> str:
    """Say which operation of the transform takes most, and how far their sum is from the whole."""
    rows = stages["operations"]
    if not rows:
        return f"The transform's operations were not profiled: {stages['not_profiled']}."
    top = max(rows, key=lambda row: float(row["ms"]))
    whole_ms, closure = stages["operations_whole_ms"], stages["operations_closure"]
    low, high = stages["operations_closure_interval"]
    return (
        f"The transform takes {phrases.milliseconds(whole_ms)} an image, "
        f"{phrases.percent(top['ms'] / whole_ms)} of it {top['operation']}; its operations, run "
        f"one by one, add up to {_share(closure)} of it ({_share(low)} to {_share(high)})."
    )


def say_faults(stages: Stages) -> str:
    """Say what page faults cost a fresh process, a warm one, and one that keeps its memory."""
    faults = stages["faults"]
    first, again = faults["warming"]["first"], faults["warming"]["again"]
    (own, default), (other, tuned) = faults["allocators"].items()
    decode = [phrases.digits(each["per_image_ms"]["decode"]) for each in (default, tuned)]
    return (
        f"A fresh process takes {phrases.digits(faults['per_image'])} page faults an image and "
        f"the kernel {phrases.percent(faults['system_share'])} of its processor time. The first "
        f"{faults['warming_images']} images take {_measured(first)} and "
        f"{phrases.digits(first['faults_per_image'])} faults each, the same ones at the end "
        f"{_measured(again)} and {phrases.digits(again['faults_per_image'])}. With the {other} "
        f"allocator instead of the {own} one, {phrases.digits(tuned['faults_per_image'])} instead "
        f"of {phrases.digits(default['faults_per_image'])} faults, the first "
        f"{faults['allocators_images']} images take {_measured(tuned)} instead of "
        f"{_measured(default)} each; decoding takes {decode[1]} instead of {decode[0]} ms."
    )


def say_worst(stages: Stages) -> str:
    """Name the slowest image of the largest stage, beside the typical one."""
    worst = max(stages["worst_images"], key=lambda row: float(row["ms"]))
    spread = stages["spread_ms"][worst["stage"]]
    return (
        f"Images differ: {worst['stage']} takes between {phrases.milliseconds(spread['q05'])} and "
        f"{phrases.milliseconds(spread['q95'])} for nine in ten of them, "
        f"{phrases.milliseconds(spread['median'])} in the middle and "
        f"{phrases.milliseconds(worst['ms'])} for the slowest, {worst['key']}."
    )


def say_forward(stages: Stages) -> str:
    """Say how long a detector's forward pass takes, and on how little that rests."""
    runs = stages["consume_per_process_ms"]
    each = phrases.listing([phrases.milliseconds(value) for value in runs])
    return (
        f"A DBNet's forward pass takes {phrases.milliseconds(stages['per_image_ms']['consume'])} "
        f"an image on this machine's cores; {len(runs)} processes, too few for an interval: "
        f"{each}."
    )


def _waited(seen: Contention) -> str:
    if seen.waiting >= _WAITED:
        idle = 1 - 1 / seen.waiting
        switches = (
            f", {phrases.digits(seen.switches)} times an image taken off its core by another"
            if math.isfinite(seen.switches)
            else ""
        )
        return f"of the stages' wall time {phrases.percent(idle)} is waiting for a core{switches}."
    return "the stages hardly waited for a core."


def _times_off(value: float, low: float, high: float) -> float:
    return max(low / value, value / high, 1.0)


def _off(times: float) -> str:
    return "within that range" if times == 1 else f"{phrases.digits(times)} times off"


def _measured(row: Mapping[str, Any]) -> str:
    return f"{phrases.milliseconds(row['ms'])} ({between(row['low'], row['high'])})"


def between(low: float, high: float) -> str:
    """``2.10 to 2.30``."""
    return f"{phrases.digits(low)} to {phrases.digits(high)}"


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"
