"""The examination: every check on every sample, on all cores."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

import numpy as np

from feedrate.sample import Finding, Sample
from feedrate.validation.checks import CHECKS, apply_severities, require_known
from feedrate.validation.images import check_image
from feedrate.validation.polygons import check_polygons

FEW = 32
"""Samples that are examined before a second process would have started."""
CHUNK = 4

Examined = tuple[str, list[Finding]]
"""SHA-256 of the image file, and the findings of one sample."""


def validate_samples(
    samples: Sequence[Sample],
    reader_findings: Sequence[Finding] = (),
    overrides: Mapping[str, str] | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[Finding]:
    """Look for everything wrong with a dataset.

    Args:
        samples: What the reader of its format delivered.
        reader_findings: What that reader found wrong; part of the answer.
        overrides: Check: severity that differs from `CHECKS`, or "off".
        progress: Is told how many samples are done.

    Returns:
        The reader's findings, then each sample's in order, then the duplicates.

    Raises:
        ValueError: An override names no check or no severity.
    """
    overrides = overrides or {}
    require_known(overrides)
    findings, digests = list(reader_findings), list[str]()
    with _mapping(len(samples)) as run:
        for digest, found in run(samples):
            digests.append(digest)
            findings += found
            if progress:
                progress(len(digests))
    return apply_severities([*findings, *_find_duplicates(samples, digests)], overrides)


def examine(sample: Sample) -> Examined:
    """Check one sample's image and polygons."""
    digest, troubles = check_image(sample)
    found = [(check, message, str(sample.image_path)) for check, message in troubles]
    found += check_polygons(sample)
    return digest, [
        Finding(sample.key, check, CHECKS[check].severity, message, location)
        for check, message, location in found
    ]


@contextmanager
def _mapping(count: int) -> Iterator[Callable[[Sequence[Sample]], Iterator[Examined]]]:
    processes = min(len(os.sched_getaffinity(0)), count // FEW + 1)
    if processes == 1:
        yield lambda samples: map(examine, samples)
        return
    # Not forked from here: the index's reader has started threads, and a fork would halt them.
    context = multiprocessing.get_context("forkserver")
    pool = ProcessPoolExecutor(processes, mp_context=context)
    try:
        yield lambda samples: pool.map(examine, samples, chunksize=CHUNK)
    finally:
        pool.shutdown(cancel_futures=True)


def _find_duplicates(samples: Sequence[Sample], digests: Sequence[str]) -> Iterator[Finding]:
    first: dict[str, Sample] = {}
    for sample, digest in zip(samples, digests, strict=True):
        twin = first.setdefault(digest, sample) if digest else sample
        if twin is not sample:
            words = "the same annotation" if _agree(twin, sample) else "different annotations"
            message = f"the very bytes of {twin.key}, with {words}"
            severity = CHECKS["duplicate_image"].severity
            location = str(sample.image_path)
            yield Finding(sample.key, "duplicate_image", severity, message, location)


def _agree(one: Sample, other: Sample) -> bool:
    """Tell whether two samples teach a detector the same: outlines and what is ignored."""
    return len(one.instances) == len(other.instances) and all(
        a.ignore == b.ignore and np.array_equal(a.polygon, b.polygon, equal_nan=True)
        for a, b in zip(one.instances, other.instances, strict=True)
    )
