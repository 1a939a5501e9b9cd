"""The page of a dataset: the answer first, all of it computed, and what the data say escaped."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import numpy as np
import pytest
from click.testing import CliRunner
from intakes import HOSTILE, make_facts, make_findings, make_likeness, read_intake, write_intake
from tiny import make_samples

from feedrate import dataset_figures, likeness_figures
from feedrate.cli.intake import draw_gallery, render_validation
from feedrate.dataconfig import TargetSettings
from feedrate.index import write_index
from feedrate.report import fitness
from feedrate.report.dataset import build_dataset_page, show_code, visible
from feedrate.report.inspection import (
    SHOWN_FINDINGS,
    digest_findings,
    read_inspections,
    read_likeness,
)
from feedrate.sample import Finding
from feedrate.validation import CHECKS, write_findings

MEANINGS = {name: check.description for name, check in CHECKS.items()}
TARGETS = TargetSettings()
NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "1_dataset.ipynb"


class Outline(HTMLParser):
    """Collects ids, elements, attributes and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.ids += [value for name, value in attrs if name == "id" and value]

    def handle_data(self, data: str) -> None:
        self.text += data


def page_of(folder: Path, **intake: object) -> str:
    likeness = intake.pop("likeness", None)
    write_intake(folder, **intake)  # type: ignore[arg-type]
    seen = read_intake(folder, str(intake.get("name", "receipts")), likeness)  # type: ignore[arg-type]
    return build_dataset_page(seen, MEANINGS, TARGETS)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("intake")
    return page_of(folder, findings=make_findings(["a.jpg", "b.jpg"]), likeness=make_likeness())


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> str:
    return page_of(
        tmp_path_factory.mktemp("hostile"),
        keys=HOSTILE,
        findings=make_findings(HOSTILE),
        likeness=make_likeness(HOSTILE[0], HOSTILE[2]),
        evidence=HOSTILE[1],
        images=HOSTILE[0],
        format=HOSTILE[2],
    )


def test_the_answer_comes_before_tables_and_figures(page: str) -> None:
    order = [page.index(part) for part in ('class="headline"', "<table", "<img", "<svg")]
    assert order == sorted(order)
    assert "2 errors in 2 files; 2 images, 10 texts." in page


def test_the_page_asks_for_nothing(page: str, hostile: str) -> None:
    for each in (page, hostile):
        outline = Outline(each)
        assert not {"script", "link", "iframe", "object", "base", "form"} & outline.names
        addresses = re.findall(r"<[a-z][^>]*\s(?:src|href)=\"([^\"]*)\"", each)
        assert addresses
        assert all(address.startswith(("#", "data:image/jpeg;base64,")) for address in addresses)


def test_ids_are_unique_and_references_resolve(page: str) -> None:
    outline = Outline(page)
    assert len(outline.ids) == len(set(outline.ids))
    assert set(re.findall(r"(?:href=\"#|url\(#)([^\")]+)", page)) <= set(outline.ids)


def test_equal_data_give_an_equal_page(tmp_path: Path, page: str) -> None:
    again = page_of(tmp_path, findings=make_findings(["a.jpg", "b.jpg"]), likeness=make_likeness())
    table = re.compile(r"<bdi>[^<]*receipts\.csv</bdi>")
    assert table.sub("", again) == table.sub("", page)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_shown_and_never_obeyed(hostile: str, page: str, name: str) -> None:
    outline = Outline(hostile)
    shown = visible(name.encode("utf-8", "backslashreplace").decode("utf-8"))
    assert outline.text.count(shown) >= 3  # in the table of checks or the gallery, and the list
    assert not [each for each in outline.attributes if each.startswith("on")]
    assert outline.names == Outline(page).names


def test_what_controls_a_page_is_spelt_out(hostile: str) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", hostile)
    assert r"gnp\u202egpj.\x1b[31m\x00\x85\ud800.jpg" in Outline(hostile).text
    assert (
        visible("\u05e9\u05dc\u05d5\u05dd caf\u00e9 \u6f22")
        == "\u05e9\u05dc\u05d5\u05dd caf\u00e9 \u6f22"
    )


