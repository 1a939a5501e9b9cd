"""The answer of the first screen: does a RAM cache of maps beat reading them from disk?

Every sentence is chosen by a verdict and filled with figures of the tables; nothing is typed in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from feedrate import phrases
from feedrate.figures import Material
from feedrate.shares import stage_table
from feedrate.tables import counted, records

EXPERIMENT, CELL = "ram_vs_disk", "targets~npz_ram"
QUESTION = "Does a RAM cache of maps beat reading them from disk?"
UNCONFIRMED = "Measured, not yet confirmed on fresh pairs."


@dataclass(frozen=True)
class Answer:
    """What a reader should know first, for one dataset on one machine.

    Attributes:
        verdict: One of `stats`' verdicts, or ``not measured``.
        word: The answer in a word.
        headline: Faster or not, by how much.
        certainty: How sure, with absolute figures.
        price: What the cache costs: start-up, break-even, memory. Empty without a measurement.
        advice: What to do about it.
        gain: The largest gain measured that leaves the batches identical.
        time: Where the time of an image goes.
    """

    dataset: str
    machine: str
    verdict: str
    word: str
    headline: str
    certainty: str
    price: str
    advice: str
    gain: str
    time: str


def answer(dataset: str, material: Material) -> Answer:
    """Answer the question for one dataset."""
    rows = rows_of(material.summaries, EXPERIMENT, CELL)
    epoch = rows.get("epoch_s", {"verdict": "not measured", "warnings": ""})
    judged = epoch["verdict"] in _HEADLINES
    word, headline = _HEADLINES.get(epoch["verdict"], _NO_ANSWER)
    return Answer(
        dataset=dataset,
        machine=machine_of(material.trials),
        verdict=epoch["verdict"],
        word=word,
        headline=headline.format(**_words(epoch)),
        certainty=_certainty(rows) if judged else "",
        price=_price(rows, _images(material.trials)) if judged else "",
        advice=_advice(epoch),
        gain=best_gain(material.summaries),
        time=time_goes(material.stages),
    )


_HEADLINES = {
    "faster": ("Yes.", "With the maps in RAM an epoch is {ratio} as fast."),
    "slower": ("No.", "With the maps in RAM an epoch is slower: {ratio} as fast."),
    "equivalent": ("No.", "It makes no difference that matters: {ratio} as fast."),
    "inconclusive": ("Not settled.", "The measurement allows {low} to {high} as fast."),
}
_NO_ANSWER = ("No answer.", "The cell that would tell is {verdict}.")


def rows_of(summaries: pd.DataFrame, experiment: str, cell: str) -> dict[str, dict[str, Any]]:
    """The rows of one cell's summary by estimand; empty where it was not measured."""
    chosen = summaries[(summaries["experiment"] == experiment) & (summaries["cell"] == cell)]
    return {row["estimand"]: row for row in records(chosen)}


def machine_of(trials: pd.DataFrame) -> str:
    """Name the machine of a table of trials."""
    first = trials.iloc[0]
    return (
        f"{first['machine_cpu']}, {first['machine_cores']} cores, "
        f"{first['machine_memory_gib']:g} GiB memory"
    )


def best_gain(summaries: pd.DataFrame) -> str:
    """Name the largest gain measured whose batches are identical to the reference's."""
    rows = summaries[summaries["estimand"] == "epoch_s"]
    rows = rows[(rows["equivalence"] == "identical") & (rows["verdict"] == "faster")]
    if rows.empty:
        return "No change measured here made an epoch faster with identical batches."
    best = max(records(rows), key=lambda row: float(row["ratio"]))
    return (
        f"The largest gain with identical batches is {best['experiment']}/{best['cell']}: "
        f"{phrases.as_fast(best)}. {UNCONFIRMED}"
    )


def time_goes(stages: Mapping[str, Any]) -> str:
    """Say where the time of one image goes, loader and forward pass apart."""
    if not stages:
        return "The stages were not clocked."
    table = stage_table(stages)
    loading = table[table["stage"] != "consume"]
    top = records(loading.sort_values("ms", ascending=False).head(3))
    shares = [f"{row['stage']} {phrases.percent(row['loader_share'])}" for row in top]
    text = (
        f"One process needs {phrases.milliseconds(loading['ms'].sum())} to load an image: "
        f"{phrases.listing(shares)}."
    )
    forward = float(table.loc[table["stage"] == "consume", "ms"].iloc[0])
    if not forward:
        return text
    return f"{text} A DBNet's forward pass takes {phrases.milliseconds(forward)} more."


def _words(row: Mapping[str, Any]) -> dict[str, str]:
    named = {key: phrases.ratio(row[key]) for key in ("ratio", "low", "high") if key in row}
    return {"verdict": row["verdict"], **named}


def _certainty(rows: Mapping[str, Mapping[str, Any]]) -> str:
    epoch, rate = rows["epoch_s"], rows["images_per_s"]
    text = (
        f"{phrases.interval(epoch)}; "
        f"{phrases.rate(rate['cell_median'])} against {phrases.rate(rate['reference_median'])}."
    )
    return f"{text} Doubt: {epoch['warnings']}." if epoch["warnings"] else text


def _images(trials: pd.DataFrame) -> int:
    """How many images an epoch of the deciding cell delivers."""
    epochs = counted(trials)
    chosen = (epochs["experiment"] == EXPERIMENT) & (epochs["cell"] == CELL)
    return int(epochs.loc[chosen, "images"].max())


def _price(rows: Mapping[str, Mapping[str, Any]], images: int) -> str:
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


def _advice(epoch: Mapping[str, Any]) -> str:
    verdict = epoch["verdict"]
    if verdict == "faster":
        passes = phrases.epochs(epoch["break_even_passes"]) if epoch["extra_startup_s"] > 0 else "0"
        when = f" and a run makes more than {passes} passes over the data"
        return f"Keep the maps in RAM, if they fit{when if passes != '0' else ''}. {UNCONFIRMED}"
    if verdict in ("slower", "equivalent"):
        return f"Keep reading the maps from disk: the cache gives nothing back. {UNCONFIRMED}"
    if verdict == "inconclusive":
        return "Decide nothing on this. Raise measuring.max_pairs in the config and measure again."
    if verdict == "invalid":
        return f"Mend the cell first. {epoch['warnings']}"
    if verdict == "not available":
        return f"This machine cannot measure it: {epoch['warnings']}"
    return f"Measure the cell {EXPERIMENT}/{CELL} with enough pairs first."
