"""The survey of a dataset: every sample examined, on all cores, and held against the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain
from pathlib import Path

from feedrate.index import stream_index
from feedrate.validation.checks import apply_severities, require_known
from feedrate.validation.examination import Examined, Task, examine, to_findings
from feedrate.validation.facts import facts_writer
from feedrate.validation.findings import Trio, findings_writer, stream_findings
from feedrate.validation.limits import Limits
from feedrate.validation.outliers import Crowd
from feedrate.validation.pool import map_in_order
from feedrate.validation.storedmaps import Shelf
from feedrate.validation.twins import Acquaintances, meet_others

CHUNK = 4
"""Images that a process decodes at a time."""
HEADER_CHUNK = 64

Progress = Callable[[int], None]
"""Told the number of samples done so far."""


def validate_dataset(
    samples: Path,
    reader_findings: Path,
    findings: Path,
    facts: Path,
    limits: Limits,
    overrides: Mapping[str, str] | None = None,
    apart_from: Mapping[str, Path] | None = None,
    maps: Path | None = None,
    progress: Progress | None = None,
) -> None:
    """Look for everything wrong with a dataset; what is in memory does not grow with its images.

    Args:
        samples: The index.
        reader_findings: What the reader of its format found wrong; part of the answer.
        findings: Where to write the table: the reader's findings, each sample's in order, then
            what only the whole dataset shows.
        facts: Where to write the facts, a row a sample in the order of the index.
        limits: The settings.
        overrides: Check: severity that differs from `CHECKS`, or "off".
        apart_from: Name to facts of the datasets that may share no picture with this one.
        maps: Folder of ``.npz`` maps made elsewhere, where such are to be checked.
        progress: Is told how many samples are done.

    Raises:
        OSError: A file or folder named here does not exist.
        ValueError: An override names no check or no severity, a file is not what it should be, or
            pictures should be told apart by their headers only.
    """
    overrides = overrides or {}
    require_known(overrides)
    if apart_from and limits.header_only:
        others = ", ".join(apart_from)
        raise ValueError(
            f"by header only no picture is told from those of {others}; read the pixels as well,"
            " or do not ask for the datasets to be apart"
        )
    known = Acquaintances(meet_others(apart_from or {}))
    crowd, shelf = Crowd(limits.max_megapixels), Shelf(maps)
    tasks = (Task(sample, shelf.take(sample.key)) for sample in stream_index(samples))
    with facts_writer(facts) as keep, findings_writer(findings) as note:

        def settle(key: str, found: Iterable[Trio]) -> None:
            for finding in apply_severities(to_findings(key, found), overrides):
                note(finding)

        for finding in stream_findings(reader_findings):
            for settled in apply_severities([finding], overrides):
                note(settled)
        for done, (task, examined) in enumerate(_examine_all(tasks, limits), start=1):
            key = task.sample.key
            keep(examined.facts)
            if not known.has(key):  # an image that is annotated twice is one image
                crowd.join(examined.facts, str(task.sample.image_path))
                settle(key, examined.of_image)
            settle(key, examined.of_annotation)
            settle(key, known.meet(task.sample, examined.facts))
            if progress:
                progress(done)
        for key, check, message, location in chain(crowd.outliers(), shelf.orphans()):
            settle(key, [(check, message, location)])


def _examine_all(tasks: Iterable[Task], limits: Limits) -> Iterator[tuple[Task, Examined]]:
    chunk = HEADER_CHUNK if limits.header_only else CHUNK
    return map_in_order(partial(examine, limits=limits), tasks, chunk)
