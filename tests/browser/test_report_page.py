"""The page in a real browser: wide and narrow, nothing sticks out, nothing is fetched."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from records import make_study
from studies import build_study, make_intake

from feedrate.report import build_page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
# A window cannot be narrower than 500 px; a frame can, and one of the same origin answers.
FRAME = """<!doctype html><body style="margin:0"><iframe id="f" srcdoc="{page}"
 style="border:0;width:{width}px;height:900px"></iframe><script>
document.getElementById("f").onload = () => {{
  const frame = document.getElementById("f"), inside = frame.contentDocument;
  const box = (name) => inside.querySelector(name).getBoundingClientRect().toJSON();
  const shown = (node) => node.getClientRects().length > 0;
  const said = document.createElement("pre"); said.id = "said";
  said.textContent = JSON.stringify({{
    width: frame.clientWidth,
    scroll: inside.documentElement.scrollWidth,
    headline: box(".headline"),
    todo: box("dl.points dd"),
    wide: [...inside.querySelectorAll(".wide svg")].filter(shown).length,
    narrow: [...inside.querySelectorAll(".narrow svg")].filter(shown).length,
    fetched: frame.contentWindow.performance.getEntriesByType("resource").map((e) => e.name),
    smallest: Math.min(...[...inside.querySelectorAll("svg text")].filter(shown)
      .map((t) => parseFloat(getComputedStyle(t).fontSize)
        * Math.hypot(t.getScreenCTM().a, t.getScreenCTM().b))),
  }});
  document.body.append(said);
}};</script>"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    study = build_study(tmp_path_factory.mktemp("study"), make_study())
    return build_page(study, {"receipts": make_intake()}, "Is your detector fed?", {})


def run(folder: Path, *arguments: str) -> str:
    assert CHROMIUM is not None
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'profile'}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


def ask(folder: Path, page: str, width: int) -> dict[str, Any]:
    """What the page looks like in a frame of this width (pixels)."""
    path = folder / "frame.html"
    path.write_text(FRAME.format(page=html.escape(page), width=width), encoding="utf-8")
    dom = run(
        folder, "--virtual-time-budget=5000", "--window-size=1400,1000", "--dump-dom", path.as_uri()
    )
    said = re.search(r'<pre id="said">(.*?)</pre>', dom, re.DOTALL)
    assert said, "the frame did not report"
    return dict(json.loads(html.unescape(said[1])))


@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_sticks_out_and_the_answer_is_seen_first(
    tmp_path: Path, page: str, width: int
) -> None:
    seen = ask(tmp_path, page, width)
    assert seen["width"] == width
    assert seen["scroll"] <= width
    assert 0 < seen["headline"]["top"] < seen["headline"]["bottom"] < 500
    assert seen["todo"]["top"] < 700
    assert seen["fetched"] == []
    assert (seen["wide"] > 0) is (width > 600)
    assert (seen["narrow"] > 0) is (width <= 600)
    assert seen["smallest"] > 9.0


def test_a_long_name_of_a_cell_is_broken_on_a_telephone(tmp_path: Path, page: str) -> None:
    """A name has no spaces, and a cell may change every factor."""
    long = page.replace("npz_ram", "npz_ram+images~decoded_ram+decoder~simplejpeg+workers~16")
    assert ask(tmp_path, long, 400)["scroll"] <= 400


def test_the_check_sees_what_sticks_out(tmp_path: Path, page: str) -> None:
    broken = page.replace("<main>", '<main><div style="width:2000px">x</div>')
    assert ask(tmp_path, broken, 400)["scroll"] >= 2000


def test_a_screenshot_is_no_blank_sheet(tmp_path: Path, page: str) -> None:
    from PIL import Image

    path, shot = tmp_path / "page.html", tmp_path / "page.png"
    path.write_text(page, encoding="utf-8")
    run(tmp_path, f"--screenshot={shot}", "--window-size=1280,900", path.as_uri())
    with Image.open(shot) as image:
        colours = image.convert("RGB").getcolors(1 << 24) or []
        assert image.size == (1280, 900)
    assert len(colours) > 50
