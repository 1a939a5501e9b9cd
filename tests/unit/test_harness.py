"""The published timing, replayed: what it leaves out is counted; nobody takes it for a result."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner
from markupsafe import Markup
from shards import CODE
from tiny import make_index

from feedrate import harness, registry
from feedrate.cell import Cell
from feedrate.cli.harness import run_seed_harness
from feedrate.config import Measuring, Work
from feedrate.dataconfig import TargetSettings
from feedrate.figures import NARROW_IN, WIDE_IN, Material
from feedrate.forkserver import TrialError
from feedrate.index import read_index
from feedrate.maps import build_shard
from feedrate.matrix import Conditions
from feedrate.pipeline import frame_polygons
from feedrate.report.harness import HarnessView, view_harness
from feedrate.report.harness_drawing import PARTS, draw_arms
from feedrate.report.templates import fill
from feedrate.targets import TargetParams
from feedrate.targets.codecs.npz import CODEC
from feedrate.transforms.albumentations import build as build_transform

IMAGES, BATCH, SIDE = 7, 2, 64
BASE = Cell.model_validate({"batch_size": BATCH, "workers": 0, "targets": "kernel"})


def conditions(**changed: Any) -> Conditions:
    settings = {
        "work": Work(),
        "measuring": Measuring(),
        "targets": TargetSettings(image_size=SIDE),
        "seed": 7,
        "plugins": {},
    }
    return Conditions.model_validate(settings | changed)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index, and the stored maps of its samples."""
    made = tmp_path_factory.mktemp("harness")
    index, transform = make_index(made, IMAGES), build_transform(SIDE)
    build_shard(
        read_index(index),
        lambda sample: frame_polygons(sample, transform),
        made / "maps" / "npz" / "0",
        codec=CODEC,
        size=(SIDE, SIDE),
        params=TargetParams(),
        code=CODE,
    )
    return made


@pytest.fixture(scope="module")
def artefact(folder: Path) -> dict[str, Any]:
    """What the verb writes: three real processes."""
    output = folder / "out" / "tiny.json"
    arguments = ["--dataset", "tiny", "--base", BASE.model_dump_json(), "--maps"]
    arguments += [str(folder / "maps"), "--conditions", conditions().model_dump_json()]
    done = CliRunner().invoke(
        run_seed_harness, [*arguments, str(folder / "accepted.parquet"), str(output)]
    )
    assert done.exception is None, done.output
    return dict(json.loads(output.read_text()))


def request_of(folder: Path, targets: str = harness.RAM, **changed: Any) -> harness.Request:
    made = harness.Request(
        levels=BASE.with_levels({"targets": targets}).model_dump(),
        index=str(folder / "accepted.parquet"),
        maps_dir=str(folder / "maps" / "npz"),
        image_size=SIDE,
        params={},
        plugins={},
    )
    return replace(made, **changed)


def test_the_ram_arm_pays_for_a_cache_that_no_validation_reads(artefact: dict[str, Any]) -> None:
    assert [arm["arm"] for arm in artefact["arms"]] == ["warm_up", "disk", "ram"]
    for arm in artefact["arms"]:
        assert (arm["validation_batches_expected"], arm["validation_batches"]) == (4, 0)
        assert (arm["sanity_batches"], arm["test_batches"]) == (1, 4)
        assert arm["cache_entries"] == (0 if arm["arm"] == "disk" else IMAGES)
        assert arm["sanity_cache_reads"] == (0 if arm["arm"] == "disk" else BATCH)
        assert arm["cache_reads"] == 0
        assert arm["wall_s"] > sum(arm.get(part, 0.0) for part in PARTS)


def test_the_gate_names_it(artefact: dict[str, Any]) -> None:
    _, disk, ram = artefact["arms"]
    assert not disk["gate"]["valid"]
    assert disk["gate"]["failures"] == ["disk: validation batches: expected 4, seen 0"]
    assert not ram["gate"]["valid"]
    assert "cache built, 0 reads (2 in the sanity check)" in ram["gate"]["failures"][1]


def test_the_artefact_adds_up(artefact: dict[str, Any]) -> None:
    warm_up, disk, ram = artefact["arms"]
    assert artefact["published_ratio"] == disk["wall_s"] / ram["wall_s"]
    assert artefact["extra_wall_s"] == ram["wall_s"] - disk["wall_s"]
    assert artefact["order_s"] == warm_up["wall_s"] - ram["wall_s"]
    assert (artefact["images"], artefact["batch_size"]) == (IMAGES, BATCH)
    assert artefact["machine"]["machine_id"]


