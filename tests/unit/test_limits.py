"""What no loader can do without, each part alone: the right parts, and a ceiling made of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from tiny import make_index

from feedrate.cell import Cell
from feedrate.cli.speed import measure_limits as verb
from feedrate.config import Measuring, Work
from feedrate.dataconfig import TargetSettings
from feedrate.matrix import Conditions
from feedrate.progress import Progress
from feedrate.speed import limits

CONDITIONS = Conditions(
    work=Work(images=4),
    measuring=Measuring(),
    targets=TargetSettings(image_size=64),
    seed=3,
    plugins={},
)
CELL = Cell.model_validate({"decoder": "simplejpeg", "targets": "kernel", "batch_size": 2})


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_index(tmp_path_factory.mktemp("tiny"))


def measure(index: Path, **levels: Any) -> dict[str, Any]:
    return limits.measure_limits(
        CELL.with_levels(levels), CONDITIONS, "tiny", index, Path("absent"),
        Progress("limits", "steps", 0), shortest_ms=0.5,
    )  # fmt: skip


def test_the_ceiling_is_the_cores_over_the_sum_of_the_parts(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "usable_cores", lambda: 3)
    seen = measure(index)
    assert list(seen["parts"]) == ["decode", "resize", "targets", "write"]
    for part in [*seen["parts"].values(), seen["image_ms"], seen["images_per_s"]]:
        assert 0 < part["low"] <= part["centre"] <= part["high"]
    for most, least in (("centre", "centre"), ("low", "high"), ("high", "low")):
        assert seen["images_per_s"][most] == pytest.approx(3e3 / seen["image_ms"][least])
    total = sum(part["centre"] for part in seen["parts"].values())
    assert seen["image_ms"]["centre"] == pytest.approx(total, rel=0.3)
    assert seen["images"] == 4
    json.dumps(seen, allow_nan=False)


def test_parts_that_a_pipeline_has_not_are_left_out(index: Path) -> None:
    assert list(measure(index, images="decoded_ram")["parts"]) == ["targets", "write"]
    assert list(measure(index, targets="none")["parts"]) == ["decode", "resize", "write"]


@pytest.mark.parametrize("targets", ["kernel", "reference"])
def test_the_parts_make_what_the_pipeline_makes(index: Path, targets: str) -> None:
    from feedrate.pairs import trial_spec

    cell = CELL.with_levels({"targets": targets})
    spec = trial_spec(cell, CONDITIONS, index, Path("absent"))
    pipeline = limits._open(cell, spec)
    made = {name: calls[1]() for name, calls in limits._methods(cell, pipeline, spec).items()}
    whole = pipeline[1]
    assert np.array_equal(
        made["resize"].image, pipeline.prepare(1, pipeline.store.read(1))[0].image
    )
    assert whole.targets is not None
    assert np.array_equal(made["targets"].threshold_map, whole.targets.threshold_map)
    write = limits._methods(cell, pipeline, spec)["write"][1]
    write()
    assert np.array_equal(write.args[2].transpose(1, 2, 0), whole.image)  # type: ignore[attr-defined]


def test_the_verb_writes_what_was_measured(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {}

    def measured(*arguments: Any) -> dict[str, Any]:
        seen["arguments"] = arguments
        return {"parts": {}}

    monkeypatch.setattr(limits, "measure_limits", measured)
    output = tmp_path / "limits.json"
    arguments = ["--dataset", "tiny", "--base", CELL.model_dump_json()]
    arguments += ["--conditions", CONDITIONS.model_dump_json(), str(index), str(output)]
    done = CliRunner().invoke(verb, arguments)
    assert done.exit_code == 0, done.output
    assert json.loads(output.read_text()) == {"parts": {}}
    cell, conditions, dataset, accepted, maps, _, stores = seen["arguments"]
    assert (cell, conditions, dataset, accepted) == (CELL, CONDITIONS, "tiny", index)
    assert (maps, stores) == (Path("results/maps/tiny"), Path("results/stores/tiny"))
