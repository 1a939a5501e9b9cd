"""The measured cells of a study as changes of its base pipeline, for the guide."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from feedrate.cell import Cell
from feedrate.figures import Material
from feedrate.registry import BUILT_STORES, STORED_MAPS
from feedrate.tables import levels_of, records

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Measured:
    """One cell of a lever.

    Attributes:
        name: Experiment and cell.
        changes: Levels by factor.
        beside: How its reference differs from the base, but for the consumer; empty if not.
        consumer: What takes the batches of both.
        rows: Of the summary, by estimand.
    """

    name: str
    changes: Mapping[str, str]
    beside: str
    consumer: str
    rows: Mapping[str, Row]

    @property
    def ratio(self) -> float:
        """Times as fast an epoch is; NaN without figures."""
        return float(self.rows["epoch_s"]["ratio"])


def read_cells(material: Material, base: Cell) -> list[Measured]:
    """Read the cells that change the base where they change anything, whatever else differs."""
    sides = material.trials[material.trials["side"] == "reference"]
    references = {
        key: levels_of(records(group)[0]) for key, group in sides.groupby(["experiment", "cell"])
    }
    found = []
    for (experiment, cell), group in material.summaries.groupby(["experiment", "cell"], sort=False):
        rows = {row["estimand"]: row for row in records(group)}
        reference = references.get((experiment, cell), base)
        changes = changes_of(str(cell))
        if all(getattr(reference, factor) == getattr(base, factor) for factor in changes):
            alike = base.with_levels({"consumer": reference.consumer})
            beside = "" if reference == alike else reference.name(alike)
            name = f"{experiment}/{cell}"
            found.append(Measured(name, changes, beside, reference.consumer, rows))
    return found


def changes_of(cell: str) -> dict[str, str]:
    """The levels in a cell's name, by factor."""
    parts = (part.partition("~") for part in cell.split("+"))
    return {factor: level for factor, separator, level in parts if separator}


def read_disk(results: Path, trials: pd.DataFrame, dataset: str) -> dict[str, int]:
    """Read how many bytes each stored level of a dataset takes, images and maps, by level.

    Raises:
        FileNotFoundError: A level was measured whose store was not built; the message names it.
    """
    own = trials[trials["dataset"] == dataset]
    codecs = {level: STORED_MAPS[level] for level in own["level_targets"].dropna().unique()
              if level in STORED_MAPS}  # fmt: skip
    stores = [level for level in own["level_images"].dropna().unique() if level in BUILT_STORES]
    paths = {level: f"maps/{dataset}/{codec}.json" for level, codec in codecs.items()}
    paths |= {store: f"stores/{dataset}/{store}.json" for store in stores}
    contents = {level: json.loads((results / path).read_text()) for level, path in paths.items()}
    return {level: int(each["bytes"]) for level, each in contents.items() if "bytes" in each}
