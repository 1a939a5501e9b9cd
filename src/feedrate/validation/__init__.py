"""Validation: what is wrong with a dataset, and whether a study may use it."""

from feedrate.validation.acceptance import ValidationError, accept_dataset, read_sound
from feedrate.validation.checks import CHECKS, Check
from feedrate.validation.facts import ImageFacts, facts_writer, stream_facts, write_facts
from feedrate.validation.findings import (
    findings_writer,
    read_findings,
    stream_findings,
    write_findings,
)
from feedrate.validation.limits import Limits
from feedrate.validation.survey import validate_dataset

__all__ = [
    "CHECKS",
    "Check",
    "ImageFacts",
    "Limits",
    "ValidationError",
    "accept_dataset",
    "facts_writer",
    "findings_writer",
    "read_findings",
    "read_sound",
    "stream_facts",
    "stream_findings",
    "validate_dataset",
    "write_facts",
    "write_findings",
]
