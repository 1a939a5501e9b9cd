"""Validation: what is wrong with a dataset, and whether a study may use it."""

from feedrate.validation.acceptance import ValidationError, accept_samples
from feedrate.validation.checks import CHECKS, Check
from feedrate.validation.examination import validate_samples
from feedrate.validation.findings import read_findings, write_findings

__all__ = [
    "CHECKS",
    "Check",
    "ValidationError",
    "accept_samples",
    "read_findings",
    "validate_samples",
    "write_findings",
]
