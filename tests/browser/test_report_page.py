"""The page in a real browser: nothing sticks out or is fetched, tables sort and are handed out."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from chromium import CHROMIUM, Tab, browse
from records import make_study
from studies import build_study, make_intake

from feedrate.report import build_extras, build_page
from feedrate.report.sections import DASH

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
WIDTHS = (390, 1280, 1920)
HOSTILE = 'a, "b"<script>alert(1)</script>'
LAYOUT = """(() => {
  const box = (name) => document.querySelector(name).getBoundingClientRect().toJSON();
  const shown = (node) => node.getClientRects().length > 0;
  const inner = (node) => node.closest(".scroll") && !node.matches(".scroll");
  return {
    scroll: document.documentElement.scrollWidth,
    out: [...document.querySelectorAll("main *")].filter((node) => shown(node) && !inner(node)
      && !node.closest("svg") && node.getBoundingClientRect().right > innerWidth + 1)
      .map((node) => node.outerHTML.slice(0, 99)),
    headline: box(".headline"), why: box("dl.points dd"),
    wide: [...document.querySelectorAll(".wide svg")].filter(shown).length,
    narrow: [...document.querySelectorAll(".narrow svg")].filter(shown).length,
    smallest: Math.min(...[...document.querySelectorAll("svg text")].filter(shown)
      .map((text) => parseFloat(getComputedStyle(text).fontSize)
        * Math.hypot(text.getScreenCTM().a, text.getScreenCTM().b))),
  };
})()"""
# WCAG's contrast of every text with the page behind it, ink of drawings included.
CONTRAST = """(() => {
  const light = (colour) => {
    const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255);
    const [r, g, b] = parts.map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (let up = node; up; up = up.parentElement) {
      const colour = getComputedStyle(up).backgroundColor;
      if (colour !== "rgba(0, 0, 0, 0)") return colour;
    }
  };
  const said = (node) => [...node.childNodes].some((c) => c.nodeType === 3 && c.data.trim());
  return [...document.querySelectorAll("body *:not(script)")]
    .filter((node) => said(node) && node.getClientRects().length)
    .map((node) => {
      const style = getComputedStyle(node);
      const ink = node.closest("svg") ? style.fill : style.color;
      const [low, high] = [light(ink), light(behind(node))].sort((a, b) => a - b);
      return [(high + 0.05) / (low + 0.05), node.tagName + ": " + node.textContent.slice(0, 60)];
    }).sort((a, b) => a[0] - b[0])[0];
})()"""
TABLE = """<section><div class="scroll"><table id="planted"><caption>Planted</caption>
<thead><tr><th scope="col">what</th><th scope="col">time</th></tr></thead><tbody>
<tr><td>one, two</td><td>2.00 s</td></tr><tr><td>say "x"</td><td>&ndash;</td></tr>
<tr><td>=1+1</td><td>500 ms</td></tr><tr><td>b10</td><td>10 s</td></tr>
<tr><td colspan="2">nothing</td></tr><tr><td>b9</td><td>1,200 ms</td></tr>
</tbody></table></div></section></main>"""


@dataclass(frozen=True, eq=False)
class Shown:
    """A page that a browser shows, and the folder where its downloads land."""

    tab: Tab
    folder: Path


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    study = build_study(tmp_path_factory.mktemp("study"), make_study())
    intakes = {"receipts": make_intake(message=HOSTILE)}
    return build_page(study, intakes, "Is your detector fed?", {}, build_extras(study))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    folder = tmp_path_factory.mktemp("browser")
    with browse(folder) as tab:
        tab.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
        yield Shown(tab, folder)


def show(browser: Shown, page: str, width: int = 1280) -> Tab:
    """Load a page afresh."""
    path = browser.folder / "page.html"
    path.write_text(page, encoding="utf-8")
    browser.tab.emulate()
    browser.tab.resize(width)
    browser.tab.open(path)
    return browser.tab


def column(tab: Tab, place: int, table: str = "planted") -> list[str]:
    rows = f"[...document.querySelector('#{table}').tBodies[0].rows]"
    return list(tab.ask(f"{rows}.map((row) => row.cells[{place}]?.innerText ?? '')"))


def downloaded(browser: Shown, table: str) -> list[list[str]]:
    """Press the button of a table and read the file that comes."""
    path, end = browser.folder / f"{table}.csv", time.monotonic() + 30
    browser.tab.ask(f"document.querySelector('#{table} ~ .csv').click()")
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.05)
    text = path.read_bytes().decode("utf-8-sig")
    path.unlink()
    return list(csv.reader(io.StringIO(text)))


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_sticks_out_and_the_answer_is_seen_first(
    browser: Shown, page: str, width: int
) -> None:
    tab = show(browser, page, width)
    seen: dict[str, Any] = tab.ask(LAYOUT)
    assert (seen["scroll"], seen["out"]) == (width, [])
    assert 0 < seen["headline"]["top"] < seen["headline"]["bottom"] < 500
    assert seen["why"]["top"] < 700
    assert (seen["wide"] > 0) is (width > 600)
    assert (seen["narrow"] > 0) is (width <= 600)
    assert seen["smallest"] > 9.0
    assert (tab.troubles(), len(tab.requests())) == ([], 1)


def test_a_long_name_of_a_cell_is_broken_on_a_telephone(browser: Shown, page: str) -> None:
    """A name has no spaces, and a cell may change every factor."""
    long = page.replace("npz_ram", "npz_ram+images~decoded_ram+decoder~simplejpeg+workers~16")
    assert show(browser, long, 390).ask(LAYOUT)["scroll"] == 390


def test_the_checks_see_what_is_wrong(browser: Shown, page: str) -> None:
    wrong = '<div style="width:2000px;color:#777;background:#888">x</div><img src="absent.png">'
    tab = show(browser, page.replace("</main>", f"{wrong}<script>boo()</script></main>"), 390)
    seen = tab.ask(LAYOUT)
    assert seen["scroll"] >= 2000
    assert len(seen["out"]) == 1
    assert tab.ask(CONTRAST)[0] < 1.5
    assert "Content Security Policy" in "".join(tab.troubles())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(
    browser: Shown, page: str, scheme: str
) -> None:
    tab = show(browser, page)
    tab.emulate(scheme=scheme)
    paper = tab.ask("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(20, 23, 27)") is (scheme == "dark")
    worst, text = tab.ask(CONTRAST)
    assert worst >= 4.5, text


def test_numbers_sort_as_numbers_and_what_is_missing_comes_last(browser: Shown, page: str) -> None:
    tab = show(browser, page.replace("</main>", TABLE))
    heads = "document.querySelectorAll('#planted th')"
    tab.ask(f"{heads}[1].firstElementChild.click()")
    rising = ["500 ms", "1,200 ms", "2.00 s", "10 s"]
    assert column(tab, 1) == [*rising, DASH, ""]
    assert tab.ask(f"[...{heads}].map((head) => head.ariaSort)") == [None, "ascending"]
    tab.ask(f"{heads}[1].firstElementChild.click()")
    assert column(tab, 1) == [*rising[::-1], DASH, ""]
    assert tab.ask(f"[...{heads}].map((head) => head.ariaSort)") == [None, "descending"]


def test_a_table_sorts_from_the_keyboard(browser: Shown, page: str) -> None:
    tab = show(browser, page.replace("</main>", TABLE))
    tab.ask("document.querySelector('#planted th button').focus()")
    tab.press("Enter", 13, "\r")
    assert column(tab, 0) == ["=1+1", "b9", "b10", "nothing", "one, two", 'say "x"']
    tab.press("Tab", 9)
    tab.press(" ", 32, " ")
    assert column(tab, 1)[0] == "500 ms"
    style = "getComputedStyle(document.activeElement).outlineStyle"
    assert tab.ask(f"[document.activeElement.innerText.trim(), {style}]") == ["time", "solid"]


def test_a_downloaded_table_holds_what_is_shown(browser: Shown, page: str) -> None:
    show(browser, page.replace("</main>", TABLE))
    assert downloaded(browser, "planted") == [
        ["what", "time"], ["one, two", "2.00 s"], ['say "x"', DASH], ["'=1+1", "500 ms"],
        ["b10", "10 s"], ["nothing", ""], ["b9", "1,200 ms"],
    ]  # fmt: skip
    assert HOSTILE in downloaded(browser, "receipts-findings")[1][3]


def test_every_table_can_be_sorted_and_downloaded(browser: Shown, page: str) -> None:
    tab = show(browser, page)
    tables = tab.ask("document.querySelectorAll('table').length")
    buttons = tab.ask("document.querySelectorAll('table[id] > caption, table[id] ~ .csv').length")
    assert tables > 5
    assert buttons == 2 * tables
    bare = "th[scope=col]:not(:has(> button)):not(:empty), thead th:not([scope])"
    assert tab.ask(f"document.querySelectorAll('{bare}').length") == 0
    first = tab.ask("document.querySelectorAll('#receipts-ratios tbody tr').length")
    assert len(downloaded(browser, "receipts-ratios")) == 1 + first


def test_links_land_and_headings_are_in_order(browser: Shown, page: str) -> None:
    tab = show(browser, page)
    targets = tab.ask("[...document.querySelectorAll('a[href^=\"#\"]')].map((a) => a.hash)")
    assert len(targets) > 3
    assert [hash for hash in targets if not tab.ask(f"!!document.querySelector('{hash}')")] == []
    levels = tab.ask("[...document.querySelectorAll('h1,h2,h3,h4')].map((h) => +h.tagName[1])")
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    tab.press("Tab", 9)
    assert tab.ask("document.activeElement.className") == "skip"
    tab.press("Enter", 13, "\r")
    assert tab.ask("document.activeElement.tagName") == "MAIN"


def test_paper_shows_what_is_folded_and_no_buttons(browser: Shown, page: str) -> None:
    tab = show(browser, page)
    folded = "document.querySelectorAll('details:not([open])').length"
    assert tab.ask(folded) > 0
    tab.ask(f"addEventListener('beforeprint', () => {{ window.folded = {folded}; }})")
    assert tab.call("Page.printToPDF")["data"]
    assert tab.ask("window.folded") == 0
    assert tab.ask(folded) > 0
    tab.emulate("print")
    hidden = "[...document.querySelectorAll('nav, .csv')].filter((n) => n.getClientRects().length)"
    assert tab.ask(f"{hidden}.length") == 0
