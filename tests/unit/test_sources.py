"""No figure stands alone: prose and tables name the cell or the file that they come from."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from studies import build_study, make_intake

from feedrate.report import Study, build_extras, build_page
from feedrate.report.sources import with_source

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
FIGURE = re.compile(
    r"\d+(\.\d+)?(x as fast|x\b| ?%| m?s\b| [GM]B\b| images/s| epochs| passes| times as)"
)
PROSE = {"p", "h3", "h4", "li", "dd", "dt", "figcaption", "summary"}


class Prose(HTMLParser):
    """Collects the text of every element of prose and of every table."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[str] = []
        self.open: list[tuple[str, list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in PROSE | {"table"}:
            self.open.append((tag, []))

    def handle_data(self, data: str) -> None:
        for _, parts in self.open:
            parts.append(data)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1][0] == tag:
            self.done.append("".join(self.open.pop()[1]))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    made = build_study(tmp_path_factory.mktemp("study"))
    advice = {
        "machine_id": "",
        "confirmed": False,
        "changes": {},
        "sentences": ["Leave it as it is: on fresh pairs it is 1.01x as fast."],
        "gpus": "",
        "snippet": "",
    }
    return replace(made, recommendation={"receipts": advice})


def orphans(page: str, study: Study) -> list[str]:
    """The texts with a figure that name neither a cell nor a file."""
    reader = Prose()
    reader.feed(page)
    evidence = set(study.claims["evidence_cell"]) - {""}
    named = re.compile(r"\b(results|config)/\w|\w/(\w+~\w|reference\b)")
    return [
        text
        for text in reader.done
        if FIGURE.search(text)
        and not named.search(text)
        and not any(text.endswith(name) for name in evidence)
    ]


def test_every_figure_on_the_page_names_its_cell_or_its_file(study: Study) -> None:
    page = build_page(study, {"receipts": make_intake()}, "", {}, build_extras(study))
    assert orphans(page, study) == []
    bare = re.sub(r'<(span|caption) class="from">[^<]*</\1>', "", page)
    assert len(orphans(bare, study)) > 20  # the test sees what is not named


def test_a_sentence_is_marked_once_and_only_where_it_has_a_figure() -> None:
    html = (
        "<p>It is 1.3x as fast.</p><p>No figure, 8 pairs.</p><pre>2x</pre><p>2 ms in results/a</p>"
    )
    once = with_source(html, "a/b~<c>")
    assert once == html.replace("fast.</p>", 'fast. <span class="from">a/b~&lt;c&gt;</span></p>')
    assert with_source(once, "other/cell~x") == once


def test_a_table_is_marked_unless_its_rows_name_their_cells() -> None:
    named = "<table><tr><td>workers/workers~4</td><td>1.1x</td></tr></table>"
    assert with_source(named, "results/a.json") == named
    marked = with_source("<table><tr><td>1.1x</td></tr></table>", "results/a.json")
    assert marked.startswith('<table><caption class="from">results/a.json</caption>')


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_a_notebook_shows_names_its_cells_or_its_files(path: Path) -> None:
    sections: dict[str, str] = {}
    shown: set[str] = set()
    heading = ""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown" and source.startswith("#"):
            heading = source.splitlines()[0]
        sections[heading] = sections.get(heading, "") + source
        if cell["cell_type"] == "code" and heading.startswith("## "):
            shown.add(heading)
    assert shown
    named = re.compile(r'`results/\w|"experiment", "cell"')
    assert [head for head in sections if head in shown and not named.search(sections[head])] == []
