"""What a repair writes: a folder with the new annotations and the table of what was done."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO, TypeVar

from feedrate.formats import Read
from feedrate.repair.dataset import repair_dataset
from feedrate.repair.rows import ACTIONS, LEAVE_OUT, LEFT_ALONE, Options, Repaired, Row
from feedrate.sample import Finding, Sample, TextInstance

T = TypeVar("T")

ANNOTATIONS = "annotations.json"
REPAIRS = "repairs.csv"


@dataclass
class Summary:
    """How much was done.

    Attributes:
        images: Images with an entry in the output.
        instances: Their texts.
        changed: Of the images, those with a change.
        rows: Rows of the table by action and check.
    """

    images: int = 0
    instances: int = 0
    changed: int = 0
    rows: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, repaired: Repaired) -> None:
        """Count one more."""
        self.rows.update((row.action, row.check) for row in repaired.rows)
        if repaired.sample:
            self.images += 1
            self.instances += len(repaired.sample.instances)
            self.changed += any(row.action in ACTIONS for row in repaired.rows)

    def select(self, *actions: str) -> list[tuple[str, str, int]]:
        """List action, check and number of the rows of some actions, sorted."""
        return sorted((*key, count) for key, count in self.rows.items() if key[0] in actions)


def repair_annotations(
    read: Read, images: Path, annotations: Path, output: Path, options: Options | None = None
) -> Summary:
    """Repair a dataset into a new folder.

    It is read twice, for its findings and for its samples: neither has to wait in memory.

    Args:
        read: Reader of its format.
        images: Folder of the images; stays as it is.
        annotations: File or folder of the annotations; stays as it is.
        output: Folder for `ANNOTATIONS` and `REPAIRS`; it appears whole or not at all.
        options: What may be done, by default everything.

    Raises:
        OSError: Something cannot be read or written.
        ValueError: The output would touch the original or holds something, or no annotated
            image is left.
    """
    require_new(output, images, annotations)
    findings = _only(Finding, read, images, annotations)
    samples = _only(Sample, read, images, annotations)
    return write_repaired(output, repair_dataset(samples, findings, options))


def _only(kind: type[T], read: Read, images: Path, annotations: Path) -> Iterator[T]:
    """Read what is of one kind; nothing is opened before the first is asked for."""
    yield from (item for item in read(images, annotations) if isinstance(item, kind))


def require_new(output: Path, *originals: Path) -> None:
    """Refuse a folder that holds something or lies in one of the originals.

    Raises:
        ValueError: It does; the message says what would be right.
    """
    target = output.resolve()
    for original in originals:
        if original.is_dir() and target.is_relative_to(original.resolve()):
            raise ValueError(f"{output}: lies in {original}, which is not touched; name another")
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise ValueError(f"{output}: exists and is no empty folder; name another or remove it")


def write_repaired(output: Path, repaired: Iterable[Repaired]) -> Summary:
    """Write what `repair_dataset` yields as it comes; the folder appears whole or not at all.

    Raises:
        OSError: It cannot be written.
        ValueError: There is no sample among it.
    """
    summary = Summary()
    with _unfinished(output.resolve()) as folder:
        with (
            (folder / ANNOTATIONS).open("w", encoding="utf-8") as entries,
            (folder / REPAIRS).open("w", encoding="utf-8", newline="") as rows,
        ):
            _write(repaired, entries, rows, summary)
        if not summary.images:
            found = _join(f"{count} {check}" for (_, check), count in sorted(summary.rows.items()))
            raise ValueError(
                f"{output}: not written, no annotated image is left; found: {found};"
                " feedrate validate shows where"
            )
    return summary


@contextmanager
def _unfinished(folder: Path) -> Iterator[Path]:
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)  # what a killed run has left
    temporary.mkdir(parents=True)
    try:
        yield temporary
        temporary.replace(folder)  # an empty folder is replaced, one with content is not
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write(repaired: Iterable[Repaired], entries: TextIO, rows: TextIO, summary: Summary) -> None:
    # All quoted: a bare carriage return in a file name would read as the end of a row.
    table = csv.writer(rows, lineterminator="\n", quoting=csv.QUOTE_ALL)
    table.writerow(Row._fields)
    separator = '{"images": {'
    for item in repaired:
        summary.add(item)
        table.writerows(item.rows)
        if item.sample:
            entries.write(f"{separator}\n{_entry(item.sample)}")
            separator = ","
    entries.write("\n}}\n")


def _entry(sample: Sample) -> str:
    """Write one line of the file: a name and what `feedrate.formats.seed_json` reads of it."""
    size = sample.declared_size
    entry = {"width": size[0], "height": size[1]} if size else {}
    words = {f"{number:04}": _word(item) for number, item in enumerate(sample.instances, start=1)}
    name, content = (
        json.dumps(x, ensure_ascii=False) for x in (sample.key, entry | {"words": words})
    )
    return f"{name}: {content}"


def _word(item: TextInstance) -> dict[str, object]:
    word: dict[str, object] = {"points": item.polygon.tolist()}
    if item.text:
        word["text"] = item.text
    if item.ignore:
        word["ignore"] = True
    return word


def tell(summary: Summary, output: Path) -> str:
    """Say in a paragraph what was done."""
    done = (f"{n} {action} ({check})" for action, check, n in summary.select(*ACTIONS))
    gone = (f"{n} {check}" for _, check, n in summary.select(LEAVE_OUT))
    left = (f"{n} {check}" for _, check, n in summary.select(LEFT_ALONE))
    return (
        f"{output / ANNOTATIONS}: {summary.images} images with {summary.instances} texts."
        f" Changes, in {summary.changed} of them: {_join(done)}. Left out: {_join(gone)}."
        f" Left alone: {_join(left)}. All of it, with reasons: {output / REPAIRS}."
        " The original is as it was."
    )


def _join(words: Iterable[str]) -> str:
    return ", ".join(words) or "nothing"
