"""The report: one self-contained page, the answer first, then figures, then tables."""

from feedrate.report.extras import build_extras, draw_extras
from feedrate.report.page import build_page
from feedrate.report.study import Intake, Study, read_intakes, read_measurements, read_study

__all__ = [
    "Intake",
    "Study",
    "build_extras",
    "build_page",
    "draw_extras",
    "read_intakes",
    "read_measurements",
    "read_study",
]
