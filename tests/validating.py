"""Validate samples without a command line: index in, findings and facts out."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from feedrate.index import write_index
from feedrate.sample import Finding, Sample
from feedrate.validation import (
    ImageFacts,
    Limits,
    read_findings,
    stream_facts,
    validate_dataset,
    write_findings,
)


def survey(
    samples: Sequence[Sample],
    early: Sequence[Finding] = (),
    overrides: Mapping[str, str] | None = None,
    limits: Limits | None = None,
    **options: object,
) -> tuple[list[Finding], list[ImageFacts]]:
    """Validate samples in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_index(folder / "samples.parquet", samples)
        write_findings(folder / "reader.csv", early)
        validate_dataset(
            folder / "samples.parquet",
            folder / "reader.csv",
            folder / "findings.csv",
            folder / "facts.parquet",
            limits or Limits(),
            overrides or {},
            **options,  # type: ignore[arg-type]
        )
        found, facts = folder / "findings.csv", folder / "facts.parquet"
        return read_findings(found), list(stream_facts(facts))


def validate(samples: Sequence[Sample], *arguments: object, **options: object) -> list[Finding]:
    """Validate samples and return the findings alone."""
    return survey(samples, *arguments, **options)[0]  # type: ignore[arg-type]
