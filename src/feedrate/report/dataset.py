"""Builds the page of one dataset: fit or refused, why, and what the data are like."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from feedrate import phrases
from feedrate.dataconfig import TargetSettings
from feedrate.dataset_figures import (
    DISTRIBUTIONS,
    count_kinds,
    draw_distribution,
    draw_kinds,
    drawable,
    say_distribution,
)
from feedrate.figures import NARROW_IN, WIDE_IN
from feedrate.likeness_figures import draw_likeness, is_alike, name_of, say_likeness
from feedrate.report.fitness import answer, number_of, say_content, say_taught
from feedrate.report.inspection import Inspection
from feedrate.report.page import embed_svg
from feedrate.report.templates import fill, read_asset

JOINERS = "\u200c\u200d"
"""Not to be seen, and part of how Persian, Hindi and others are written."""
OPEN_ROWS = 30
"""A list of findings this short is shown at once, a longer one on a click."""


@dataclass(frozen=True)
class Drawing:
    """A figure with its question and what it shows."""

    question: str
    said: str
    svg: Markup


def build_dataset_page(
    inspection: Inspection, meanings: Mapping[str, str], targets: TargetSettings | None = None
) -> str:
    """Build the page of one dataset.

    Args:
        inspection: From `read_inspection`.
        meanings: What each check finds and why it matters; one that is absent goes without.
        targets: What the validation counted with; what depends on it is left out without it.

    Returns:
        One HTML document: inline style and pictures, no script, no request to anywhere. What
        comes from the data is escaped.
    """
    places = [Path(inspection.source[name]) for name in ("annotations", "images")]
    roots = [f"{place}/" for place in (*places, places[0].parent)]
    filters: dict[str, Callable[..., Any]] = {
        "visible": visible,
        "jpeg": embed_jpeg,
        "digits": phrases.digits,
        "ratio": phrases.ratio,
        "name_of": name_of,
        "meaning": show_code,
        "place": lambda where: reduce(str.removeprefix, roots, where),
    }
    page = fill(
        "dataset.html.j2",
        filters,
        seen=inspection,
        answer=answer(inspection),
        content=say_content(inspection),
        taught=say_taught(inspection, targets),
        meanings=meanings,
        drawings=draw_facts(inspection, targets),
        likeness=inspection.likeness,
        comparison=_compare(inspection.likeness) if inspection.likeness else None,
        is_alike=is_alike,
        open_rows=OPEN_ROWS,
        style=read_asset("page.css", "dataset.css"),
    )
    return str(page)


def draw_facts(inspection: Inspection, targets: TargetSettings | None) -> list[Drawing]:
    """Draw every distribution that there are values for, and the kinds of files."""
    facts = inspection.facts
    limit = targets.min_text_side if targets else None
    drawings = [
        _embed(
            name,
            DISTRIBUTIONS[name].question,
            say_distribution(name, facts, limit),
            draw_distribution(name, facts, limit),
        )
        for name in drawable(facts)
    ]
    kinds = count_kinds(facts)
    if kinds:
        of_all = "All" if len(kinds) == 1 else f"{kinds[0][1]:,} of"
        said = f"{of_all} {number_of(len(facts), 'image')} are {kinds[0][0]}."
        drawings.append(_embed("kinds", "Which files are they?", said, draw_kinds(kinds)))
    return drawings


def visible(text: str) -> str:
    """Show what a page would swallow or obey: control characters, and those that turn text."""
    shown = (each.isprintable() or each in JOINERS for each in text)
    return "".join(
        each if kept else ascii(each)[1:-1] for each, kept in zip(text, shown, strict=True)
    )


def embed_jpeg(data: bytes) -> str:
    """Turn a picture into an address that asks for nothing."""
    return "data:image/jpeg;base64," + base64.b64encode(data).decode("ascii")


def show_code(text: str) -> Markup:
    """Show what stands between backticks as code; the rest is escaped."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704


def _compare(likeness: Mapping[str, Any]) -> dict[str, Any]:
    said = say_likeness(likeness)
    wide, narrow = (
        _embed(f"likeness-{width:g}", "", said, draw_likeness(likeness, width))
        for width in (WIDE_IN, NARROW_IN)
    )
    return {"said": said, "wide": wide.svg, "narrow": narrow.svg}


def _embed(name: str, question: str, said: str, svg: str) -> Drawing:
    return Drawing(question, said, embed_svg(svg, f"figure-{name}", said))
