"""Builds the page: sentences, pictures and tables into one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from types import MappingProxyType

from markupsafe import Markup

from feedrate import phrases
from feedrate.figures import NARROW_IN, WIDE_IN, Material, draw, figure_names
from feedrate.report import sections
from feedrate.report.absolutes import (
    Absolute,
    Startup,
    absolutes,
    costs,
    startups,
    steady_words,
)
from feedrate.report.answer import QUESTION, Answer, answer
from feedrate.report.findings import caption_of, note_of, reading_of, title_of
from feedrate.report.ledger import LedgerView, view_ledger
from feedrate.report.method import machine_facts, method
from feedrate.report.study import Intake, Study
from feedrate.report.templates import fill, read_asset


@dataclass(frozen=True)
class Picture:
    """A figure on the page: the question, the finding, the drawing for wide and narrow screens.

    What it leaves open, if anything, is the note; the source is the file that it is drawn from.
    """

    name: str
    question: str
    finding: str
    caption: str
    wide: Markup
    narrow: Markup
    note: str
    source: str


@dataclass(frozen=True)
class Extras:
    """Sections made elsewhere: what to do about it, and where time, bytes and pixels go."""

    decisions: tuple[Markup, ...] = ()
    causes: tuple[Markup, ...] = ()

    def __iter__(self) -> Iterator[Markup]:
        return iter(self.decisions + self.causes)


@dataclass(frozen=True, eq=False)
class Chapter:
    """All of one dataset on one machine.

    Attributes:
        name: The dataset's, with the machine's if several measured it.
        slug: The name, fit for an id.
        extras: Sections made elsewhere, shown before the pictures.
    """

    dataset: str
    name: str
    slug: str
    answer: Answer
    reading: str
    pictures: list[Picture]
    results: list[sections.Result]
    absolutes: list[Absolute]
    startups: list[Startup]
    costs: list[Absolute]
    gates: list[sections.Gate]
    ledger: LedgerView
    intake: sections.IntakeView
    machine: list[tuple[str, str]]
    method: list[str]
    extras: Extras = field(default_factory=Extras)


def build_page(
    study: Study,
    intakes: Mapping[str, Intake],
    title: str,
    questions: Mapping[str, str],
    extras: Mapping[str, Extras] = MappingProxyType({}),
) -> str:
    """Build the report.

    Args:
        study: From `read_study`, or assembled from tables.
        intakes: From `read_intakes`; a dataset may be absent.
        title: The heading.
        questions: What each experiment answers, by its name.
        extras: More sections of a chapter, by its name (a key of `Study.materials`).

    Returns:
        One HTML document: inline style and drawings, no request to anywhere. Its one script, which
        sorts tables and hands them out, is allowed by its hash; without it nothing is missing.
    """
    script = read_asset("tables.js")
    chapters = [
        _chapter(
            place,
            study,
            intakes.get(place[0]),
            questions,
            extras.get(study.name(place), Extras()),
        )
        for place in study.places
    ]
    page = fill(
        "page.html.j2",
        title=title,
        question=QUESTION,
        apart=_apart(study),
        chapters=chapters,
        style=read_asset("page.css"),
        script=script,
        script_hash=base64.b64encode(sha256(script.encode()).digest()).decode(),
    )
    return str(page)


def slug_of(name: str) -> str:
    """The name of a chapter, fit for an id."""
    return re.sub(r"\W+", "-", name)


def embed_svg(svg: str, prefix: str, label: str) -> Markup:
    """Prepare a drawing for a page: no prolog, ids of its own, a label for those who cannot see.

    Two drawings on one page may share ids, and a reference would find the wrong (hidden) one.
    """
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r'\bid="', f'id="{prefix}-', body)
    body = re.sub(r'((?:xlink:)?href="#|url\(#)', rf"\g<1>{prefix}-", body)
    role = Markup('<svg role="img" aria-label="{}"').format(label)
    return Markup(body.replace("<svg", role, 1))  # noqa: S704 - drawn by figures.py, which escapes


def _apart(study: Study) -> str:
    """Say which datasets were measured on several machines; empty where none was."""
    machines = Counter(dataset for dataset, _ in study.places)
    several = [f"{name} on {count} machines" for name, count in machines.items() if count > 1]
    if not several:
        return ""
    return f"Measured were {phrases.listing(several)}: they are shown apart and never merged."


def _chapter(
    place: tuple[str, str],
    study: Study,
    intake: Intake | None,
    questions: Mapping[str, str],
    extras: Extras,
) -> Chapter:
    material, name = study.at(place), study.name(place)
    summaries, trials, slug = material.summaries, material.trials, slug_of(name)
    return Chapter(
        dataset=place[0],
        name=name,
        slug=slug,
        answer=answer(name, material, study.advice_at(place)),
        reading=reading_of(material),
        pictures=[
            _picture(figure, place[0], slug, material, questions)
            for figure in figure_names(material)
            if figure != "stages" or not extras.causes  # which show them alone and in workers
        ],
        results=sections.results(summaries),
        absolutes=absolutes(summaries, steady_words(trials)),
        startups=startups(trials),
        costs=costs(summaries),
        gates=sections.gates(trials),
        ledger=view_ledger(study.claims, study.published, place),
        intake=sections.view_intake(intake, _data_uri),
        machine=machine_facts(trials, study.maps.get(place[0], {})),
        method=method(material),
        extras=extras,
    )


def _picture(
    name: str, dataset: str, slug: str, material: Material, questions: Mapping[str, str]
) -> Picture:
    finding, note = title_of(name, material), note_of(name, material)
    wide, narrow = (
        embed_svg(draw(name, material, width), f"{slug}-{name}-{width:g}in", finding)
        for width in (WIDE_IN, NARROW_IN)
    )
    question = questions.get(name) or _QUESTIONS.get(name, name)
    source = _SOURCES.get(name, "results/summary/{}/{}.csv").format(dataset, name)
    return Picture(name, question, finding, caption_of(name, material), wide, narrow, note, source)


def _data_uri(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii") if png else ""


_SOURCES = {"stages": "results/stages/{}.json", "control": "results/tables/{}/"}
_QUESTIONS = {
    "stages": "Where does the time of one image go?",
    "control": "Did the machine hold still?",
}
