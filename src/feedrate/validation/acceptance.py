"""The gate between a dataset and its study: errors stop it, or their images are left out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from feedrate.sample import Finding, Sample


class ValidationError(ValueError):
    """A dataset is not fit for a study; the message says what to do, in one line."""


def accept_samples(
    name: str, samples: Sequence[Sample], findings: Sequence[Finding], on_error: str, table: Path
) -> tuple[list[Sample], list[str]]:
    """Let a dataset pass, without its faulty images where that is allowed.

    Args:
        name: The dataset's name, for messages.
        samples: All its samples.
        findings: All that was found, severities settled.
        on_error: "stop" or "exclude".
        table: Where all findings can be read, for messages.

    Returns:
        The samples to use, in order, and the sorted keys of those left out. An error without a
        sample, such as a missing image, leaves nothing out: it stays in the table.

    Raises:
        ValidationError: There are errors and `on_error` is "stop", or no sample is left.
        ValueError: `on_error` is neither.
    """
    if on_error not in ("stop", "exclude"):
        raise ValueError(f"datasets.{name}.on_error: {on_error!r} is neither stop nor exclude")
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors and on_error == "stop":
        raise ValidationError(
            f"{_describe(name, errors, table)};"
            f" set datasets.{name}.on_error: exclude to leave them out"
        )
    faulty = {finding.key for finding in errors}
    accepted = [sample for sample in samples if sample.key not in faulty]
    if not accepted:
        whole = _describe(name, errors, table) if errors else f"{name}: it has no samples"
        raise ValidationError(f"{whole}; nothing is left to measure")
    return accepted, sorted({sample.key for sample in samples} & faulty)


def _describe(name: str, errors: Sequence[Finding], table: Path) -> str:
    first = errors[0]
    message = " ".join(first.message.split())
    count = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
    return f"{name}: {count}, first: {first.key}: {first.check}: {message}; all in {table}"
