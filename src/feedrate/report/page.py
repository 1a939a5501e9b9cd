"""Builds the page: sentences, pictures and tables into one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from feedrate.figures import NARROW_IN, WIDE_IN, Material, draw, figure_names
from feedrate.report import sections
from feedrate.report.answer import QUESTION, Answer, answer
from feedrate.report.findings import caption_of, reading_of, title_of
from feedrate.report.study import Intake, Study
from feedrate.tables import records


@dataclass(frozen=True)
class Picture:
    """A figure on the page: the question, the finding, the drawing for wide and narrow screens."""

    name: str
    question: str
    finding: str
    caption: str
    wide: Markup
    narrow: Markup


@dataclass(frozen=True, eq=False)
class Chapter:
    """All of one dataset."""

    dataset: str
    answer: Answer
    reading: str
    pictures: list[Picture]
    results: list[sections.Result]
    absolutes: list[sections.Absolute]
    gates: list[sections.Gate]
    claims: list[dict[str, Any]]
    intake: sections.IntakeView
    machine: list[tuple[str, str]]
    method: list[str]


def build_page(
    study: Study, intakes: Mapping[str, Intake], title: str, questions: Mapping[str, str]
) -> str:
    """Build the report.

    Args:
        study: From `read_study`, or assembled from tables.
        intakes: From `read_intakes`; a dataset may be absent.
        title: The heading.
        questions: What each experiment answers, by its name.

    Returns:
        One HTML document: inline style and drawings, no script, no request to anywhere.
    """
    chapters = [_chapter(name, study, intakes.get(name), questions) for name in study.datasets]
    environment = Environment(
        loader=PackageLoader("feedrate.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    source, _, _ = PackageLoader("feedrate.report", ".").get_source(environment, "page.css")
    return environment.get_template("page.html.j2").render(
        title=title,
        question=QUESTION,
        chapters=chapters,
        style=Markup(source),  # noqa: S704 - our own file
    )


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


def _chapter(
    dataset: str, study: Study, intake: Intake | None, questions: Mapping[str, str]
) -> Chapter:
    material = study.of(dataset)
    claims = study.claims[study.claims["dataset"] == dataset]
    return Chapter(
        dataset=dataset,
        answer=answer(dataset, material),
        reading=reading_of(material),
        pictures=[_picture(name, dataset, material, questions) for name in figure_names(material)],
        results=sections.results(material.summaries),
        absolutes=sections.absolutes(material.summaries),
        gates=sections.gates(material.trials),
        claims=records(claims),
        intake=sections.view_intake(intake, _data_uri),
        machine=sections.machine_facts(material.trials, study.maps.get(dataset, {})),
        method=sections.method(material),
    )


def _picture(name: str, dataset: str, material: Material, questions: Mapping[str, str]) -> Picture:
    finding = title_of(name, material)
    wide, narrow = (
        embed_svg(draw(name, material, width), f"{dataset}-{name}-{width:g}in", finding)
        for width in (WIDE_IN, NARROW_IN)
    )
    question = questions.get(name) or _QUESTIONS.get(name, name)
    return Picture(name, question, finding, caption_of(name, material), wide, narrow)


def _data_uri(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii") if png else ""


_QUESTIONS = {
    "stages": "Where does the time of one image go?",
    "control": "Did the machine hold still?",
}