def test_a_dataset_without_errors_is_fit(tmp_path: Path) -> None:
    warned = [item for item in make_findings(["a.jpg"]) if item.severity != "error"]
    assert "Fit to be measured:</b> 2 images, 10 texts." in page_of(tmp_path, findings=warned)
    said = fitness.answer(read_intake(tmp_path))
    assert (said.fit, said.found) == (True, "No errors; 1 warning and 1 note.")
    assert "Look at the warnings" in said.advice


def test_a_clean_dataset_is_said_to_be_clean(tmp_path: Path) -> None:
    page = page_of(tmp_path)
    assert "every check came back clean" in page
    assert 'id="gallery"' not in page
    assert 'id="every"' not in page
    assert fitness.answer(read_intake(tmp_path)).advice == "Nothing has to be done."


def test_errors_make_it_unfit_and_say_what_would_be_left(tmp_path: Path) -> None:
    write_intake(tmp_path, findings=make_findings(["a.jpg"]))
    said = fitness.answer(read_intake(tmp_path))
    assert not said.fit
    assert said.headline == "1 error in 1 file; 2 images, 10 texts."
    assert "on_error: exclude to go on with the 1 other image." in said.advice


def test_nothing_is_promised_where_every_image_is_faulty(tmp_path: Path) -> None:
    write_intake(tmp_path, findings=make_findings(["a.jpg", "b.jpg"]))
    assert "exclude" not in fitness.answer(read_intake(tmp_path)).advice


def test_a_verdict_says_how_many_are_used(tmp_path: Path) -> None:
    write_intake(tmp_path, findings=make_findings(["a.jpg"]))
    seen = replace(read_intake(tmp_path), verdict={"accepted": 1, "excluded": ["a.jpg"]})
    said = fitness.answer(seen)
    assert (said.fit, said.headline) == (True, "1 of 2 images are used.")


@pytest.mark.parametrize(("keys", "images"), [(["a.jpg"], "1 image"), ([], "0 images")])
def test_images_without_any_text_are_no_dataset(
    tmp_path: Path, keys: list[str], images: str
) -> None:
    page = page_of(tmp_path, keys=keys, texts=0)
    assert f"Images without text:</b> {images}, 0 texts." in page
    assert "where they lie" in page


def test_an_image_annotated_twice_is_counted_once(tmp_path: Path) -> None:
    assert "1 image, 10 texts." in page_of(tmp_path, keys=["a.jpg", "a.jpg"])


def test_every_check_stands_with_its_count_and_meaning(page: str) -> None:
    for check in ("bad_annotation", "self_crossing", "crlf"):
        assert re.search(
            rf"<bdi>{check}</bdi></code><p class=\"soft\">{re.escape(MEANINGS[check])}</p></td>\s*"
            r"<td class=\"number\">2</td>\s*<td><code><bdi>a.jpg</bdi></code> .*and 1 more",
            page,
        )


def test_a_meaning_shows_its_code_and_nothing_else() -> None:
    assert show_code("`a.b` & <i>") == "<code>a.b</code> &amp; &lt;i&gt;"


def test_a_location_is_told_from_where_the_annotations_lie(page: str) -> None:
    assert "<bdi>0.txt: 3</bdi>" in page
    assert "gts/0.txt" not in page


def test_of_many_findings_the_gravest_are_shown_and_the_table_is_named(tmp_path: Path) -> None:
    notes = [Finding(f"{n}.jpg", "crlf", "info", "CR", "") for n in range(SHOWN_FINDINGS + 50)]
    grave = Finding("last.jpg", "not_finite", "error", "NaN", "")
    page = page_of(tmp_path, findings=[*notes, grave])
    every = page[page.index('id="every"') :]
    assert every.count("<tr><td>") == SHOWN_FINDINGS
    assert every.index("last.jpg") < every.index("0.jpg")
    assert "The first 200 of 251" in every
    assert str(tmp_path / "validation" / "receipts.csv") in every


def test_findings_are_summed_up_by_check() -> None:
    rows = [
        {"key": key, "check": check, "severity": severity, "message": "", "location": ""}
        for key, check, severity in (
            ("b", "crlf", "info"),
            ("a", "zero_area", "warning"),
            ("a", "zero_area", "warning"),
            ("c", "not_finite", "error"),
        )
    ]
    digest = digest_findings(rows)
    assert [(t.check, t.count, t.images, t.first) for t in digest.tallies] == [
        ("not_finite", 1, 1, "c"),
        ("zero_area", 2, 1, "a"),
        ("crlf", 1, 1, "b"),
    ]
    assert digest.faulty == {"c"}
    assert digest.count("warning", "info") == 3


