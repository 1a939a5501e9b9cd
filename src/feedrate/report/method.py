"""How it was measured, and on what: sentences and facts filled from the trials."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from feedrate import phrases
from feedrate.figures import Material
from feedrate.tables import counted
from feedrate.turns import STEADY


def machine_facts(trials: pd.DataFrame, maps: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The fingerprint of the machine, its load while it measured, and the stored maps."""
    first = trials.iloc[0]
    named = [name for name in trials.columns if name.startswith("machine_")]
    facts = [(name.removeprefix("machine_").replace("_", " "), str(first[name])) for name in named]
    epochs = counted(trials)
    if not epochs.empty:
        facts.append(("threads of a trial", _threads(epochs)))
        facts.append(("load before a trial", f"{epochs['load_before'].median():.2f} (median)"))
        stolen = f"{phrases.seconds(epochs['steal_s'].sum())} of {_total(epochs)}"
        facts.append(("stolen by the host", f"{stolen} of trials, all cores together"))
    if maps.get("maps"):
        size = phrases.megabytes(maps["bytes"])
        facts.append(("stored maps", f"{maps['maps']} files, {size}, each made anew and compared"))
    return [(name, value) for name, value in facts if value]


def method(material: Material) -> list[str]:
    """How it was measured, a sentence or two a point, filled from the trials."""
    trials, first = material.trials, material.summaries.iloc[0]
    epochs = counted(trials)
    if epochs.empty:
        return ["No cell could be measured on this machine."]
    confidence, margin = (phrases.percent(first[key]) for key in ("confidence_asked", "margin"))
    images, batches = (_span(epochs[name]) for name in ("images", "batches"))
    thrown = int(trials["kind"].eq("warm_up").sum())
    return [
        _pairs(epochs),
        f"Both sides did the same work in the same order: an epoch delivers each of {images} "
        f"images once, in {batches} batches, and is timed from when the loader's iterator stands "
        f"until the last batch is consumed.",
        *_looped(counted(trials, STEADY)),
        *_page_caches(epochs),
        _processes(epochs),
        f"{len(epochs)} epochs count; {thrown} warm-up trials were thrown away, and a cell counts "
        f"only if counters prove that both sides did what they should.",
        f"A figure is the Hodges-Lehmann centre of the pairs' log-ratios with its exact "
        f"signed-rank interval ({confidence}).",
        f"Differences below {margin} are called equivalent, and what was not declared primary "
        f"must also pass Holm's correction.",
    ]


def _pairs(epochs: pd.DataFrame) -> str:
    pairs = epochs.groupby(["experiment", "cell"])["pair"].nunique()
    least, most, target = (
        epochs[f"stopping_{name}"].max() for name in ("least", "most", "target_halfwidth")
    )
    rule = f"at least {least:.0f} pairs, then more until the ratio's interval is narrower than "
    rule += f"{phrases.percent(target)} either way, at most {most:.0f}"
    if not target or least == most:
        rule = f"{most:.0f} pairs, whatever their interval"
    return (
        f"Every cell was measured in pairs with its reference, in random order inside a pair, each "
        f"trial in a fresh process. The rule was fixed beforehand: {rule}. Used were "
        f"{_span(pairs)}. How often such an interval holds the truth is part of the self-test."
    )


def _looped(runs: pd.DataFrame) -> Iterator[str]:
    if runs.empty:
        return
    pairs = runs.groupby(["experiment", "cell"])["pair"].nunique()
    yield (
        f"The steady rate comes from runs of their own that loop the same images ({_span(pairs)} "
        f"pairs a cell, {_span(runs['images'])} images a run): the rate after the last change "
        f"point, if that lies in the first third of the run. Otherwise there is no steady state, "
        f"and no rate."
    )


def _page_caches(epochs: pd.DataFrame) -> Iterator[str]:
    """Say for every level of the page cache how much of the files was really in memory."""
    for level, rows in epochs.groupby("page_cache_level", sort=False):
        seen = rows["page_cache_resident_before"].astype(float)
        read = phrases.megabytes(float(rows["os_storage_read_bytes"].median()))
        if not math.isfinite(seen.min()):
            yield f"Page cache {level}: its files were not counted; half of the epochs drew {read}."
            continue
        shares = " to ".join(dict.fromkeys(f"{100 * v:.1f} %" for v in (seen.min(), seen.max())))
        yield (
            f"Page cache {level}: before each trial {shares} of the pages of its files were in "
            f"memory, counted with mincore; half of the epochs drew at most {read} from storage."
        )


def _processes(epochs: pd.DataFrame) -> str:
    threads = {word: _span(epochs[f"threads_{word}"]) for word in ("torch", "opencv")}
    workers = [_span(epochs[f"worker_threads_{word}_max"]) for word in ("torch", "opencv")]
    allocators = phrases.listing(sorted(set(epochs["level_allocator"])))
    return (
        f"Threads were set and read back: {threads['torch']} of torch and {threads['opencv']} of "
        f"OpenCV in the main process, at most {workers[0]} and {workers[1]} in a worker. Memory "
        f"allocator: {allocators}."
    )


def _threads(epochs: pd.DataFrame) -> str:
    first = epochs.iloc[0]
    named = [c for c in epochs.columns if c.startswith(("threads_", "worker_threads_"))]
    told = [f"{_label(name)} {_plain(first[name])}" for name in named]
    return ", ".join(told)


def _label(name: str) -> str:
    return name.replace("threads_", "").replace("_", " ")


def _plain(value: Any) -> str:
    """A count as people write it: a column with a gap holds 1 as 1.0."""
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _total(epochs: pd.DataFrame) -> str:
    return phrases.seconds(float(epochs["epoch_with_startup_s"].sum()))


def _span(values: pd.Series[Any]) -> str:
    known = values.dropna()
    low, high = (int(known.min()), int(known.max())) if len(known) else (0, 0)
    return str(low) if low == high else f"{low} to {high}"
