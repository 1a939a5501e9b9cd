"""Repair: what is wrong with an annotation and can be mended beyond doubt, mended in a copy.

Every change has a row in a table, and so has what was seen and left alone, with the reason. What
nobody can decide from the annotation is not guessed.
"""

from feedrate.repair.dataset import repair_dataset
from feedrate.repair.output import Summary, repair_annotations, write_repaired
from feedrate.repair.rows import ACTIONS, Options, Repaired, Row

__all__ = [
    "ACTIONS",
    "Options",
    "Repaired",
    "Row",
    "Summary",
    "repair_annotations",
    "repair_dataset",
    "write_repaired",
]
