"""The published way of timing beside the right one: a section of the page, all of it computed.

It demonstrates. What it times is invalid by the exercise gate, stands in no summary and decides no
claim; the right way beside it is the study's own cell, as the summary has it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from feedrate import phrases
from feedrate.figures import NARROW_IN, WIDE_IN, Material
from feedrate.report.harness_drawing import Arm, arms_of, draw_arms, say_arms, say_validated
from feedrate.tables import records


@dataclass(frozen=True)
class Contrast:
    """One line of the table: a question, the published way's answer and the right way's."""

    what: str
    published: str
    right: str


@dataclass(frozen=True)
class HarnessView:
    """The section, ready to print.

    Attributes:
        finding: The heading.
        verdict: The exercise gate's word on the published way, with its reasons.
        mechanism: What was really timed.
        difference: By how much the arms differ, and by how much the order alone moves one.
        contrasts: The table.
        caption: Of the drawing.
        wide: The drawing for wide screens.
        narrow: The same for a telephone.
    """

    finding: str
    verdict: str
    mechanism: str
    difference: str
    contrasts: list[Contrast]
    caption: str
    wide: Markup
    narrow: Markup


def view_harness(
    artefact: Mapping[str, Any], material: Material, embed: Callable[[str, str, str], Markup]
) -> HarnessView | None:
    """Put the section together.

    Args:
        artefact: Content of ``results/harness/{dataset}.json``; empty where it was not run.
        material: The dataset's trials and summaries, for the right way.
        embed: Prepares a drawing for the page: SVG text, prefix of its ids, label.

    Returns:
        None where it was not run.
    """
    if not artefact:
        return None
    finding, arms = _finding(artefact), arms_of(artefact)
    wide, narrow = (
        embed(
            draw_arms(artefact, width),
            f"{artefact['dataset']}-harness-{width:g}in",
            f"{finding}. {say_arms(arms)}",
        )
        for width in (WIDE_IN, NARROW_IN)
    )
    return HarnessView(
        finding=finding,
        verdict=_verdict(artefact),
        mechanism=_mechanism(artefact, arms["ram"]),
        difference=f"{_difference(artefact)} {_order(artefact)}",
        contrasts=_contrasts(artefact, arms, material),
        caption="Seconds of each process, timed whole, once each, disk first; no network is run.",
        wide=wide,
        narrow=narrow,
    )


def _finding(artefact: Mapping[str, Any]) -> str:
    reads = arms_of(artefact)["ram"]["cache_reads"]
    return (
        f"Timed as published, the maps in RAM took {_longer(artefact['extra_wall_s'])}; while "
        f"validating they were read {reads} times"
    )


def _verdict(artefact: Mapping[str, Any]) -> str:
    arms = [arms_of(artefact)[name] for name in ("disk", "ram")]
    failures = [failure for arm in arms for failure in arm["gate"]["failures"]]
    return f"invalid: {'; '.join(failures)}" if failures else "the exercise gate found no fault"


def _mechanism(artefact: Mapping[str, Any], ram: Arm) -> str:
    return (
        f"The whole process is timed, with training limited to 0 batches. The loop that trains "
        f"and validates is then skipped: {say_validated(ram)} ran. The RAM arm preloaded "
        f"{ram['cache_entries']} maps in {phrases.seconds(ram['preload_s'])} and read "
        f"{ram['sanity_cache_reads']} of them, in a sanity check of {ram['sanity_batches']} batch. "
        f"The other seconds are imports, and a test pass of {ram['test_batches']} batches whose "
        f"maps come from disk in both arms."
    )


def _difference(artefact: Mapping[str, Any]) -> str:
    extra_s, preload_s = artefact["extra_wall_s"], artefact["extra_preload_s"]
    said = f"The RAM arm took {_longer(extra_s)} than the disk arm"
    joint = "; its preload alone took" if extra_s > 0 else ", although its preload took"
    return f"{said}{joint} {_longer(preload_s)}."


def _order(artefact: Mapping[str, Any]) -> str:
    order_s = artefact["order_s"]
    said = (
        f"The same RAM arm, run first as the warm-up, took {_longer(order_s)} than run last: "
        f"so far apart are two runs of one thing"
    )
    if abs(order_s) < artefact["extra_preload_s"]:
        return f"{said}."
    return f"{said}. That is more than the preload takes: one run an arm cannot show it."


def _longer(seconds: float) -> str:
    return f"{phrases.seconds(abs(seconds))} {'longer' if seconds >= 0 else 'less'}"


def _contrasts(
    artefact: Mapping[str, Any], arms: Mapping[str, Arm], material: Material
) -> list[Contrast]:
    disk, ram = arms["disk"], arms["ram"]
    row = _right_row(artefact, material)
    return [
        Contrast(
            "what is timed",
            "the whole process, imports included",
            "an epoch, from the first request to the last batch consumed",
        ),
        Contrast(
            "how often",
            "once an arm, in a fixed order",
            f"{row['pairs']} pairs, in random order" if row else "in pairs, in random order",
        ),
        Contrast(
            "maps read from the cache",
            f"{ram['cache_reads']} of {ram['cache_entries']}",
            _reads(artefact, row, material),
        ),
        Contrast(
            "the preload",
            f"inside the time: {phrases.seconds(ram['preload_s'])} of "
            f"{phrases.seconds(ram['wall_s'])}",
            _startup(row),
        ),
        Contrast(
            "RAM against disk",
            f"{phrases.seconds(ram['wall_s'])} against {phrases.seconds(disk['wall_s'])}",
            phrases.as_fast(row) if row else "not measured on this machine in this study",
        ),
        Contrast(
            "exercise gate",
            "passed" if ram["gate"]["valid"] and disk["gate"]["valid"] else "invalid",
            ("passed" if math.isfinite(row["low"]) else row["verdict"]) if row else "",
        ),
    ]


def _right_row(artefact: Mapping[str, Any], material: Material) -> dict[str, Any] | None:
    """Find the study's own cell: the same two levels of targets, on the same machine."""
    summaries, trials = material.summaries, material.trials
    found = summaries[
        (summaries["cell"] == artefact["cell"])
        & (summaries["estimand"] == "epoch_s")
        & (summaries["machine_id"] == artefact["machine"]["machine_id"])
    ]
    from_disk = trials[(trials["side"] == "reference") & (trials["level_targets"] == "npz")]
    known = set(from_disk["experiment"])
    return next((row for row in records(found) if row["experiment"] in known), None)


def _reads(artefact: Mapping[str, Any], row: Mapping[str, Any] | None, material: Material) -> str:
    if row is None:
        return "every map of every epoch, or the cell is invalid"
    trials = material.trials
    counted = trials[
        (trials["experiment"] == row["experiment"])
        & (trials["cell"] == row["cell"])
        & (trials["side"] == "cell")
        & ~trials["discarded"].astype(bool)
    ]
    reads, images = int(counted["counters_target_memory"].sum()), int(counted["images"].sum())
    return f"{reads:,} for {images:,} images, in {len(counted)} trials"


def _startup(row: Mapping[str, Any] | None) -> str:
    extra_s = float(row["extra_startup_s"]) if row else math.nan
    if row is None or not math.isfinite(extra_s):
        return "counted apart, as start-up"
    pays = phrases.epochs(float(row["break_even_epochs"]))
    paid = "never paid back" if pays == "never" else f"paid back after {pays} epochs of the work"
    return f"counted apart: start-up takes {_longer(extra_s)}, {paid}"
