"""The page: whole, self-contained, escaped, and made of the data."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markupsafe import Markup
from records import make_record
from studies import EXPERIMENTS, build_study, make_intake, write_results

from feedrate.report import Study, build_page, read_intakes, read_study
from feedrate.report.page import Extras, embed_svg

TITLE = "Is your detector fed?"


class Outline(HTMLParser):
    """Collects ids and open elements."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.names: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]


def page_of(study: Study, message: str = "crosses itself") -> str:
    intakes = {name: make_intake(message=message) for name in study.datasets}
    return build_page(study, intakes, TITLE, {"workers": "How many workers?"})


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return build_study(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def page(study: Study) -> str:
    return page_of(study)


def test_the_answer_comes_before_figures_and_tables(page: str) -> None:
    order = [page.index(part) for part in ("headline", "What to do", "<svg", "<table")]
    assert order == sorted(order)
    assert "AMD EPYC, 2 cores, 24 GiB memory" in page[: page.index("<svg")]


def test_the_page_asks_for_nothing(page: str) -> None:
    outline = Outline()
    outline.feed(page)
    assert not {"link", "iframe", "object"} & set(outline.names)
    assert outline.names.count("script") == 1
    written = page.partition("<script>")[0]
    addresses = re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?([^\"')\s>]+)", written)
    # A link is followed only by who clicks on it; those to other pages of the report.
    asked = [address for address in addresses if address not in ("guide.html", "selftest.html")]
    assert all(address.startswith(("#", "data:")) for address in asked)


def test_ids_are_unique_and_references_resolve(page: str) -> None:
    outline = Outline()
    outline.feed(page)
    assert len(outline.ids) == len(set(outline.ids))
    assert set(re.findall(r"(?:href=\"#|url\(#)([^\")]+)", page)) <= set(outline.ids)


def test_equal_data_give_an_equal_page(study: Study, page: str) -> None:
    assert page_of(study) == page


def test_every_cell_stands_with_its_number(study: Study, page: str) -> None:
    for row in study.summaries.query("estimand == 'epoch_s'").itertuples():
        assert f"<code>{row.experiment}/{row.cell}</code>" in page
        assert f"{row.ratio:.2f}x" in page


def test_what_is_not_available_is_shown_with_its_reason(tmp_path: Path) -> None:
    reason = "41 % of its pages stay in memory"
    made = [make_record(), make_record("page_cache~cold", "ram_vs_disk", unavailable=reason)]
    page = page_of(build_study(tmp_path, made))
    assert page.count(reason) == 2  # beside its verdict, and at the gate
    assert 'v-not-available">not available' in page
    nothing = page_of(build_study(tmp_path / "none", made[1:]))
    assert "No cell could be measured on this machine." in nothing


def test_a_run_without_a_steady_state_shows_no_rate(tmp_path: Path) -> None:
    page = page_of(build_study(tmp_path, [make_record(steady=False)]))
    assert re.search(r"no steady state / 4\d\.\d", page)
    assert "no steady state / 4" not in page_of(build_study(tmp_path / "b", [make_record()]))


def test_start_up_is_split(page: str) -> None:
    table = page[page.index("Before the first batch") : page.index("What it cost the machine")]
    for part in ("construct", "preload", "load compiled code", "workers up", "first batch"):
        assert part in table
    assert "<code>ram_vs_disk/reference</code>" in table
    assert "1.11 s" in table


def test_the_method_is_told_from_the_trials(tmp_path: Path) -> None:
    record = make_record(pairs=9)
    for trial in record["trials"]:
        trial["page_cache"]["resident_before"] = 0.995
        trial["threads"]["opencv"] = 3
    page = page_of(build_study(tmp_path, [record]))
    assert "at least 6 pairs, then more until" in page
    assert "at most 12. Used were 9." in page
    assert "99.5 % of the pages of its files were in memory, counted with mincore" in page
    assert "3 of OpenCV in the main process" in page
    record["stopping"]["target_halfwidth"] = 0
    assert "12 pairs, whatever" in page_of(build_study(tmp_path / "b", [record]))


def test_pairs_that_were_not_enough_are_marked(tmp_path: Path) -> None:
    loud = page_of(build_study(tmp_path / "a", [make_record(pairs=12, noise=0.2)]))
    quiet = page_of(build_study(tmp_path / "b", [make_record(pairs=12)]))
    assert '<span class="soft">most pairs</span>' in loud
    assert '<span class="soft">most pairs</span>' not in quiet


def test_two_machines_have_a_chapter_each_and_are_said_to_be_apart(tmp_path: Path) -> None:
    made = [make_record(speed_up=1.3), make_record("images~ram", machine_id="another")]
    page = page_of(build_study(tmp_path, made))
    assert "receipts on 2 machines: they are shown apart and never merged." in page
    assert "What was found: receipts on another" in page
    outline = Outline()
    outline.feed(page)
    assert len(outline.ids) == len(set(outline.ids))
    assert "shown apart" not in page_of(build_study(tmp_path / "one", made[:1]))


def test_what_to_do_and_why_come_before_the_figures_of_the_experiments(study: Study) -> None:
    advice, cause = Markup("<section>advice</section>"), Markup("<section>cause</section>")
    page = build_page(study, {}, TITLE, {}, {"receipts": Extras((advice,), (cause,))})
    order = [page.index(part) for part in (advice, cause, "<figcaption>", "The write-up's claims")]
    assert order == sorted(order)


def test_the_one_script_is_allowed_by_its_hash(page: str) -> None:
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page


def test_every_claim_stands_with_its_verdict(study: Study, page: str) -> None:
    assert page.count('class="claim"') == len(study.claims) > 70
    assert "not decided here" in page


def test_what_was_left_out_is_named(page: str) -> None:
    assert "403 of 404 images were accepted" in page
    assert "<code>a.jpg</code>" in page


def test_text_from_outside_is_escaped(study: Study) -> None:
    page = page_of(study, message="<script>alert(1)</script>")
    assert page.count("<script>") == 1
    assert "&lt;script&gt;alert(1)" in page


def test_many_findings_are_cut_and_counted(study: Study) -> None:
    keys = tuple(f"{number}.jpg" for number in range(80))
    page = build_page(study, {"receipts": make_intake(keys)}, TITLE, {})
    assert "80 error self_crossing" in page
    assert "And 30 more" in page


@pytest.mark.parametrize(
    ("ram", "word", "stays"), [(1.3, "Yes.", True), (0.8, "No.", False), (1.0, "No.", False)]
)
def test_the_page_flips_with_the_data(tmp_path: Path, ram: float, word: str, stays: bool) -> None:
    page = page_of(build_study(tmp_path, [make_record(speed_up=ram)]))
    assert f"<b>{word}</b>" in page
    assert ("Keep the maps in RAM" in page) is stays


def test_two_datasets_have_an_answer_each(tmp_path: Path) -> None:
    made = [make_record(speed_up=1.3), make_record(speed_up=0.8, dataset="other")]
    page = page_of(build_study(tmp_path, made))
    assert page.index("<b>Yes.</b>") < page.index("<b>No.</b>") < page.index("<svg")
    assert "What was found: other" in page


def test_a_study_read_from_its_files_gives_the_same_page(
    study: Study, page: str, tmp_path: Path
) -> None:
    write_results(tmp_path / "results", study)
    assert page_of(read_study(tmp_path / "results", ["receipts"], EXPERIMENTS)) == page


def test_a_table_not_yet_made_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"tables/receipts/aa\.csv"):
        read_study(tmp_path, ["receipts"], ["aa"])


def test_intakes_are_read_from_the_validation(tmp_path: Path) -> None:
    for folder in ("validation", "previews"):
        (tmp_path / folder).mkdir()
    (tmp_path / "validation/r.csv").write_text(
        "key,check,severity,message,location\n007,blurry,warning,NA,\n", encoding="utf-8"
    )
    (tmp_path / "validation/r.json").write_text('{"accepted": 3}', encoding="utf-8")
    (tmp_path / "previews/r.png").write_bytes(b"PNG")
    intake = read_intakes(tmp_path, ["r"])["r"]
    assert dict(intake.findings.iloc[0])["key"] == "007"
    assert dict(intake.findings.iloc[0])["message"] == "NA"
    assert intake.preview == b"PNG"


def test_an_embedded_drawing_keeps_to_itself() -> None:
    svg = '<?xml?><svg width="1"><path id="m1"/><use xlink:href="#m1" clip-path="url(#p)"/></svg>'
    body = embed_svg(svg, "a", 'says "x" & <y>')
    assert body.startswith('<svg role="img" aria-label="says &#34;x&#34; &amp; &lt;y&gt;"')
    assert 'id="a-m1"' in body
    assert 'href="#a-m1"' in body
    assert "url(#a-p)" in body