def test_a_card_without_a_picture_says_so(page: str) -> None:
    assert page.count('class="closed"') == 4
    assert page.count("<img") == 2


@pytest.mark.parametrize(("name", "shown"), [("receipts", 1), ("SROIE", 1), ("mine", 0)])
def test_the_comparison_stands_with_the_datasets_compared_alone(
    tmp_path: Path, name: str, shown: bool
) -> None:
    write_intake(tmp_path, name)
    assert bool(read_intake(tmp_path, name, make_likeness()).likeness) is bool(shown)


def test_a_ratio_outside_of_the_band_is_marked(page: str) -> None:
    section = page[page.index('id="likeness"') : page.index('id="every"')]
    assert "On images that were held out, 1 of 2 figures are within 1.5x" in section
    assert "tuned on, 2. The farthest of the former is bits per pixel: 2.00x" in section
    assert section.count('class="s-error">2.00x') == section.count('class="s-error"') == 1
    assert section.count('class="s-info"') == 3


@pytest.mark.parametrize(
    ("mean", "median", "alike"), [(1 / 1.5, 1.5, True), (1.0, 1.6, False), (0.66, 1.0, False)]
)
def test_a_figure_is_alike_in_mean_and_median(mean: float, median: float, alike: bool) -> None:
    row = {"ratio_tuned_mean": mean, "ratio_tuned_median": median}
    assert likeness_figures.is_alike({"limit": 1.5}, row, "tuned") is alike


def test_the_comparison_that_is_kept_can_be_shown(tmp_path: Path) -> None:
    kept = read_likeness(NOTEBOOK.parents[1] / "docs" / "records" / "likeness.json")
    assert kept is not None
    write_intake(tmp_path, kept["generated"]["name"])
    page = build_dataset_page(read_intake(tmp_path, kept["generated"]["name"], kept), {}, None)
    for row in kept["figures"]:
        assert f"{row['ratio_held_out_mean']:.2f}x" in page


def test_the_target_maps_are_told_with_their_reasons(tmp_path: Path) -> None:
    write_intake(tmp_path)
    seen = read_intake(tmp_path)
    assert fitness.say_taught(seen, TARGETS) == (
        "60 % of the texts are drawn into the target maps at 640 px. Left out: 2 ignored by the "
        "annotation and 2 too small after the resize."
    )
    whole = replace(seen, facts=seen.facts.assign(drawn=seen.facts["instances"]))
    assert fitness.say_taught(whole, None) == "All 10 texts are drawn into the target maps."


@pytest.mark.parametrize("name", dataset_figures.DISTRIBUTIONS)
@pytest.mark.parametrize("count", [1, 9])
def test_a_figure_counts_every_value(name: str, count: int) -> None:
    facts = make_facts([f"{number}" for number in range(count)])
    values = dataset_figures.values_of(name, facts)
    edges, _ = dataset_figures.bin_edges(values, spread=True)
    assert (
        np.histogram(values, edges)[0].sum()
        == len(values)
        == (4 * count if "side" in name else count)
    )
    drawn = dataset_figures.draw_distribution(name, facts, 8.0)
    assert drawn == dataset_figures.draw_distribution(name, facts, 8.0)
    assert ("min_text_side 8" in drawn) is (name == dataset_figures.TEXT_SIDE)


@pytest.mark.parametrize(
    "values",
    [
        [0.0],
        [0.0, 0.0, 0.5],
        [0.0, 1e300],
        [1e-9, 7.0],
        [2.0, 3.0, 157.0],
        [0.92160, 0.92161],
        [5.0] * 4,
    ],
)
@pytest.mark.parametrize("spread", [True, False])
def test_bins_hold_every_value(values: list[float], spread: bool) -> None:
    edges, logarithmic = dataset_figures.bin_edges(np.array(values), spread)
    assert (np.diff(edges) > 0).all()
    assert edges[-1] >= max(values)
    assert edges[0] <= min(values) or (logarithmic and edges[0] > 0)


