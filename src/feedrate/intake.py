"""A dataset comes in: its annotations become one index, and what was found wrong a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from feedrate.formats import make_sample
from feedrate.formats.listing import list_images
from feedrate.index import write_index
from feedrate.registry import Plugins, resolve
from feedrate.sample import Finding, Sample
from feedrate.sightings import Sighting
from feedrate.validation.findings import findings_writer

Told = Callable[[int], None]
"""Told how many samples were read so far."""


def read_dataset(
    source: Sighting, samples: Path, findings: Path, plugins: Plugins, progress: Told | None = None
) -> int:
    """Read a dataset, sample by sample, into its index and the table of its reader's findings.

    Returns:
        How many samples there were.

    Raises:
        OSError: A folder or file cannot be read.
        ValueError: The one annotation file is broken; the message says where.
    """
    read = resolve("formats", source.format, plugins)(source.images, source.annotations)
    return _write(read, samples, findings, progress)


def read_bare(images: Path, samples: Path, findings: Path, progress: Told | None = None) -> int:
    """Read images without annotations, so that at least the files can be looked at."""
    return _write(_bare(images), samples, findings, progress)


def _bare(images: Path) -> Iterator[Sample | Finding]:
    listing = list_images(images)
    yield from listing.refused
    for key, path in listing.images.items():
        yield make_sample(key, path, (), str(path))


def _write(
    read: Iterator[Sample | Finding], samples: Path, findings: Path, progress: Told | None
) -> int:
    done = 0
    with findings_writer(findings) as note:

        def samples_only() -> Iterator[Sample]:
            nonlocal done
            for item in read:
                if isinstance(item, Finding):
                    note(item)
                    continue
                done += 1
                if progress:
                    progress(done)
                yield item

        return write_index(samples, samples_only())
