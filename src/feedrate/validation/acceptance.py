"""The gate between a dataset and its study: errors stop it, or their images are left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from feedrate.index import stream_index, write_index
from feedrate.sample import Finding, Sample
from feedrate.validation.findings import stream_findings


class ValidationError(ValueError):
    """A dataset is not fit for a study; the message says what to do, in one line."""


@dataclass
class Tally:
    """What was let in, counted while it passes."""

    samples: int = 0
    accepted: int = 0
    instances: int = 0
    pixels: int = 0
    excluded: set[str] = field(default_factory=set)

    def take(self, sample: Sample) -> None:
        """Count a sample that is let in."""
        self.accepted += 1
        self.instances += len(sample.instances)
        self.pixels += sample.width * sample.height


def accept_dataset(
    name: str, samples: Path, findings: Path, on_error: str, accepted: Path
) -> dict[str, Any]:
    """Write the index of the samples that a study may use.

    Args:
        name: The dataset's name, for messages.
        samples: Index of all its samples.
        findings: The table of all that was found, severities settled.
        on_error: "stop" or "exclude".
        accepted: The index to write.

    Returns:
        The verdict, ready for JSON: how many samples, which keys were left out, what is in the
        rest. An error without a sample, such as a missing image, leaves nothing out: it stays in
        the table.

    Raises:
        ValidationError: There are errors and `on_error` is "stop", or no sample is left.
        ValueError: `on_error` is neither, or a file is not what it should be.
    """
    if on_error not in ("stop", "exclude"):
        raise ValueError(f"datasets.{name}.on_error: {on_error!r} is neither stop nor exclude")
    first, errors, faulty = _sum_up(stream_findings(findings))
    told = _describe(name, first, errors, findings)
    if errors and on_error == "stop":
        cure = f"set datasets.{name}.on_error: exclude to leave them out"
        raise ValidationError(f"{told}; {cure}")
    tally = Tally()
    write_index(accepted, _pass(stream_index(samples), faulty, tally, told))
    return {
        "schema": 1,
        "dataset": name,
        "samples": tally.samples,
        "accepted": tally.accepted,
        "excluded": sorted(tally.excluded),
        "instances": tally.instances,
        "megapixels_mean": tally.pixels / tally.accepted / 1e6,
    }


def read_sound(samples: Path, findings: Path) -> list[Sample]:
    """Read the samples without an error, as `accept_dataset` would let them in."""
    first, errors, faulty = _sum_up(stream_findings(findings))
    told = _describe(samples.parent.name, first, errors, findings)
    return list(_pass(stream_index(samples), faulty, Tally(), told))


def _sum_up(findings: Iterable[Finding]) -> tuple[Finding | None, int, set[str]]:
    first, count, faulty = None, 0, set[str]()
    for finding in findings:
        if finding.severity == "error":
            first, count = first or finding, count + 1
            faulty.add(finding.key)
    return first, count, faulty


def _pass(samples: Iterable[Sample], faulty: set[str], tally: Tally, told: str) -> Iterator[Sample]:
    """Let through what is not faulty; of two annotations of one image, the first."""
    seen = set[str]()
    for sample in samples:
        tally.samples += 1
        if sample.key in faulty:
            tally.excluded.add(sample.key)
        elif sample.key not in seen:
            seen.add(sample.key)
            tally.take(sample)
            yield sample
    if not tally.accepted:  # raised while the index is being written, so that none is left
        raise ValidationError(f"{told}; nothing is left to measure")


def _describe(name: str, first: Finding | None, errors: int, table: Path) -> str:
    if first is None:
        return f"{name}: it has no samples"
    message = " ".join(first.message.split())
    count = "1 error" if errors == 1 else f"{errors} errors"
    return f"{name}: {count}, first: {first.key}: {first.check}: {message}; all in {table}"
