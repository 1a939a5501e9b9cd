"""Builds the page of the self-test: the goals, then the pictures, then every hidden fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from feedrate import phrases
from feedrate.figures import NARROW_IN, WIDE_IN
from feedrate.report.page import embed_svg
from feedrate.report.templates import fill, read_asset
from feedrate.selftest_figures import draw_aa, draw_patterns, draw_plants, draw_time

Summary = Mapping[str, Any]


@dataclass(frozen=True)
class Picture:
    """A figure with its heading and what it shows, for wide and for narrow screens."""

    name: str
    heading: str
    finding: str
    caption: str
    wide: Markup
    narrow: Markup


@dataclass(frozen=True)
class View:
    """All that the template shows, as text."""

    quick: bool
    machine: str
    date: str
    met: int
    asked: int
    word: str
    missed: str
    points: list[tuple[str, str]]
    goals: list[Mapping[str, Any]]
    pictures: list[Picture]
    hidden: list[dict[str, Any]]
    honest: str


def build_selftest_page(summary: Summary) -> str:
    """Build the page.

    Args:
        summary: Content of ``results/selftest/summary.json``.

    Returns:
        One HTML document: inline style and drawings, no script, no request to anywhere.
    """
    style = read_asset("page.css", "selftest.css")
    return str(fill("selftest.html.j2", view=view_of(summary), style=style))


def view_of(summary: Summary) -> View:
    """Turn the summary into text and drawings."""
    goals = summary["goals"]
    missed = [goal["name"] for goal in goals if not goal["met"]]
    met = len(goals) - len(missed)
    return View(
        quick=summary["quick"],
        machine=f"{summary['machine']['cpu']}, {summary['machine']['cores']} cores",
        date=summary["ended_at"][:10],
        met=met,
        asked=len(goals),
        word=_word(summary["quick"], met, len(goals)),
        missed=f"Missed: {phrases.listing(missed)}." if missed else "",
        points=_points(summary),
        goals=goals,
        pictures=_pictures(summary),
        hidden=[_hidden(row) for row in summary["hidden"]["rows"]],
        honest=_honest(summary["honest"]["rows"]),
    )


def _word(quick: bool, met: int, asked: int) -> str:
    if quick:
        return f"A quick run, which proves nothing: {met} of {asked} goals met."
    return f"{met} of {asked} goals met." if met < asked else f"All {asked} goals met."


def _points(summary: Summary) -> list[tuple[str, str]]:
    aa, plants = summary["aa"], summary["plants"]["overall"]
    smallest = aa["smallest"]
    return [
        (
            "Smallest effect",
            f"Nine intervals in ten reach at most {phrases.percent(smallest['most'])} either way,"
            f" half of them {phrases.percent(smallest['median'])}: what is smaller cannot be seen"
            " on this machine in trials so short. Longer trials and more pairs see more.",
        ),
        (
            "False alarms",
            f"{aa['false']['count']} of {aa['false']['of']} intervals of a cell against itself"
            f" exclude 1. With a practical margin: {_verdicts(aa['verdicts'])}.",
        ),
        (
            "Planted effects",
            f"{plants['count']} of {plants['of']} intervals hold the effect that was planted.",
        ),
        (
            "Time",
            f"{summary['elapsed_s'] / 60:.1f} minutes, of {summary['budget_s'] / 60:.0f}.",
        ),
    ]


def _verdicts(counts: Mapping[str, int]) -> str:
    return phrases.listing([f"{count} {name}" for name, count in counts.items()])


def _pictures(summary: Summary) -> list[Picture]:
    plants, patterns = summary["plants"]["overall"], summary["patterns"]
    asked = _goal(summary, "Where an effect shows")
    return [
        _picture(
            "aa",
            "A cell against itself",
            f"{_goal(summary, 'A cell against itself')['measured']} exclude 1.",
            "Each line is one comparison, measured like a cell of a study: its centre and its 95 %"
            " interval. Orange diamonds exclude 1.",
            draw_aa,
            summary["aa"],
        ),
        _picture(
            "plants",
            "Planted against measured",
            f"{plants['count']} of {plants['of']} intervals hold what was planted.",
            "After every batch the cell spins for a share of the time that this batch took. Each"
            " line is one repeat, less the effect that its own spins add up to: it should hold 0."
            " Orange diamonds do not.",
            draw_plants,
            summary["plants"],
        ),
        _picture(
            "patterns",
            "Where an effect shows",
            f"{asked['measured'][0].upper()}{asked['measured'][1:]}.",
            "Times as long, a row an effect that was planted in one place only: "
            + "; ".join(f"{row['name']}: {row['says']}" for row in patterns["rows"])
            + ". Filled squares show it, empty ones do not, a cross is not as declared.",
            draw_patterns,
            patterns,
        ),
        _picture(
            "time",
            "The self-test's own time",
            f"{summary['elapsed_s'] / 60:.1f} minutes of {summary['budget_s'] / 60:.0f}.",
            "The plan was made before anything ran.",
            draw_time,
            summary["time"],
        ),
    ]


def _picture(
    name: str,
    heading: str,
    finding: str,
    caption: str,
    draw: Callable[[Mapping[str, Any], float], str],
    section: Mapping[str, Any],
) -> Picture:
    wide, narrow = (
        embed_svg(draw(section, width), f"{name}-{width:g}in", finding)
        for width in (WIDE_IN, NARROW_IN)
    )
    return Picture(name, heading, finding, caption, wide, narrow)


def _hidden(row: Mapping[str, Any]) -> dict[str, Any]:
    found = row["otherwise"]
    passed = "passed" + (f" as {phrases.ratio(found['ratio'])} as long" if found else "")
    shown = {name: row[name] for name in ("name", "says", "caught", "words")}
    return {**shown, "more": max(row["complaints"] - 1, 0), "otherwise": passed}


def _honest(rows: list[Mapping[str, Any]]) -> str:
    valid = sum(row["valid"] for row in rows)
    return (
        f"Cells with nothing switched off: {valid} of {len(rows)} pass. A gate that"
        " refuses everything would catch every fault."
    )


def _goal(summary: Summary, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(goal for goal in summary["goals"] if goal["name"] == name)
    return found