def test_a_sentence_says_what_its_figure_shows() -> None:
    facts = make_facts([f"{number}" for number in range(5)]).assign(width=1000, height=500)
    facts["instances"] = [0, 2, 4, 6, 1200]
    said = {
        name: dataset_figures.say_distribution(name, facts, 40.0)
        for name in dataset_figures.drawable(facts)
    }
    assert said["size"] == "All 5 images have 0.500 megapixels."
    assert said["aspect"] == "All 5 images are 2 times as wide as high."
    assert said["texts"] == "Half of the images hold 2 to 6 texts, all of them 0 to 1,200."
    assert said["text_side"].endswith("100 % are below 40 px, which the target maps mask out.")
    assert "px, which" not in dataset_figures.say_distribution("text_side", facts, None)


def test_images_of_unknown_size_have_no_place_in_a_figure() -> None:
    facts = make_facts(["a", "b"]).assign(width=[0, 600], height=[0, 800])
    assert dataset_figures.values_of("bits", facts).tolist() == [8 * 61_000 / 480_000]
    assert "size" not in dataset_figures.drawable(facts.assign(width=0))


def test_a_drawing_takes_any_name() -> None:
    kinds = dataset_figures.draw_kinds([("$x^2_{3$ \u6f22\x1b <b>", 3), ("", 1)])
    assert r"$x^2_{3$ \u6f22\x1b &lt;b&gt;" in kinds
    drawn = likeness_figures.draw_likeness(make_likeness(name="$\u6f22 <i>"))
    assert r"$\u6f22 &lt;i&gt;: 2.00x" in drawn


def test_the_verbs_draw_a_gallery_and_a_page(tmp_path: Path) -> None:
    samples = make_samples(tmp_path / "images", 2)
    write_index(tmp_path / "samples.parquet", samples)
    crossing = Finding(samples[0].key, "self_crossing", "warning", "crosses", ": instance 1")
    write_findings(tmp_path / "all.csv", [crossing])
    make_facts([sample.key for sample in samples]).to_parquet(tmp_path / "facts.parquet")
    source = {"format": "sroie", "images": "i", "annotations": "a", "evidence": "boxes"}
    (tmp_path / "source.json").write_text(json.dumps(source))
    paths = [str(tmp_path / name) for name in ("samples.parquet", "all.csv", "gallery")]
    assert CliRunner().invoke(draw_gallery, paths).exit_code == 0
    flags = {"source": "source.json", "facts": "facts.parquet", "findings": "all.csv"}
    asked = [word for name, file in flags.items() for word in (f"--{name}", str(tmp_path / file))]
    output = tmp_path / "deep" / "page.html"
    more = ["--name", "mine", "--gallery", paths[2], "--targets", '{"min_text_side": 9}']
    done = CliRunner().invoke(render_validation, [*asked, *more, str(output)])
    assert done.exit_code == 0, done.output
    page = output.read_text("utf-8")
    assert "Fit to be measured:" in page
    assert "min_text_side 9" in page
    assert MEANINGS["self_crossing"] in page
    assert page.count("<img") == 1


def test_the_notebook_tells_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its cells, run here; the test of the notebooks runs it as the workflow does."""
    results = tmp_path / "results"
    for name in ("receipts", "clean"):
        write_intake(results, name, findings=make_findings(["a.jpg"]) if name != "clean" else [])
    (results / "speed").mkdir()
    (results / "speed" / "likeness.json").write_text(json.dumps(make_likeness()))
    monkeypatch.chdir(tmp_path)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    known: dict[str, object] = {}
    for source in [code[0], 'datasets = "receipts clean"', *code[1:]]:
        exec(source, known)  # noqa: S102
    said = capsys.readouterr().out
    assert "receipts: Fit in part: 2 of 2 images are used." in said
    assert "clean: Fit to be measured: 2 images, 10 texts." in said
    assert "clean: every check came back clean" in said
    assert "receipts, a.jpg: error bad_annotation: a.jpg: wrong" in said
    assert "1 of 2 figures are within 1.5x" in said
    for item in read_inspections(results, ["receipts"]):
        for name in dataset_figures.drawable(item.facts):
            assert dataset_figures.say_distribution(name, item.facts, None) in said
