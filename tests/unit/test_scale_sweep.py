"""The sweep really draws what it says it draws, and clocks and weighs it."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from feedrate.cell import Cell
from feedrate.cli.scale import sweep_scale as verb
from feedrate.config import Measuring, Work
from feedrate.dataconfig import TargetSettings
from feedrate.matrix import Conditions
from feedrate.pipeline import Setting, build_pipeline
from feedrate.scale import caches, sweep
from feedrate.scale.pages import write_pages
from feedrate.scaling import fit_caches, fit_costs
from feedrate.targets.params import TargetParams

BASE = Cell.model_validate({"batch_size": 4})
CONDITIONS = Conditions(
    work=Work(images=4),
    measuring=Measuring(),
    targets=TargetSettings(image_size=64),
    seed=3,
    plugins={},
)


@pytest.mark.parametrize(("words", "megapixels"), [(20, 0.1), (100, 1.0), (400, 1.0), (400, 4.0)])
def test_a_page_has_as_many_words_and_pixels_as_asked_for(
    tmp_path: Path, words: int, megapixels: float
) -> None:
    (page,) = write_pages(tmp_path, words, megapixels, 1, 7)
    image = cv2.imread(str(page.image_path))
    assert image is not None
    assert image.shape[:2] == (page.height, page.width)
    assert page.width * page.height == pytest.approx(megapixels * 1e6, rel=0.01)
    assert len(page.instances) == words
    corners = np.concatenate([item.polygon for item in page.instances])
    assert corners.min() > -2
    assert (corners.max(axis=0) < (page.width + 2, page.height + 2)).all()
    # Each word lies where its polygon says: darker there than between the words.
    grey = image.mean(axis=2)
    inside = [
        grey[round(top) : round(bottom), round(left) : round(right)].mean()
        for (left, top), (right, bottom) in (
            (item.polygon.min(axis=0), item.polygon.max(axis=0)) for item in page.instances
        )
    ]
    assert max(inside) < grey[-3:].mean()


@pytest.mark.parametrize(("words", "megapixels"), [(20, 1.0), (400, 1.0), (400, 12.0)])
def test_no_word_is_too_small_for_the_maps(tmp_path: Path, words: int, megapixels: float) -> None:
    """Else a page of many words would cost less than one of few."""
    (page,) = write_pages(tmp_path, words, megapixels, 1, 7)
    cell = BASE.with_levels({"targets": "kernel", "decoder": "simplejpeg"})
    setting = Setting(maps_dir=None, image_size=640, params=TargetParams())
    targets = build_pipeline(cell, [page], [0], setting)[0].targets
    assert targets is not None
    assert targets.shrink_mask.all()
    assert cv2.connectedComponents(targets.shrink_map)[0] - 1 == words


def test_the_same_seed_gives_the_same_pages(tmp_path: Path) -> None:
    first, again, other = (
        write_pages(tmp_path / str(number), 20, 0.1, 2, seed)
        for number, seed in enumerate((7, 7, 8))
    )
    content = [[page.image_path.read_bytes() for page in pages] for pages in (first, again, other)]
    assert content[0] == content[1]
    assert content[0][0] != content[0][1]
    assert content[0] != content[2]


@pytest.fixture(scope="module")
def content() -> dict:
    return sweep.sweep_scale(
        BASE, CONDITIONS, lambda done, total: None, (5, 20), (0.05, 0.4), 2, (8, 24)
    )


def test_every_kind_has_its_costs(content: dict) -> None:
    kinds = {(row["words"], row["megapixels"]) for row in content["costs"]}
    assert kinds == set(itertools.product((5, 20), (0.05, 0.4)))
    levels = {(row["stage"], row["level"]) for row in content["costs"]}
    assert levels == {
        *(("read", ""), ("transform", ""), ("filter", "")),
        *(("decode", "pillow"), ("decode", "simplejpeg")),
        *(("targets", "reference"), ("targets", "kernel")),
    }
    assert all(len(row["ms"]) == 2 and min(row["ms"]) > 0 for row in content["costs"])
    decode = next(cost for cost in fit_costs(content) if cost.level == "pillow")
    assert decode.growth.exponents[1].value > 0.3  # eight times the pixels


def test_every_cache_was_filled_and_emptied(content: dict) -> None:
    rows = content["caches"]
    assert {(row["images"], row["count"]) for row in rows} == set(
        itertools.product(("disk", "ram", "decoded_ram"), (8, 24))
    )
    assert len(rows) == 6 * caches.REPEATS
    assert all(row["epoch_s"] > 0 and row["pss_bytes"] > 1e6 for row in rows)
    assert [cache.images for cache in fit_caches(content)] == ["ram", "decoded_ram"]


def test_a_sweep_is_json_and_leaves_nothing_behind(content: dict) -> None:
    json.dumps(content, allow_nan=False)
    assert "/" not in json.dumps([content["costs"], content["caches"]])


def test_a_cache_that_would_not_fit_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {"images": "disk", "count": 10, "pss_bytes": 1e8},
        {"images": "ram", "count": 10, "pss_bytes": 1e8 + 10e6},
    ]
    monkeypatch.setattr(
        caches.psutil, "virtual_memory", lambda: type("Memory", (), {"available": 4e9})
    )
    assert caches._too_large(rows, "ram", 1000) == ""
    said = caches._too_large(rows, "ram", 10_000)
    assert said == (
        "10000 images would take about 10.0 GB of 4.0 GB that are free; at most 50% of them are "
        "taken"
    )
    assert caches._too_large(rows, "disk", 10**9) == ""
    assert caches._too_large(rows, "decoded_ram", 10**9) == ""


def test_the_verb_writes_the_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    skipped = {"caches": [{"images": "ram", "count": 5, "skipped": "too large"}]}
    monkeypatch.setattr(sweep, "sweep_scale", lambda *_: skipped)
    output = tmp_path / "sweep.json"
    arguments = ["--base", BASE.model_dump_json(), "--conditions", CONDITIONS.model_dump_json()]
    done = CliRunner().invoke(verb, [*arguments, str(output)])
    assert done.exit_code == 0, done.output
    assert json.loads(output.read_text()) == skipped
    assert "ram: too large" in done.output
