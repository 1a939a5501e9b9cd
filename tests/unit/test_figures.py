"""A figure shows what the table holds, and equal tables give equal bytes."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from records import make_record, make_study
from studies import build_study

from feedrate import figures
from feedrate.figures import Material


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return build_study(tmp_path_factory.mktemp("study")).of("receipts")


def words(svg: str) -> str:
    root = ET.fromstring(svg)  # noqa: S314 - drawn by the line above
    texts = ["".join(node.itertext()) for node in root.iter() if node.tag.endswith("text")]
    return " | ".join(texts)


def test_there_is_a_figure_for_every_experiment(material: Material) -> None:
    names = figures.figure_names(material)
    assert names == ["ram_vs_disk", "targets", "workers", "decoders", "aa", "stages", "control"]


@pytest.mark.parametrize("width_in", [figures.WIDE_IN, figures.NARROW_IN])
def test_every_figure_is_drawn_twice_alike_with_text_as_text(
    material: Material, width_in: float
) -> None:
    for name in figures.figure_names(material):
        svg = figures.draw(name, material, width_in)
        assert svg == figures.draw(name, material, width_in)
        assert words(svg)
        assert "currentColor" in svg
        assert "dc:date" not in svg


def test_an_experiment_names_cells_verdicts_and_absolute_rates(material: Material) -> None:
    text = words(figures.draw("ram_vs_disk", material))
    row = material.summaries.query("cell == 'targets~npz_ram' and estimand == 'epoch_s'").iloc[0]
    assert f"targets~npz_ram: {row['ratio']:.2f}x, faster (6" in text
    assert "images/s; reference 4" in text
    assert "images~ram: 1.0" in text


def test_every_pair_is_a_point(material: Material) -> None:
    with figures.mpl.rc_context(figures.STYLE):
        drawn = figures.plot_experiment(material, 7.4, "decoders")
    dots = [len(points.get_offsets()) for points in drawn.axes[0].collections]
    assert dots == [8, 8]


def test_a_cell_without_a_verdict_is_named_without_points(tmp_path: Path) -> None:
    made = [make_record(), make_record("images~resized", "ram_vs_disk", failures=("no hit",))]
    text = words(figures.draw("ram_vs_disk", build_study(tmp_path, made).of("receipts")))
    assert "images~resized: invalid" in text


def test_a_cell_that_is_not_available_is_named_never_dropped(tmp_path: Path) -> None:
    made = [make_record(), make_record("page_cache~cold", "ram_vs_disk", unavailable="tmpfs")]
    text = words(figures.draw("ram_vs_disk", build_study(tmp_path, made).of("receipts")))
    assert "page_cache~cold: not available" in text


def test_without_a_trial_there_is_no_control_chart(tmp_path: Path) -> None:
    material = build_study(tmp_path, [make_record(unavailable="tmpfs")]).of("receipts")
    assert figures.figure_names(material) == ["ram_vs_disk", "stages"]
    assert "not available" in words(figures.draw("ram_vs_disk", material))


def test_an_experiment_of_invalid_cells_only_is_drawn(tmp_path: Path) -> None:
    made = [make_record(failures=("no hit",))]
    text = words(figures.draw("ram_vs_disk", build_study(tmp_path, made).of("receipts")))
    assert "invalid" in text


def test_stages_are_shown_in_milliseconds_and_shares(material: Material) -> None:
    text = words(figures.draw("stages", material))
    assert "9.23 ms, 38 %" in text
    assert "consume" not in text


def test_an_unknown_figure_is_refused(material: Material) -> None:
    with pytest.raises(ValueError, match=r"figure 'pie'.*known are ram_vs_disk"):
        figures.draw("pie", material)


def test_a_figure_changes_when_the_data_do(tmp_path: Path, material: Material) -> None:
    other = build_study(tmp_path / "b", make_study(ram=0.8)).of("receipts")
    assert figures.draw("ram_vs_disk", material) != figures.draw("ram_vs_disk", other)
    assert figures.draw("decoders", material) == figures.draw("decoders", other)