def test_with_a_batch_to_train_on_it_would_have_validated(folder: Path) -> None:
    seen = harness.replay(request_of(folder, train_batches=1))
    assert seen["validation_batches"] == seen["validation_batches_expected"] == 4
    assert seen["cache_reads"] == seen["cache_entries"] == IMAGES
    assert all(check.ok for _, check in harness._checks("ram", seen))


def test_the_test_pass_reads_from_disk_in_either_arm(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    resolve = registry.resolve

    def noted(kind: str, name: str, plugins: Any = None) -> Any:
        opened.extend([name] if kind == "targets" else [])
        return resolve(kind, name, plugins)

    monkeypatch.setattr("feedrate.pipeline.resolve", noted)
    harness.replay(request_of(folder))
    harness.replay(request_of(folder, harness.DISK))
    assert opened == ["npz_ram", "npz", "npz", "npz"]


def bare_loader(dataset: Any, cell: Cell) -> Iterable[dict[str, list[int]]]:
    """A user's own loader, whose batches hold nothing but images."""
    return [{"images": [0, 1]}] * 3


def test_a_studys_own_plugins_are_heeded(folder: Path) -> None:
    levels = BASE.with_levels({"loader": "mine", "targets": harness.RAM}).model_dump()
    plugins = {"loaders": {"mine": f"{__name__}:bare_loader"}}
    seen = harness.replay(request_of(folder, levels=levels, plugins=plugins))
    assert (seen["test_batches"], seen["cache_entries"]) == (3, IMAGES)
    modules = harness.harnessed_modules(BASE.with_levels({"loader": "mine"}), plugins)
    assert {__name__, "feedrate.targets.sources.npz", "feedrate.targets.sources.npz_ram"} <= set(
        modules
    )
    assert "feedrate.targets.sources.kernel" not in modules


def test_an_arm_that_fails_is_named_with_its_reason(folder: Path) -> None:
    with pytest.raises(TrialError, match=r"ram: .*FileNotFoundError.*nowhere"):
        harness._time_process("ram", request_of(folder, index=str(folder / "nowhere")), 60)


def test_an_arm_that_hangs_is_killed(folder: Path) -> None:
    with pytest.raises(TrialError, match=r"disk: took longer than 0.01 s and was killed"):
        harness._time_process("disk", request_of(folder), 0.01)


# --- the section of the page ---


def make_artefact(**changed: Any) -> dict[str, Any]:
    """Three arms of which only the preload differs."""

    def arm(name: str, order: int, more_s: float, preload_s: float, entries: int) -> dict[str, Any]:
        seen = {
            "imports_s": 4.0,
            "preload_s": preload_s,
            "sanity_s": 0.5,
            "validation_s": 0.0,
            "test_s": 1.5,
            "cache_entries": entries,
            "cache_reads": 0,
            "sanity_cache_reads": 16 if entries else 0,
            "sanity_batches": 1,
            "validation_batches_expected": 26,
            "validation_batches": 0,
            "test_batches": 4,
        }
        gate = harness.judge(list(harness._checks(name, seen)))
        return {"arm": name, "order": order, "wall_s": 6.5 + more_s, **seen, "gate": gate}

    return {
        "schema": 1,
        "dataset": "receipts",
        "machine": {"machine_id": "1234"},
        "cell": "targets~npz_ram",
        "images": 404,
        "batch_size": 16,
        "arms": [
            arm("warm_up", 0, 3.7, 3.0, 404),
            arm("disk", 1, 0.0, 0.01, 0),
            arm("ram", 2, 3.1, 2.9, 404),
        ],
        "published_ratio": 6.5 / 9.6,
        "extra_wall_s": 3.1,
        "extra_preload_s": 2.89,
        "order_s": 0.6,
    } | changed


def make_material(reference: str = "npz", machine_id: str = "1234", **row: Any) -> Material:
    """The study's own cell: eight pairs, and what its cache was read."""
    summary = {
        "experiment": "ram_vs_disk",
        "cell": "targets~npz_ram",
        "estimand": "epoch_s",
        "ratio": 1.32,
        "low": 1.28,
        "high": 1.36,
        "confidence_asked": 0.95,
        "pairs": 8,
        "verdict": "faster",
        "machine_id": machine_id,
        "extra_startup_s": 1.1,
        "break_even_epochs": 2.5,
    } | row
    trials = [
        {
            "experiment": "ram_vs_disk",
            "cell": "targets~npz_ram",
            "side": side,
            "level_targets": reference if side == "reference" else "npz_ram",
            "discarded": False,
            "images": 160,
            "counters_target_memory": 160 if side == "cell" else 0,
        }
        for side in ("reference", "cell") * 8
    ]
    return Material(pd.DataFrame(trials), pd.DataFrame([summary]))


def embed(svg: str, prefix: str, label: str) -> Markup:
    return Markup(svg[svg.index("<svg") :])  # noqa: S704


def view(artefact: dict[str, Any], material: Material | None = None) -> HarnessView:
    seen = view_harness(artefact, material or make_material(), embed)
    assert seen is not None
    return seen


def everything(seen: HarnessView) -> str:
    table = [f"{line.what}: {line.published} | {line.right}" for line in seen.contrasts]
    return "\n".join([seen.finding, seen.verdict, seen.mechanism, seen.difference, *table])


def test_the_section_says_the_mechanism_in_computed_words() -> None:
    seen = view(make_artefact())
    assert seen.finding.startswith("Timed as published, the maps in RAM took 3.10 s longer")
    assert "0 of 26 validation batches ran" in seen.mechanism
    assert "preloaded 404 maps in 2.90 s and read 16 of them" in seen.mechanism
    assert "took 3.10 s longer than the disk arm; its preload alone took 2.89 s" in seen.difference
    assert "took 600 ms longer than run last" in seen.difference
    assert "more than the preload" not in seen.difference


def test_noise_larger_than_the_preload_is_admitted() -> None:
    seen = view(make_artefact(extra_wall_s=-0.4, extra_preload_s=0.3, order_s=-0.9))
    assert "took 400 ms less than the disk arm, although its preload took" in seen.difference
    assert "That is more than the preload takes" in seen.difference


def test_it_is_invalid_and_never_called_faster_or_slower() -> None:
    seen = view(make_artefact())
    assert seen.verdict.startswith("invalid: ")
    assert "cache built, 0 reads (16 in the sanity check)" in seen.verdict
    assert re.findall("faster|slower", everything(seen)) == []


def test_the_right_way_is_the_studys_own_cell() -> None:
    words = everything(view(make_artefact()))
    assert "1.32x as fast (95 % interval 1.28 to 1.36, 8 pairs)" in words
    assert "1,280 for 1,280 images, in 8 trials" in words
    assert "start-up takes 1.10 s longer, paid back after 2.5 epochs" in words


@pytest.mark.parametrize(
    "material", [make_material(reference="kernel"), make_material(machine_id="other")]
)
def test_another_comparison_or_machine_is_not_put_beside_it(material: Material) -> None:
    words = everything(view(make_artefact(), material))
    assert "not measured on this machine in this study" in words
    assert "1.32x" not in words


def test_an_invalid_cell_of_the_study_says_so() -> None:
    nan = float("nan")
    spoiled = make_material(verdict="invalid", low=nan, ratio=nan, extra_startup_s=nan)
    last = view(make_artefact(), spoiled).contrasts[-1]
    assert (last.what, last.published, last.right) == ("exercise gate", "invalid", "invalid")


def test_without_an_artefact_there_is_no_section() -> None:
    assert view_harness({}, make_material(), embed) is None


@pytest.mark.parametrize("width_in", [WIDE_IN, NARROW_IN])
def test_the_drawing_names_its_parts(width_in: float) -> None:
    svg = draw_arms(make_artefact(), width_in)
    assert svg == draw_arms(make_artefact(), width_in)
    for label in ("preload of the maps", "maps in RAM: 9.60 s, 0 of 26 validation batches"):
        assert label in svg
    assert ">validation<" not in svg  # a part that took no time has no place in the legend


def test_the_partial_prints_all_of_it_and_escapes() -> None:
    seen = replace(view(make_artefact()), mechanism="<b>not markup</b>")
    page = str(fill("harness.html.j2", h=seen, name="receipts"))
    assert 'id="receipts-harness"' in page
    assert "&lt;b&gt;not markup" in page
    assert "cache built, 0 reads" in page
