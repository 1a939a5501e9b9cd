"""Which cells the performance model is fitted to: declared before anything is measured.

Imports nothing heavy: the Snakemake process loads it.
"""

from __future__ import annotations

from collections.abc import Sequence

from feedrate.config import Config, ConfigError
from feedrate.matrix import MeasuredCell

MOST_SHARE = 0.25
"""Of a study's cells, the most that the model may have seen."""


def calibration_of(config: Config, cells: Sequence[MeasuredCell]) -> list[MeasuredCell]:
    """Find the cells that ``model.calibration`` names.

    Raises:
        ConfigError: One of them is none of the study's, or there are too many.
    """
    found = []
    for experiment, names in config.model.calibration.items():
        known = {each.name: each for each in cells if each.experiment == experiment}
        for name in names:
            if name not in known:
                allowed = ", ".join(known) or f"none, for there is no experiment {experiment!r}"
                raise ConfigError(
                    f"config: model.calibration.{experiment}: {name!r} is none of its cells; "
                    f"allowed: {allowed}"
                )
            found.append(known[name])
    if len(found) > MOST_SHARE * len(cells):
        raise ConfigError(
            f"config: model.calibration: {len(found)} of {len(cells)} cells; at most "
            f"{int(MOST_SHARE * len(cells))}, a quarter, so that the others can test the model"
        )
    return found
