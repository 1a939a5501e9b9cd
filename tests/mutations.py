"""Ways to alter the records of a study, and all that the report says of one."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from studies import build_study

from feedrate.figures import figure_names
from feedrate.report.answer import answer
from feedrate.report.findings import note_of, title_of
from feedrate.tables import records

Record = dict[str, Any]
_SWAPPED = {"reference": "cell", "cell": "reference"}
_TIMES = ("epoch_s", "stall_s", "cpu_user_s", "cpu_system_s")


def swap_arms(record: Record) -> Record:
    """What was measured of the cell is taken for its reference, and the other way round."""
    return _each_trial(record, lambda trial: trial | {"side": _SWAPPED[trial["side"]]})


def speed_up(record: Record, times: float) -> Record:
    """The cell takes as many times less time."""

    def scaled(trial: Record) -> Record:
        if trial["side"] == "reference":
            return trial
        return trial | {name: trial[name] / times for name in _TIMES}

    return _each_trial(record, scaled)


def add_noise(record: Record, spread: float) -> Record:
    """The epochs of the cell scatter: every second one longer by `spread`, the others shorter."""

    def scattered(trial: Record) -> Record:
        if trial["side"] == "reference":
            return trial
        towards = 1 if trial["pair"] % 2 else -1
        return trial | {"epoch_s": trial["epoch_s"] * math.exp(towards * spread)}

    return _each_trial(record, scattered)


def alter(
    made: Sequence[Record], name: str, how: Callable[..., Record], *more: Any
) -> list[Record]:
    """The records of a study, one of them altered; `name` is experiment and cell."""
    return [how(each, *more) if name_of(each) == name else each for each in made]


def delete(made: Sequence[Record], name: str) -> list[Record]:
    """The records of a study without one of them."""
    return [each for each in made if name_of(each) != name]


def name_of(record: Record) -> str:
    return f"{record['experiment']}/{record['cell']}"


def sentences_of(folder: Path, made: list[Record]) -> dict[str, str]:
    """All that a study says of itself, by where it is said."""
    study = build_study(folder, made)
    material = study.of("receipts")
    found = answer("receipts", material)
    said = {f"answer {name}": str(getattr(found, name)) for name in _ANSWER}
    for figure in figure_names(material):
        said[f"finding {figure}"] = title_of(figure, material)
    said["note control"] = note_of("control", material)
    for row in records(study.claims):
        said[f"claim {row['id']}"] = f"{row['verdict']}, {row['evidence_cell']}: {row['reason']}"
    return said


_ANSWER = ("word", "headline", "certainty", "price", "advice", "gain", "time")


def _each_trial(record: Record, change: Callable[[Record], Record]) -> Record:
    altered = copy.deepcopy(record)
    altered["trials"] = [change(trial) for trial in altered["trials"]]
    return altered
