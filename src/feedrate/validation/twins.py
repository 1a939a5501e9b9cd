"""Pictures met before: in this dataset, or in one that it must be apart from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from feedrate.sample import Sample
from feedrate.validation.facts import ImageFacts, stream_facts
from feedrate.validation.findings import Trouble


@dataclass
class Acquaintances:
    """All that was met so far of a dataset, and all of those that it must be apart from.

    Attributes:
        others: Digest to the words for where it was met, of the other datasets.
    """

    others: Mapping[str, str]
    _annotations: dict[str, tuple[str, str]] = field(default_factory=dict)
    _pictures: dict[str, tuple[str, str]] = field(default_factory=dict)

    def has(self, key: str) -> bool:
        """Tell whether a sample of this key was met."""
        return key in self._annotations

    def meet(self, sample: Sample, facts: ImageFacts) -> Iterator[tuple[str, str, str]]:
        """Yield check, message and location of what was met before."""
        if self.has(facts.key):
            outlines, where = self._annotations[facts.key]
            agree = outlines == facts.outlines
            check = "annotated_twice" if agree else "annotated_differently"
            message = f"annotated in {where}, too, {'alike' if agree else 'differently'}"
            yield check, message, sample.annotation
            return
        self._annotations[facts.key] = facts.outlines, sample.annotation
        location = str(sample.image_path)
        for check, message in (*self._meet_twin(facts), *self._meet_leak(facts)):
            yield check, message, location

    def _meet_twin(self, facts: ImageFacts) -> Iterator[Trouble]:
        for digest, words in digests_of(facts).items():
            if digest in self._pictures:
                twin, outlines = self._pictures[digest]
                agree = outlines == facts.outlines
                check = "duplicate_image" if agree else "conflicting_twins"
                annotation = "the same annotation" if agree else "different annotations"
                yield check, f"{words} of {twin!r}, with {annotation}"
                return
        self._pictures |= dict.fromkeys(digests_of(facts), (facts.key, facts.outlines))

    def _meet_leak(self, facts: ImageFacts) -> Iterator[Trouble]:
        met = ((digest, words) for digest, words in digests_of(facts).items())
        leaks = (f"{words} of {self.others[d]}" for d, words in met if d in self.others)
        if leak := next(leaks, None):
            yield "leaked_image", leak


def meet_others(apart_from: Mapping[str, Path]) -> dict[str, str]:
    """Read what pictures other datasets hold, from their facts: digest to key and dataset.

    Raises:
        OSError: There is no such file.
        ValueError: It holds no facts, or only what headers tell; the message names it.
    """
    return {
        digest: f"{facts.key!r} of {name}"
        for name, path in apart_from.items()
        for facts in stream_facts(path)
        for digest in _require_digests(facts, path)
    }


def _require_digests(facts: ImageFacts, path: Path) -> dict[str, str]:
    digests = digests_of(facts)
    if facts.bytes and not digests:
        raise ValueError(
            f"{path}: {facts.key!r} was read by its header only, which tells no picture from"
            " another; validate that dataset with its pixels"
        )
    return digests


def digests_of(facts: ImageFacts) -> dict[str, str]:
    """Return the digests that a picture is known by, the strictest first, with words for each."""
    known = {facts.sha256: "the very bytes", facts.pixels: "the same pixels"}
    return {digest: words for digest, words in known.items() if digest}
