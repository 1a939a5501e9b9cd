"""The page of an unfriendly dataset in a real browser: nothing runs, nothing sticks out."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from typing import Any

import pytest
from intakes import HOSTILE, make_findings, make_likeness, read_intake, write_intake

from feedrate.dataconfig import TargetSettings
from feedrate.report.dataset import build_dataset_page, visible
from feedrate.validation import CHECKS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-quic", "--virtual-time-budget=5000", "--window-size=1400,1000"),
)
POLICY = re.compile(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>")
# A window cannot be narrower than 500 px; frames can, and those of the same origin answer.
FRAME = """<iframe data-name="{name}" srcdoc="{page}" style="border:0;width:{width}px;height:900px">
</iframe>"""
ASK = """<script>
onload = () => {
  const seen = {};
  for (const frame of document.querySelectorAll("iframe")) {
    const inside = frame.contentDocument;
    const wide = (node) => node.getBoundingClientRect().right > frame.clientWidth + 1;
    seen[frame.dataset.name] = {
      ran: inside.documentElement.hasAttribute("ran"),
      scripts: inside.scripts.length,
      scroll: inside.documentElement.scrollWidth,
      text: inside.body.innerText,
      title: inside.title,
      headline: inside.querySelector(".headline").getBoundingClientRect().toJSON(),
      pictures: [...inside.images].map((image) => image.naturalWidth),
      fetched: frame.contentWindow.performance.getEntriesByType("resource").map((e) => e.name),
      out: [...inside.querySelectorAll("main *")]
        .filter((node) => !node.closest(".scroll, svg") && wide(node))
        .map((node) => node.outerHTML.slice(0, 99)),
    };
  }
  const said = document.createElement("pre"); said.id = "said";
  said.textContent = JSON.stringify(seen);
  document.body.append(said);
};</script>"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A hostile page, without the policy that would stop what escaping let through."""
    folder = tmp_path_factory.mktemp("intake")
    findings = make_findings(HOSTILE)
    source = {"evidence": HOSTILE[1], "images": HOSTILE[3], "format": HOSTILE[0]}
    write_intake(folder, HOSTILE[0].replace("/", ""), HOSTILE, findings, **source)
    likeness = make_likeness(HOSTILE[0].replace("/", ""), HOSTILE[1])
    seen = read_intake(folder, HOSTILE[0].replace("/", ""), likeness)
    meanings = {name: check.description for name, check in CHECKS.items()}
    whole = build_dataset_page(seen, meanings, TargetSettings())
    bare, cut = POLICY.subn("", whole)
    assert cut == 1
    return bare


@pytest.fixture(scope="module")
def seen(page: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the page looks like in frames of two widths, and with a fault put into it."""
    assert CHROMIUM is not None
    folder = tmp_path_factory.mktemp("browser")
    faulty = page.replace("<main>", f'<main><div style="width:900px">{HOSTILE[0]}</div>')
    frames = [
        FRAME.format(name=name, page=html.escape(content), width=width)
        for name, content, width in (
            ("wide", page, 1280),
            ("narrow", page, 390),
            ("faulty", faulty, 390),
        )
    ]
    path = folder / "frames.html"
    path.write_text(f"<!doctype html><body>{''.join(frames)}{ASK}", encoding="utf-8")
    profile = f"--user-data-dir={folder / 'profile'}"
    command = [CHROMIUM, *FLAGS, profile, "--dump-dom", path.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    said = re.search(r'<pre id="said">(.*?)</pre>', done.stdout, re.DOTALL)
    assert said, "the frames did not report"
    return dict(json.loads(html.unescape(said[1])))


@pytest.mark.parametrize(("name", "width"), [("wide", 1280), ("narrow", 390)])
def test_what_the_data_say_is_shown_and_not_run(
    seen: dict[str, Any], name: str, width: int
) -> None:
    frame = seen[name]
    assert (frame["ran"], frame["scripts"], frame["fetched"]) == (False, 0, [])
    assert "<script>" in frame["title"]
    for key in HOSTILE:
        assert visible(key.encode("utf-8", "backslashreplace").decode()) in frame["text"]
    assert frame["scroll"] <= width
    assert frame["out"] == []
    assert 0 < frame["headline"]["top"] < frame["headline"]["bottom"] < 900
    assert frame["pictures"]
    assert set(frame["pictures"]) == {640}


def test_the_check_sees_what_runs_and_what_sticks_out(seen: dict[str, Any]) -> None:
    assert (seen["faulty"]["ran"], seen["faulty"]["scripts"]) == (True, 1)
    assert seen["faulty"]["scroll"] >= 900
    assert seen["faulty"]["out"]
