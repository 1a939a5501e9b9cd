"""Verbs of the self-test: run it, judge what it found, draw its page."""

from __future__ import annotations

import json
from pathlib import Path

import click

from feedrate.cli.options import FILE
from feedrate.files import write_text
from feedrate.progress import Progress
from feedrate.records import write_json


@click.command()
@click.option(
    "--results", type=FILE, default="results", show_default=True, help="Folder of the results."
)
@click.option("--quick", is_flag=True, help="A fraction of the repeats: it proves nothing.")
def selftest(results: Path, quick: bool) -> None:
    """Let the instrument measure itself, and hold what it finds against its goals."""
    from feedrate.goals import summarise
    from feedrate.selftest.run import Agenda, run_selftest

    progress = Progress("self-test", "planned seconds", 0)
    plan = Agenda.of(quick, progress)
    click.echo(f"feedrate: self-test: {plan.describe()}", err=True)
    folder = results / "selftest"
    write_json(folder / "records.json", run_selftest(plan))
    summary = summarise(json.loads((folder / "records.json").read_text(encoding="utf-8")))
    write_json(folder / "summary.json", summary)
    write_text(folder / "index.html", _page(folder / "summary.json"))
    for goal in summary["goals"]:
        met = "met   " if goal["met"] else "MISSED"
        click.echo(f"{met}  {goal['name']}: {goal['measured']} (asked: {goal['goal']})")


@click.command()
@click.argument("records", type=FILE)
@click.argument("output", type=FILE)
def judge_selftest(records: Path, output: Path) -> None:
    """Hold a self-test that has been run against its goals."""
    from feedrate.goals import summarise

    write_json(output, summarise(json.loads(records.read_text(encoding="utf-8"))))


@click.command()
@click.argument("summary", type=FILE)
@click.argument("output", type=FILE)
def render_selftest(summary: Path, output: Path) -> None:
    """Draw the page of a self-test that has been run."""
    write_text(output, _page(summary))


def _page(summary: Path) -> str:
    from feedrate.report.selftest import build_selftest_page

    return build_selftest_page(json.loads(summary.read_text(encoding="utf-8")))
