"""The guide: every lever with what it gained here, or that it was not measured."""

import re
from dataclasses import replace

import pytest
from records import make_record, make_study
from studies import build_study

from feedrate.cell import Cell
from feedrate.registry import REGISTRIES
from feedrate.report.guide import NOT_MEASURED, build_guide, view_levers
from feedrate.report.lever_cells import read_cells
from feedrate.report.levers import LEVERS, NO_LEVELS, NO_LEVERS, lever_of, lever_of_changes

BASE = Cell()


def study_of(folder, *more):
    return build_study(folder, [*make_study(), *more])


def views_of(study, disk=None):
    material = study.at(study.places[0])
    return {view.lever.name: view for view in view_levers(material, BASE, disk or {})}


def test_every_level_and_every_factor_is_a_lever_or_declared_not_to_be_one():
    for kind, factor in (("images", "images"), ("decoders", "decoder"), ("transforms", "transform"),
                         ("targets", "targets"), ("loaders", "loader")):  # fmt: skip
        for level in set(REGISTRIES[kind]) - {getattr(BASE, factor)}:
            assert lever_of(factor, level) or (factor, level) in NO_LEVELS, (factor, level)
    for factor in set(Cell.model_fields) - set(NO_LEVERS):
        assert any(lever.factor == factor for lever in LEVERS), factor


def test_a_lever_says_in_words_what_it_is_and_types_no_figure():
    for lever in LEVERS:
        told = f"{lever.what} {lever.helps} {lever.costs}"
        assert not re.search(r"\d", told), lever.name
    assert len({lever.name for lever in LEVERS}) == len(LEVERS)


def test_changes_of_several_factors_are_several_at_once_unless_one_is_no_lever():
    assert lever_of_changes({"decoder": "simplejpeg", "targets": "kernel"}) == LEVERS[-1]
    assert lever_of_changes({"decoder": "simplejpeg", "ablate": "decode"}) is None
    assert lever_of_changes({}) is None
    assert lever_of("transform", "albumentations:area").name == "Another resize"


def test_what_gained_most_comes_first_and_what_was_not_measured_last(tmp_path):
    views = list(views_of(study_of(tmp_path)).values())
    measured = [view.gain for view in views if view.loader.text != NOT_MEASURED]
    assert measured == sorted(measured, reverse=True)
    assert views[0].lever.name == "Decoded images in memory"
    assert views[0].loader.cell == "ram_vs_disk/images~decoded_ram"
    assert all(view.loader.text == NOT_MEASURED for view in views[len(measured) :])
    assert len(views) == len(LEVERS)


def test_identical_batches_are_told_before_a_larger_gain_with_others(tmp_path):
    scaled = make_record("decoder~turbojpeg", "decoders", 1.9, equivalence="pixels differ")
    view = views_of(study_of(tmp_path, scaled))["Another decoder"]
    assert view.loader.cell == "decoders/decoder~simplejpeg"
    assert view.pixels == "identical"
    assert view.cells[0][0] == "decoders/decoder~turbojpeg"


def test_stage_loader_and_epoch_stand_apart(tmp_path):
    paced = make_record("targets~kernel", "paced", 1.02)
    for side in ("levels", "reference_levels"):
        paced[side]["consumer"] = "sleep:300"
    study = study_of(tmp_path, paced)
    view = views_of(study)["Draw maps with the kernel instead of storing them"]
    clocked = study.stages["receipts"]["alternatives"]["targets"]
    assert view.stage_gain == pytest.approx(clocked["npz"] / clocked["kernel"])
    assert view.loader.cell == "targets/targets~kernel"
    assert [told.cell for told in view.epoch] == ["paced/targets~kernel"]
    assert "consumer sleep:300" in {row[1] for row in view.cells}


def test_a_cell_beside_another_pipeline_is_listed_but_decides_nothing(tmp_path):
    elsewhere = make_record("decoder~turbojpeg", "ladder", 9.0)
    for side in ("levels", "reference_levels"):
        elsewhere[side]["workers"] = 8
    other = make_record("transform~fused", "ladder", 1.4)
    other["levels"]["workers"] = other["reference_levels"]["workers"] = 8
    views = views_of(study_of(tmp_path, elsewhere, other))
    fused = views["Fused transform"]
    assert fused.loader.cell == "ladder/transform~fused, beside workers~8"
    assert fused.verdict == ""
    view = views["Another decoder"]
    assert view.gain < 2
    assert view.cells[0][:2] == ("ladder/decoder~turbojpeg", "workers~8")


def test_a_cell_that_undoes_the_reference_is_no_change_of_the_base(tmp_path):
    peer = make_record("loader~threads", "peers", 0.7)
    peer["reference_levels"]["loader"] = "feedrate"
    names = [cell.name for cell in read_cells(_material(study_of(tmp_path, peer)), BASE)]
    assert "peers/loader~threads" not in names


def test_what_a_machine_cannot_measure_has_its_reason(tmp_path):
    absent = make_record("decoder~nvimgcodec", "gpu", unavailable="there is no GPU")
    rows = views_of(study_of(tmp_path, absent))["Another decoder"].cells
    assert any("not available: there is no GPU" in row[2] for row in rows)


def test_memory_start_and_disk_are_the_price(tmp_path):
    views = views_of(study_of(tmp_path), {"npz_ram": 61_000_000})
    row = views["Maps in memory"].cells[0]
    assert row[4].startswith("1.1")
    assert row[7:] == ("1.20 GB / 1.00 GB", "61 MB")


def test_the_page_follows_the_data_and_escapes_them(tmp_path):
    before = study_of(tmp_path / "a")
    page = build_guide(before, BASE, {}, "<b>Fed?</b>")
    assert "&lt;b&gt;Fed?" in page
    missing = [view.lever.name for view in views_of(before).values() if not view.cells]
    _, _, told = page.partition("Not measured on the base pipeline: ")
    listed = re.findall(r'<a href="#([^"]+)">', told.partition("</p>")[0])
    assert len(listed) == len(missing) > 0
    assert all(f'<section id="{place}">' in page for place in listed)
    assert "<script" not in page
    slow = build_study(tmp_path / "b", make_study(ram=0.8))
    told = {lever.lever.name: lever.loader.text for lever in views_of(slow).values()}
    assert told["Maps in memory"].startswith("0.8")
    nothing = before.summaries[before.summaries["cell"] != "targets~kernel"]
    assert "targets/targets~kernel" not in build_guide(
        replace(before, summaries=nothing), BASE, {}, "?"
    )


def _material(study):
    return study.at(study.places[0])
