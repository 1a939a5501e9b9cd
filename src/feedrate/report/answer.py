"""The answer of the first screen: does a RAM cache of maps beat reading them from disk?

Every sentence is chosen by a leaning (`feedrate.leanings`) and filled with figures of the tables;
nothing is typed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pandas as pd

from feedrate import phrases
from feedrate.figures import Material
from feedrate.leanings import PERHAPS, leaning_of
from feedrate.report.confirmation import (
    CHOSEN,
    UNCONFIRMED,
    Advice,
    say_confirmation,
    say_settled,
    say_standing,
)
from feedrate.report.price import say_price
from feedrate.shares import stage_table
from feedrate.tables import counted, records

EXPERIMENT, CELL = "ram_vs_disk", "targets~npz_ram"
QUESTION = "Does a RAM cache of maps beat reading them from disk?"
NO_ADVICE: Advice = MappingProxyType({})


@dataclass(frozen=True)
class Answer:
    """What a reader should know first, for one dataset on one machine.

    Attributes:
        verdict: What `leanings.leaning_of` says of the deciding cell, or ``not measured``.
        word: The answer in a word.
        cell: Experiment and cell that decide.
        headline: Faster or not, by how much.
        certainty: How sure, with absolute figures.
        price: What the cache costs: start-up, break-even, memory. Empty without a measurement.
        confirmation: What to do, as fresh pairs confirmed it; empty where none were measured.
        advice: What to do about the cache.
        gain: The largest gain measured that leaves the batches identical.
        time: Where the time of an image goes.
    """

    dataset: str
    machine: str
    verdict: str
    word: str
    cell: str
    headline: str
    certainty: str
    price: str
    confirmation: str
    advice: str
    gain: str
    time: str


def answer(dataset: str, material: Material, advice: Advice = NO_ADVICE) -> Answer:
    """Answer the question for one dataset.

    Args:
        dataset: Its name, as it is shown.
        material: Its tables on one machine.
        advice: From `Study.advice_at`.
    """
    rows = rows_of(material.summaries, EXPERIMENT, CELL)
    epoch = rows.get("epoch_s", {"verdict": "not measured", "warnings": ""})
    leaning = leaning_of(epoch)
    judged = leaning in _HEADLINES
    word, headline = _HEADLINES.get(leaning, _NO_ANSWER)
    return Answer(
        dataset=dataset,
        machine=machine_of(material.trials),
        verdict=leaning,
        word=word,
        cell=f"{EXPERIMENT}/{CELL}",
        headline=headline.format(**_words(epoch)),
        certainty=_certainty(rows) if judged else "",
        price=say_price(rows, _images(material.trials)) if judged else "",
        confirmation=say_confirmation(advice),
        advice=_advice(epoch, advice),
        gain=best_gain(material.summaries, CHOSEN if advice else UNCONFIRMED),
        time=time_goes(material.stages),
    )


_HEADLINES = {
    "faster": ("Yes.", "With the maps in RAM an epoch is {ratio} as fast."),
    "perhaps faster": (
        "Perhaps.",
        "With the maps in RAM an epoch is {ratio} as fast, about the {margin} that matter.",
    ),
    "slower": ("No.", "With the maps in RAM an epoch is slower: {ratio} as fast."),
    "perhaps slower": (
        "Rather not.",
        "With the maps in RAM an epoch is slower, by about the {margin} that matter: {ratio} as "
        "fast.",
    ),
    "equivalent": ("No.", "It makes no difference that matters: {ratio} as fast."),
    "perhaps equivalent": (
        "Hardly.",
        "It differs by no more than about the {margin} that matter: {ratio} as fast.",
    ),
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


def best_gain(summaries: pd.DataFrame, standing: str = UNCONFIRMED) -> str:
    """Name the largest gain measured whose batches are identical to the reference's.

    Args:
        summaries: From `stats.summarise`.
        standing: How it stands to what was confirmed, a sentence.
    """
    rows = summaries[summaries["estimand"] == "epoch_s"]
    alike = records(rows[rows["equivalence"] == "identical"])
    for leaning, soft in (("faster", ""), (f"{PERHAPS}faster", PERHAPS)):
        found = [row for row in alike if leaning_of(row) == leaning]
        if found:
            best = max(found, key=lambda row: float(row["ratio"]))
            told = f"{soft}{best['experiment']}/{best['cell']}: {phrases.as_fast(best)}"
            about = f", {phrases.about_margin(best)}" if soft else ""
            return f"The largest gain with identical batches is {told}{about}. {standing}"
    return "No change measured here made an epoch faster with identical batches."


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
    margin = {"margin": phrases.percent(row["margin"])} if "margin" in row else {}
    return {"verdict": row["verdict"], **named, **margin}


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


def _advice(epoch: Mapping[str, Any], advice: Advice) -> str:
    settled = say_settled(advice, *CELL.split("~"))
    if settled:
        return settled
    leaning = leaning_of(epoch)
    if leaning in _ADVICE:
        when = _when(epoch) if leaning == "faster" else ""
        return f"{_ADVICE[leaning]}{when}. {say_standing(advice)}"
    if leaning == "inconclusive":
        return "Decide nothing on this. Raise measuring.max_pairs in the config and measure again."
    if leaning == "invalid":
        return f"Mend the cell first. {epoch['warnings']}"
    if leaning == "not available":
        return f"This machine cannot measure it: {epoch['warnings']}"
    return f"Measure the cell {EXPERIMENT}/{CELL} with enough pairs first."


_LITTLE = "Keep reading the maps from disk: the cache gives little back, if anything"
_NOTHING = "Keep reading the maps from disk: the cache gives nothing back"
_ADVICE = {
    "faster": "Keep the maps in RAM, if they fit",
    "perhaps faster": "Keep the maps in RAM only if that costs nothing: the gain hardly matters",
    "slower": _NOTHING,
    "perhaps slower": _LITTLE,
    "equivalent": _NOTHING,
    "perhaps equivalent": _LITTLE,
}


def _when(epoch: Mapping[str, Any]) -> str:
    if epoch["extra_startup_s"] <= 0:
        return ""
    passes = phrases.epochs(epoch["break_even_passes"])
    return f" and a run makes more than {passes} passes over the data"
